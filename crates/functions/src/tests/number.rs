//! Numeric functions, casts and the operators behind `/`, `DIV`, `%`.

use super::{check, check_rows, rows, session};

#[test]
fn rounding_is_half_away_from_zero_and_keeps_decimals() {
    check(&[
        ("round(3.5e0)", "4"),
        ("round(-2.5e0)", "-3"),
        ("round(2.345e0, 2)", "2.35"),
        ("round(122.14e0, -2)", "100"),
        ("round(122.14e0, -3)", "0"),
        ("round(cast(13.145 as decimal(10,3)), 2)", "13.15"),
        ("round(cast(13.5 as decimal(10,3)))", "14"),
        ("round(cast(-13.5 as decimal(10,3)))", "-14"),
        ("round(155, -1)", "160"),
        ("round('1.56', 1)", "1.6"),
        ("round(NULL)", "NULL"),
        ("typeof(round(3.5e0))", "bigint"),
        ("typeof(round(3.5e0, 1))", "double"),
        ("typeof(round(cast(1.5 as decimal(10,3)), 2))", "decimal(10, 2)"),
        ("typeof(round(cast(1.5 as decimal(10,3))))", "decimal(8, 0)"),
        ("round(cast(9.99 as decimal(3,2)))", "10"),
        ("truncate(26.39e0, 1)", "26.3"),
        ("truncate(-26.39e0, 1)", "-26.3"),
        ("truncate(32.04e0, 1)", "32"),
        ("truncate(cast(3.149 as decimal(10,3)), 2)", "3.14"),
        ("truncate(129, -1)", "120"),
        ("truncate('abc', 1)", "NULL"),
        ("ceil(3.1e0)", "4"),
        ("ceiling(-3.1e0)", "-3"),
        ("floor(-3.1e0)", "-4"),
        ("floor(cast(-3.1 as decimal(5,1)))", "-4"),
        ("ceil(cast(3.1 as decimal(5,1)))", "4"),
        ("floor('3.9')", "3"),
        ("typeof(floor(3.1e0))", "bigint"),
    ]);
    check_rows(
        "(1.25e0), (NULL), (-1.25e0)",
        &[
            ("round(x, 1)", &["1.3", "NULL", "-1.3"]),
            ("truncate(x, 1)", &["1.2", "NULL", "-1.2"]),
            ("floor(x)", &["1", "NULL", "-2"]),
        ],
    );
}

#[test]
fn results_that_are_no_numbers_are_null() {
    check(&[
        ("sqrt(9)", "3"),
        ("sqrt(-1)", "NULL"),
        ("ln(0)", "NULL"),
        ("ln(e())", "1"),
        ("log(2, 8)", "3"),
        ("log(1, 8)", "NULL"),
        ("log(0)", "NULL"),
        ("log10(100)", "2"),
        ("log2(8)", "3"),
        ("pow(2, 10)", "1024"),
        ("pow(10, 400)", "NULL"),
        ("sqrt('16')", "4"),
        ("sqrt('x')", "NULL"),
        ("acos(2)", "NULL"),
        ("degrees(pi())", "180"),
        ("sign(-3.2)", "-1"),
        ("sign(0)", "0"),
    ]);
}

#[test]
fn integers_and_decimals_stay_exact() {
    check(&[
        ("abs(-5)", "5"),
        ("abs(cast(-1.50 as decimal(5,2)))", "1.50"),
        ("abs('-2.5')", "2.5"),
        ("negative(3)", "-3"),
        ("bitand(5, 3)", "1"),
        ("bitor(5, 3)", "7"),
        ("bitxor(5, 3)", "6"),
        ("bitnot(0)", "-1"),
        ("bit_shift_left(1, 3)", "8"),
        ("bit_shift_right(-8, 1)", "-4"),
    ]);
}

#[test]
fn operators_return_null_for_zero() {
    check(&[
        ("vm_div(1, 2)", "0.5"),
        ("vm_div(1, 0)", "NULL"),
        ("vm_div('3', 2)", "1.5"),
        ("vm_div('x', 2)", "NULL"),
        ("vm_div(cast(1.00 as decimal(5,2)), cast(3.0 as decimal(5,1)))", "0.33333333"),
        ("vm_div(cast(2.00 as decimal(5,2)), 3)", "0.66666667"),
        ("vm_div(cast(-2.00 as decimal(5,2)), 3)", "-0.66666667"),
        ("vm_div(cast(2.00 as decimal(5,2)), 0)", "NULL"),
        ("divide(3, 2)", "1.5"),
        ("vm_int_div(10, 3)", "3"),
        ("vm_int_div(-10, 3)", "-3"),
        ("vm_int_div(10, 0)", "NULL"),
        ("vm_int_div(10.5e0, 2)", "5"),
        ("vm_int_div(cast(10.5 as decimal(5,1)), 0.5)", "21"),
        ("vm_mod(7, 3)", "1"),
        ("vm_mod(-7, 3)", "-1"),
        ("vm_mod(7, 0)", "NULL"),
        ("vm_mod(7.5e0, 2)", "1.5"),
        ("mod(cast(7.5 as decimal(5,1)), cast(2 as decimal(5,0)))", "1.5"),
        ("pmod(-7, 3)", "2"),
        ("pmod(-7.5e0, 2)", "0.5"),
    ]);
    check_rows(
        "(2), (0), (NULL)",
        &[
            ("vm_div(10, x)", &["5", "NULL", "NULL"]),
            ("vm_int_div(x, 2)", &["1", "0", "NULL"]),
            ("vm_mod(5, x)", &["1", "NULL", "NULL"]),
            ("vm_not_zero(x)", &["1", "0", "NULL"]),
        ],
    );
}

#[test]
fn casts_give_null_for_what_cannot_be_cast() {
    check(&[
        ("vm_to_double(' 1.5 ')", "1.5"),
        ("vm_to_double('12abc')", "NULL"),
        ("vm_to_double('')", "NULL"),
        ("vm_to_double(true)", "1"),
        ("vm_to_bigint('1.9')", "1"),
        ("vm_to_bigint(-1.9e0)", "-1"),
        ("vm_to_bigint(cast(-1.9 as decimal(5,1)))", "-1"),
        ("vm_to_bigint(1e30)", "NULL"),
        ("vm_to_bigint(cast('2024-01-31' as date))", "20240131"),
        ("vm_to_datetime(20240131)", "2024-01-31 00:00:00"),
        ("vm_to_datetime('2024-1-6')", "2024-01-06 00:00:00"),
        ("vm_to_datetime('2024-01-06T05:30:00')", "2024-01-06 05:30:00"),
        ("vm_to_datetime('2024-02-30')", "NULL"),
        ("vm_to_datetime(true)", "NULL"),
        ("vm_to_date('2024-1-6 10:00:00')", "2024-01-06"),
        ("vm_to_text(vm_to_datetime('2024-01-06 05:30:00'))", "2024-01-06 05:30:00"),
        ("vm_to_text(1.0e0)", "1"),
        ("vm_to_text(true)", "1"),
        ("vm_not_zero('0.5')", "1"),
        ("vm_not_zero('0')", "0"),
        ("vm_not_zero('abc')", "NULL"),
        ("vm_not_zero(0.0e0)", "0"),
        ("vm_not_zero(cast(0.01 as decimal(5,2)))", "1"),
    ]);
}

#[test]
fn extremes_are_null_if_any_value_is() {
    check(&[
        ("greatest(1, 3, 2)", "3"),
        ("greatest(1, NULL)", "NULL"),
        ("least(NULL, 1)", "NULL"),
        ("least(1, 2.5e0)", "1"),
        ("greatest('a', 'b')", "b"),
        ("greatest('A', 'B', 7)", "B"),
        ("least('b', 1)", "1"),
        ("greatest(cast('2024-01-01' as date), vm_to_datetime('2024-01-01 01:00:00'))", "2024-01-01 01:00:00"),
        ("greatest(cast(1.5 as decimal(5,1)), 2)", "2.0"),
    ]);
    check_rows("(1), (NULL), (5)", &[("greatest(x, 3)", &["3", "NULL", "5"]), ("least(3, x)", &["1", "NULL", "3"])]);
}

#[test]
fn random_numbers_differ_per_row_and_repeat_per_seed() {
    let context = session("UTC");
    let query = |expression: &str| {
        rows(&context, &format!("SELECT {expression} FROM (VALUES (1), (2), (3)) AS t(x)")).expect("three rows")
    };
    let numbers = query("rand()");
    assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2], "{numbers:?}");
    assert!(numbers.iter().all(|number| (0.0..1.0).contains(&number.parse::<f64>().expect("a number"))));
    assert_eq!(query("rand(7)"), query("rand(7)"));
    assert_ne!(query("rand(7)"), query("rand(8)"));
    let uuids = query("uuid()");
    assert!(uuids[0] != uuids[1] && uuids[0].len() == 36, "{uuids:?}");
}
