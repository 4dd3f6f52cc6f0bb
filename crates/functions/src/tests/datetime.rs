//! Date and time functions.

use super::{check, check_error, check_rows, rows, session};

#[test]
fn date_trunc_finds_the_start_of_a_period() {
    let at = "'2014-08-19 10:11:12.345678'";
    let cases = [
        ("microsecond", "2014-08-19 10:11:12.345678"),
        ("millisecond", "2014-08-19 10:11:12.345000"),
        ("second", "2014-08-19 10:11:12"),
        ("minute", "2014-08-19 10:11:00"),
        ("hour", "2014-08-19 10:00:00"),
        ("day", "2014-08-19 00:00:00"),
        ("week", "2014-08-18 00:00:00"),
        ("month", "2014-08-01 00:00:00"),
        ("quarter", "2014-07-01 00:00:00"),
        ("year", "2014-01-01 00:00:00"),
        ("HOUR", "2014-08-19 10:00:00"),
    ];
    for (unit, expected) in cases {
        check(&[(&format!("date_trunc('{unit}', {at})"), expected)]);
    }
}

#[test]
fn date_trunc_keeps_dates_for_days_and_longer() {
    check(&[
        ("date_trunc('month', cast('2024-02-29' as date))", "2024-02-01"),
        ("date_trunc('hour', cast('2024-02-29' as date))", "2024-02-29 00:00:00"),
        ("date_trunc('week', '1969-12-30 05:00:00')", "1969-12-29 00:00:00"),
        ("date_trunc('day', 20240229)", "2024-02-29 00:00:00"),
        ("date_trunc('day', 'no date')", "NULL"),
        ("date_trunc('day', NULL)", "NULL"),
    ]);
    check_error("SELECT date_trunc('fortnight', '2024-01-01')", "date_trunc does not know the unit 'fortnight'");
    check_error("SELECT date_trunc(x, '2024-01-01') FROM (VALUES ('day')) AS t(x)", "needs a constant unit");
    check_error("SELECT date_trunc('day')", "no matching function with signature: date_trunc(utf8)");
}

#[test]
fn date_trunc_works_on_arrays_with_nulls() {
    let values = "('2024-01-31 10:11:12'), (NULL), ('2024-02-01 00:00:00'), ('x'), ('1969-12-31 23:59:59')";
    check_rows(
        values,
        &[
            (
                "date_trunc('month', vm_to_datetime(x))",
                &["2024-01-01 00:00:00", "NULL", "2024-02-01 00:00:00", "NULL", "1969-12-01 00:00:00"],
            ),
            (
                "date_trunc('hour', x)",
                &["2024-01-31 10:00:00", "NULL", "2024-02-01 00:00:00", "NULL", "1969-12-31 23:00:00"],
            ),
            ("date_trunc('quarter', date(x))", &["2024-01-01", "NULL", "2024-01-01", "NULL", "1969-10-01"]),
        ],
    );
}

#[test]
fn date_format_knows_the_mysql_codes() {
    check(&[
        ("date_format('2009-10-04 22:23:00', '%W %M %Y')", "Sunday October 2009"),
        ("date_format('2007-10-04 22:23:00', '%H:%i:%s')", "22:23:00"),
        ("date_format('1900-10-04 22:23:00', '%D %y %a %d %m %b %j')", "4th 00 Thu 04 10 Oct 277"),
        ("date_format('1997-10-04 22:23:00', '%H %k %I %r %T %S %w')", "22 22 10 10:23:00 PM 22:23:00 00 6"),
        ("date_format('1999-01-01 00:00:00', '%X %V')", "1998 52"),
        ("date_format('1999-01-01', '%x %v %U %u')", "1998 53 00 00"),
        ("date_format('2006-06-01', '%d')", "01"),
        ("date_format('2006-06-01', '%%%d')", "%01"),
        ("date_format('2024-01-06 05:30:00', '%d %b %Y %H:%i')", "06 Jan 2024 05:30"),
        ("date_format('2024-01-06 00:07:00.000123', '%l:%i %p %f %e %c')", "12:07 AM 000123 6 1"),
        ("date_format('2024-01-22', '%D')", "22nd"),
        ("date_format('2024-01-13', '%D')", "13th"),
        ("date_format('2024-01-06', 'yyyyMMdd')", "20240106"),
        ("date_format('2024-01-06 05:06:07', 'yyyy-MM-dd HH:mm:ss')", "2024-01-06 05:06:07"),
        ("date_format('2024-01-06', '%Q')", "Q"),
        ("date_format('2024-01-06', '')", "NULL"),
        ("date_format('x', '%Y')", "NULL"),
        ("to_iso8601(cast('2024-01-06' as date))", "2024-01-06"),
        ("to_iso8601('2024-01-06 05:30:00.5')", "2024-01-06T05:30:00.500000"),
        ("date_format(NULL, '%Y')", "NULL"),
        ("date_format('2024-01-06', NULL)", "NULL"),
    ]);
    check_rows("('%Y'), ('%m'), ('')", &[("date_format('2024-01-06', x)", &["2024", "01", "NULL"])]);
    check_rows(
        "('2024-01-06'), ('2024-01-06'), ('2025-01-06'), (NULL)",
        &[("date_format(x, '%y')", &["24", "24", "25", "NULL"])],
    );
}

#[test]
fn str_to_date_reads_what_date_format_writes() {
    check(&[
        ("str_to_date('2014-12-21 12:34:56', '%Y-%m-%d %H:%i:%s')", "2014-12-21 12:34:56"),
        ("str_to_date('2014-12-21 12:34:56', '%Y-%m-%d')", "2014-12-21"),
        ("str_to_date('200442 Monday', '%X%V %W')", "2004-10-18"),
        ("str_to_date('200442 Sunday', '%X%V %W')", "2004-10-17"),
        ("str_to_date('01/01/2014 0:00', '%m/%d/%Y %H:%i')", "2014-01-01 00:00:00"),
        ("str_to_date('1/9/2014 5:07', '%m/%d/%Y %H:%i')", "2014-01-09 05:07:00"),
        ("str_to_date('2024-03-01 00:00:00.000000', '%Y-%m-%d %H:%i:%s.%f')", "2024-03-01 00:00:00"),
        ("str_to_date('2024-03-01 01:02:03.5', '%Y-%m-%d %T.%f')", "2024-03-01 01:02:03.500000"),
        ("str_to_date('March 7th, 99', '%M %D, %y')", "1999-03-07"),
        ("str_to_date('7 mar 2024 12:05 am', '%d %b %Y %h:%i %p')", "2024-03-07 00:05:00"),
        ("str_to_date('07:30:00 PM 2024-03-07', '%r %Y-%m-%d')", "2024-03-07 19:30:00"),
        ("str_to_date('2024 060', '%Y %j')", "2024-02-29"),
        ("str_to_date('2024-02-01', '%Y-%m-%d %H:%i')", "2024-02-01 00:00:00"),
        ("str_to_date('2023-02-29', '%Y-%m-%d')", "NULL"),
        ("str_to_date('31/12/2024', '%m/%d/%Y')", "NULL"),
        ("str_to_date('2024', '%Y-%m-%d')", "NULL"),
        ("str_to_date('x', '%Y-%m-%d')", "NULL"),
        ("str_to_date('2024-01-01 25:00', '%Y-%m-%d %H:%i')", "NULL"),
        ("str_to_date('10:11:12', '%H:%i:%s')", "NULL"),
        ("str_to_date(NULL, '%Y-%m-%d')", "NULL"),
        ("str_to_date('2024-01-01', NULL)", "NULL"),
        ("str2date('2014-12-21 12:34:56', '%Y-%m-%d %H:%i:%s')", "2014-12-21"),
        ("str_to_date('2014-12-21', concat('%Y-', '%m-%d'))", "2014-12-21 00:00:00"),
        ("typeof(str_to_date('2014-12-21', '%Y-%m-%d'))", "date"),
        ("typeof(str_to_date('2014-12-21', '%Y-%m-%d %k'))", "datetime"),
    ]);
    check_rows(
        "('01/02/2014 0:15'), (NULL), ('13/02/2014 0:15'), ('12/31/2014 23:59')",
        &[("str_to_date(x, '%m/%d/%Y %H:%i')", &["2014-01-02 00:15:00", "NULL", "NULL", "2014-12-31 23:59:00"])],
    );
    check_rows(
        "('%d/%m'), ('%m/%d')",
        &[("str_to_date('2024 03/04', concat('%Y ', x))", &["2024-04-03 00:00:00", "2024-03-04 00:00:00"])],
    );
}

#[test]
fn intervals_clamp_month_ends_and_keep_dates() {
    check(&[
        ("vm_date_add('2024-01-31', 1, 'month')", "2024-02-29 00:00:00"),
        ("vm_date_add(cast('2023-01-31' as date), 1, 'MONTH')", "2023-02-28"),
        ("vm_date_add(cast('2024-02-29' as date), 1, 'year')", "2025-02-28"),
        ("vm_date_add(cast('2024-01-31' as date), 90, 'minute')", "2024-01-31 01:30:00"),
        ("vm_date_add('2024-01-31 12:00:00', -1, 'quarter')", "2023-10-31 12:00:00"),
        ("vm_date_add('2024-01-31', '2', 'day')", "2024-02-02 00:00:00"),
        ("vm_date_add('9999-12-31', 1, 'day')", "NULL"),
        ("vm_date_add(NULL, 1, 'day')", "NULL"),
        ("vm_date_add('2024-01-31', NULL, 'day')", "NULL"),
        ("date_add('2010-11-30 23:59:59', 2)", "2010-12-02 23:59:59"),
        ("date_sub(cast('2010-12-01' as date), 1)", "2010-11-30"),
        ("adddate('2010-12-01', 1)", "2010-12-02 00:00:00"),
        ("add_months('2019-08-31', 1)", "2019-09-30 00:00:00"),
        ("years_add('2024-02-29', 1)", "2025-02-28 00:00:00"),
        ("quarters_sub('2024-05-31', 1)", "2024-02-29 00:00:00"),
        ("weeks_add(cast('2024-01-01' as date), 2)", "2024-01-15"),
        ("hours_sub('2024-01-01', 1)", "2023-12-31 23:00:00"),
        ("minutes_add('2024-01-01', 61)", "2024-01-01 01:01:00"),
        ("seconds_add('2024-01-01', 86400)", "2024-01-02 00:00:00"),
        ("milliseconds_add('2024-01-01', 1)", "2024-01-01 00:00:00.001000"),
        ("microseconds_sub('2024-01-01', 1)", "2023-12-31 23:59:59.999999"),
        ("timestampadd('MINUTE', 1, '2019-01-02')", "2019-01-02 00:01:00"),
    ]);
    check_rows(
        "(1), (NULL), (-1)",
        &[("months_add('2024-03-31', x)", &["2024-04-30 00:00:00", "NULL", "2024-02-29 00:00:00"])],
    );
    check_error("SELECT vm_date_add('2024-01-01', 1, 'eon')", "does not know the unit 'eon'");
}

#[test]
fn differences_count_whole_units() {
    check(&[
        ("datediff('2007-12-31 23:59:59', '2007-12-30')", "1"),
        ("datediff('2010-11-30 23:59:59', '2010-12-31')", "-31"),
        ("datediff('x', '2010-12-31')", "NULL"),
        ("timestampdiff('MONTH', '2003-02-01', '2003-05-01')", "3"),
        ("timestampdiff('YEAR', '2002-05-01', '2001-01-01')", "-1"),
        ("timestampdiff('MINUTE', '2003-02-01', '2003-05-01 12:05:55')", "128885"),
        ("timestampdiff('day', '2024-01-01 12:00:00', '2024-01-02 11:59:59')", "0"),
        ("timestampdiff('week', '2024-01-01', '2024-01-15')", "2"),
        ("timestampdiff('quarter', '2024-01-31', '2024-04-30')", "0"),
        ("date_diff('second', '2010-11-30 23:59:59', '2010-11-30 20:58:59')", "10860"),
        ("date_diff('minute', '2010-11-30 23:59:59', '2010-11-30 20:58:59')", "181"),
        ("hours_diff('2010-11-30 23:59:59', '2010-11-30 20:58:59')", "3"),
        ("days_diff('2010-11-30 23:59:59', '2010-11-29 23:59:58')", "1"),
        ("months_diff('2024-02-29', '2024-01-30')", "0"),
        ("years_diff('2010-11-30 23:59:59', '2000-11-01 00:00:00')", "10"),
        ("seconds_diff('2024-01-01', NULL)", "NULL"),
    ]);
}

#[test]
fn parts_of_dates() {
    check(&[
        ("year('2007-02-03')", "2007"),
        ("quarter('2024-12-31')", "4"),
        ("month('2024-12-31')", "12"),
        ("day('2024-12-31')", "31"),
        ("dayofmonth(20241231)", "31"),
        ("dayofweek('2019-06-25')", "3"),
        ("dayofweek('2024-01-07')", "1"),
        ("weekday('2024-01-07')", "6"),
        ("weekday('2024-01-08')", "0"),
        ("day_of_week_iso('2024-01-07')", "7"),
        ("dayofyear('2024-12-31')", "366"),
        ("hour('2018-12-31 23:59:59')", "23"),
        ("hour(cast('2018-12-31' as date))", "0"),
        ("minute('2018-12-31 23:59:58')", "59"),
        ("second('2018-12-31 23:59:58')", "58"),
        ("microsecond('2018-12-31 23:59:58.000123')", "123"),
        ("week('2007-01-01')", "0"),
        ("week('2008-02-20', 1)", "8"),
        ("week('2007-01-01', 3)", "1"),
        ("weekofyear('2008-12-28 00:00:00')", "52"),
        ("week_iso('2008-12-31')", "1"),
        ("yearweek('2007-01-01', 0)", "200653"),
        ("yearweek('2007-01-01', 1)", "200701"),
        ("yearweek('1987-01-01')", "198652"),
        ("dayname('2018-12-31')", "Monday"),
        ("monthname('2008-02-03')", "February"),
        ("year('x')", "NULL"),
        ("year(NULL)", "NULL"),
        ("week('2024-01-01', NULL)", "NULL"),
    ]);
}

#[test]
fn whole_days() {
    check(&[
        ("date('2017-12-31 01:02:03')", "2017-12-31"),
        ("to_date('2020-2-3')", "2020-02-03"),
        ("vm_to_date('2020-02-30')", "NULL"),
        ("timestamp('2020-02-03')", "2020-02-03 00:00:00"),
        ("timestamp('2020-02-03', '12:00:01')", "2020-02-03 12:00:01"),
        ("last_day('2023-02-10')", "2023-02-28"),
        ("last_day('2024-02-10')", "2024-02-29"),
        ("last_day('2024-02-10', 'quarter')", "2024-03-31"),
        ("last_day('2024-02-10', 'year')", "2024-12-31"),
        ("last_day('9999-12-01')", "9999-12-31"),
        ("next_day('2023-04-06 20:13:14', 'Monday')", "2023-04-10"),
        ("next_day('2023-04-06', 'Thu')", "2023-04-13"),
        ("next_day('2023-04-06', 'xx')", "NULL"),
        ("previous_day('2023-04-06', 'Monday')", "2023-04-03"),
        ("previous_day('2023-04-06', 'Th')", "2023-03-30"),
        ("makedate(2023, 1)", "2023-01-01"),
        ("makedate(2023, 366)", "2024-01-01"),
        ("makedate(2023, 0)", "NULL"),
        ("to_days('2007-10-07')", "733321"),
        ("to_days('0000-01-01')", "0"),
        ("from_days(730669)", "2000-07-03"),
        ("from_days(99999999)", "NULL"),
    ]);
}

#[test]
fn slices_are_counted_from_the_year_one() {
    check(&[
        ("time_slice('1691-12-23 04:01:09', 5, 'second')", "1691-12-23 04:01:05"),
        ("time_slice('1691-12-23 04:01:09', 5, 'day')", "1691-12-22 00:00:00"),
        ("time_slice('1751-03-21 00:19:04', 5, 'day')", "1751-03-18 00:00:00"),
        ("time_slice('2169-12-18 15:44:31', 5, 'day', 'ceil')", "2169-12-21 00:00:00"),
        ("time_slice('1691-12-23 04:01:09', 1, 'millisecond', 'CEIL')", "1691-12-23 04:01:09.001000"),
        ("date_slice('2022-04-26', 5, 'year')", "2021-01-01"),
        ("date_slice('0001-01-07', 5, 'day', 'ceil')", "0001-01-11"),
        ("time_slice('2024-05-17', 2, 'month', 'floor')", "2024-05-01 00:00:00"),
        ("time_slice('2024-05-17', 1, 'week')", "2024-05-13 00:00:00"),
        ("time_slice(NULL, 1, 'week')", "NULL"),
    ]);
    check_error("SELECT date_slice('2022-04-26', 5, 'hour')", "cannot cut a date");
    check_error("SELECT time_slice('2022-04-26', 0, 'hour')", "positive number");
}

#[test]
fn unix_time_follows_the_session_zone() {
    let cases = [
        ("unix_timestamp('2007-11-30 10:30:19')", "1196418619", "1196389819"),
        ("unix_timestamp('2007-11-30 10:30-19', '%Y-%m-%d %H:%i-%s')", "1196418619", "1196389819"),
        ("unix_timestamp('1969-01-01 00:00:00')", "0", "0"),
        ("unix_timestamp('x')", "NULL", "NULL"),
        ("to_datetime(1196440219)", "2007-11-30 16:30:19", "2007-12-01 00:30:19"),
        ("to_datetime(1196440219123, 3)", "2007-11-30 16:30:19.123000", "2007-12-01 00:30:19.123000"),
        ("to_datetime_ntz(1196440219, 0)", "2007-11-30 16:30:19", "2007-11-30 16:30:19"),
        ("to_datetime(1, 4)", "NULL", "NULL"),
        ("from_unixtime(1196440219)", "2007-11-30 16:30:19", "2007-12-01 00:30:19"),
        ("from_unixtime(1196440219, '%Y-%m-%d')", "2007-11-30", "2007-12-01"),
        ("from_unixtime(1196440219, 'yyyy-MM-dd HH:mm:ss')", "2007-11-30 16:30:19", "2007-12-01 00:30:19"),
        ("from_unixtime(1196440219, '%H', '+01:00')", "17", "17"),
        ("from_unixtime(-1)", "NULL", "NULL"),
        ("from_unixtime_ms(1196440219500)", "2007-11-30 16:30:19.500000", "2007-12-01 00:30:19.500000"),
    ];
    for (zone, expected) in [("UTC", 0), ("Asia/Shanghai", 1), ("+08:00", 1)] {
        let context = session(zone);
        for (expression, utc, shanghai) in cases {
            let got = rows(&context, &format!("SELECT {expression}"));
            assert_eq!(got, Ok(vec![[utc, shanghai][expected].to_owned()]), "{expression} in {zone}");
        }
    }
}

#[test]
fn zones_are_converted_with_daylight_saving() {
    check(&[
        ("convert_tz('2019-08-01 13:21:03', 'Asia/Shanghai', 'America/Los_Angeles')", "2019-07-31 22:21:03"),
        ("convert_tz('2019-08-01 13:21:03', '+08:00', 'America/Los_Angeles')", "2019-07-31 22:21:03"),
        ("convert_tz('2024-01-01 12:00:00', 'UTC', 'Europe/Berlin')", "2024-01-01 13:00:00"),
        ("convert_tz('2024-07-01 12:00:00', 'UTC', 'Europe/Berlin')", "2024-07-01 14:00:00"),
        ("convert_tz('2024-03-31 02:30:00', 'Europe/Berlin', 'UTC')", "2024-03-31 01:30:00"),
        ("convert_tz('2024-01-01', 'Nowhere/Land', 'UTC')", "NULL"),
    ]);
}

#[test]
fn times_of_day() {
    check(&[
        ("time_to_sec('12:13:14')", "43994"),
        ("time_to_sec('-00:00:10')", "-10"),
        ("time_to_sec('x')", "NULL"),
        ("sec_to_time(43994)", "12:13:14"),
        ("sec_to_time(-1)", "-00:00:01"),
        ("sec_to_time(99999999)", "838:59:59"),
        ("timediff('2023-04-06 20:13:14', '2023-04-06 18:00:00')", "02:13:14"),
        ("timediff('2023-04-06 18:00:00', '2023-04-07 20:13:14')", "-26:13:14"),
        ("timediff('10:00:00', '09:00:00')", "01:00:00"),
        ("timediff('x', '09:00:00')", "NULL"),
        ("time_format('19:30:10', '%h %i %s %p')", "07 30 10 PM"),
        ("time_format(timediff('2024-01-01', '2024-01-01'), '%H:%i')", "00:00"),
    ]);
}

#[test]
fn filters_on_truncated_dates_become_ranges_of_the_column() {
    let context = session("UTC");
    let created = "CREATE TABLE t AS SELECT vm_to_datetime(x) AS x FROM (VALUES ('2024-01-31 10:00:00'), \
                   ('2024-02-01 00:00:00'), ('2023-12-31 23:59:59'), (NULL)) AS v(x)";
    rows(&context, created).expect("the table is created");
    let cases = [
        ("date(x) = cast('2024-01-31' as date)", "2024-01-31 10:00:00"),
        ("date_trunc('month', x) = vm_to_datetime('2024-02-01')", "2024-02-01 00:00:00"),
        ("date_trunc('month', x) < vm_to_datetime('2024-01-01')", "2023-12-31 23:59:59"),
        ("date_trunc('month', x) = vm_to_datetime('2024-02-02')", ""),
        ("year(x) = 2023", "2023-12-31 23:59:59"),
        ("year(x) > 2023 AND date(x) <> cast('2024-02-01' as date)", "2024-01-31 10:00:00"),
    ];
    for (filter, expected) in cases {
        let got = rows(&context, &format!("SELECT x FROM t WHERE {filter}"));
        assert_eq!(got.map(|rows| rows.join(",")), Ok(expected.to_owned()), "{filter}");
    }
    let plan = rows(&context, "EXPLAIN SELECT x FROM t WHERE date(x) = cast('2024-01-31' as date)");
    let plan = plan.expect("the plan is printed").join("\n");
    assert!(plan.contains("x@0 >= 1706659200000000 AND x@0 < 1706745600000000") && !plan.contains("date("), "{plan}");
}
