//! Syntax that only MySQL or StarRocks has.

use super::fixture::check_in;
use super::{Session, check};

#[test]
fn intervals() {
    check(&[
        ("select d + interval 1 month x, d - interval '1' day y from t limit 1", "x,y | 2024-02-29,2024-01-30"),
        ("select date_add(d, interval (Id + 1) day) x from t limit 1", "x | 2024-02-02"),
        ("select date_sub(ts, interval Id hour) x from t limit 1", "x | 2024-01-31T09:00:00"),
        ("select date_add('2024-01-31', interval 1 quarter) x", "x | 2024-04-30T00:00:00"),
        (
            "select interval 1 week + d x, adddate(d, 1) y, subdate(d, 1) z from t limit 1",
            "x,y,z | 2024-02-07,2024-02-01,2024-01-30",
        ),
        (
            "select timestampadd(minute, 5, ts) x, timestampdiff(day, d, '2024-03-01') y from t limit 1",
            "x,y | 2024-01-31T10:05:00,30",
        ),
        (
            "select time_slice(ts, interval 5 hour) x, time_slice(ts, interval 7 day, ceil) is not null y from t limit 1",
            "x,y | 2024-01-31T10:00:00,true",
        ),
        ("select extract(year from d) a, extract(month from ts) b from t limit 1", "a,b | 2024,1"),
        ("select extract(century from d) from t", "error Invalid: EXTRACT cannot take this unit (unit: CENTURY)"),
    ]);
}

#[test]
fn time_grains_of_superset() {
    for (grain, value) in [
        ("DATE_ADD(DATE(ts), INTERVAL (HOUR(ts)*60*60 + MINUTE(ts)*60 + SECOND(ts)) SECOND)", "2024-01-31T10:00:00"),
        ("DATE_ADD(DATE(ts), INTERVAL (HOUR(ts)*60 + MINUTE(ts)) MINUTE)", "2024-01-31T10:00:00"),
        ("DATE_ADD(DATE(ts), INTERVAL HOUR(ts) HOUR)", "2024-01-31T10:00:00"),
        ("DATE(ts)", "2024-01-31"),
        ("DATE(DATE_SUB(ts, INTERVAL DAYOFWEEK(ts) - 1 DAY))", "2024-01-28"),
        ("DATE(DATE_SUB(ts, INTERVAL (DAYOFWEEK(ts) - 1) DAY))", "2024-01-28"),
        ("DATE(DATE_SUB(ts, INTERVAL DAYOFMONTH(ts) - 1 DAY))", "2024-01-01"),
        ("MAKEDATE(YEAR(ts), 1) + INTERVAL QUARTER(ts) QUARTER - INTERVAL 1 QUARTER", "2024-01-01"),
        ("MAKEDATE(YEAR(ts), 1) + INTERVAL (QUARTER(ts)) QUARTER - INTERVAL '1' QUARTER", "2024-01-01"),
        ("DATE(DATE_SUB(ts, INTERVAL DAYOFYEAR(ts) - 1 DAY))", "2024-01-01"),
        ("DATE(DATE_SUB(ts, INTERVAL DAYOFWEEK(DATE_SUB(ts, INTERVAL '1' DAY)) - 1 DAY))", "2024-01-29"),
    ] {
        let sql = format!(
            "SELECT {grain} AS ts, COUNT(*) AS n FROM t WHERE ts >= '2024-01-01' GROUP BY {grain} ORDER BY n DESC LIMIT 1000"
        );
        check(&[(&sql, &format!("ts,n | {value},1"))]);
        let on_date = grain.replace("ts", "d");
        let answer = Session::new().ask(&format!("SELECT {on_date} AS d, COUNT(*) AS n FROM t GROUP BY {on_date}"));
        assert!(!answer.starts_with("error"), "{on_date}: {answer}");
    }
}

#[test]
fn aggregates_with_special_arguments() {
    check(&[
        ("select group_concat(name order by Id desc separator '-') x from t", "x | abc-01"),
        ("select group_concat(distinct BOROUGH order by BOROUGH) x from crashdata", "x | BRONX,QUEENS"),
        (
            "select group_concat(BOROUGH, ':', COLLISION_ID order by COLLISION_ID) x from crashdata",
            "x | BRONX:10,QUEENS:20",
        ),
        (
            "select count(distinct Id, name) x, count(distinct Id) y, count(1) z, count(Id) w from t",
            "x,y,z,w | 2,2,3,2",
        ),
        ("select count() from t", "error Invalid: count needs an argument: use count(*)"),
        (
            "select max(name) x, min(d) y, avg(Id) z, avg(visibility) w from t, crashdata",
            "x,y,z,w | abc,2024-01-31,1.5,3.75",
        ),
    ]);
}

#[test]
fn patterns() {
    check(&[
        ("select 'abc' rlike '^a' a, 'abc' regexp 'z' b, 'abc' not regexp 'z' c", "a,b,c | true,false,true"),
        (
            "select 'a_b' like 'a\\_b' a, 'axb' like 'a\\_b' b, '10%' like '10|%' escape '|' c",
            "a,b,c | true,false,true",
        ),
        ("select Id like '1%' a, d like '2024%' b, name not like 'a%' c from t limit 1", "a,b,c | true,true,true"),
        (
            "select substring('abc' from 2 for 1) a, substr('abc', -2) b, position('b' in 'abc') c, trim(leading 'x' from 'xxa') d",
            "a,b,c,d | b,bc,2,a",
        ),
        ("select x'41' a, 0x4142 b, N'x' c, _utf8mb4'y' d, 'a' 'b' e", "a,b,c,d,e | A,AB,x,y,ab"),
        ("select ceil(1.2) a, floor(-1.2) b", "a,b | 2,-2"),
        ("select ~1 a, !0 b, !1 = 0 c, 7 mod 4 d, 10 div 3 + 1 e", "a,b,c,d,e | -2,true,true,3,4"),
    ]);
}

#[test]
fn clauses() {
    check(&[
        ("select 1 from dual", "1 | 1"),
        ("select 1 a from DUAL where 1=0", "a"),
        ("select Id from t order by Id limit 1, 1", "Id | 1"),
        ("select Id from t order by Id limit 2 offset 1", "Id | 1 | 2"),
        ("select Id from t order by Id limit 1.0", "Id | NULL"),
        ("select Id from t order by Id desc", "Id | 2 | 1 | NULL"),
        ("select Id from t order by Id nulls last", "Id | 1 | 2 | NULL"),
        ("select a.Id from t a left semi join t b on a.Id = b.Id order by 1", "Id | 1 | 2"),
        ("select a.Id from t a left anti join t b on a.Id = b.Id", "Id | NULL"),
        ("select count(*) from t a join t b", "count(*) | 9"),
        ("select count(*) from t a straight_join t b on a.Id = b.Id", "count(*) | 2"),
        ("select count(*) from t a cross join t b on a.Id = b.Id", "count(*) | 2"),
        ("select Id from t a join t b using (ID) order by 1", "Id | 1 | 2"),
        ("select 1 from t left join t b", "error Invalid: an outer, semi or anti join needs ON or USING"),
        (
            "select 1 from t for update",
            "error Unsupported: the query uses FOR UPDATE or FOR SHARE, which is not supported",
        ),
        ("select sql_no_cache 1 x", "x | 1"),
        (
            "select name, count(*) n from t where Id is not null group by name with rollup order by n, name",
            "name,n | 01,1 | abc,1 | NULL,2",
        ),
        (
            "select 1 from t partition (p1)",
            "error Unsupported: the query uses PARTITION after a table name in FROM, which is not supported",
        ),
        ("select * from (select 1)", "error Invalid: Every derived table must have its own alias"),
        ("select Id, row_number() over w r from t window w as (order by ID) order by r", "Id,r | NULL,1 | 1,2 | 2,3"),
        (
            "with recursive C(N) as (select 1 union all select n + 1 from c where n < 4) select * from C",
            "N | 1 | 2 | 3 | 4",
        ),
        ("select A, b from (values (1, 'x'), (2, 'y')) v(a, B) order by a desc", "A,b | 2,y | 1,x"),
        ("(select Id from t where Id = 1) union (select 5) order by ID desc limit 1", "Id | 5"),
        ("select Id from t qualify row_number() over (order by Id desc) = 1", "Id | 2"),
        ("select sum(name) over (order by Id) x from t order by Id", "x | NULL | 1.0 | 1.0"),
    ]);
    let limited = Session::with("sql_select_limit", "1");
    let mut query = limited.parse("select 1").unwrap();
    crate::analyze::apply_select_limit(&mut query, &limited.facts());
    assert_eq!(query.to_string(), "SELECT 1 LIMIT 1");
}

#[test]
fn subqueries() {
    check(&[
        ("select Id from t where Id >= all (select Id from t where Id is not null)", "Id | 2"),
        ("select Id from t where Id > all (select Id from t)", "Id"),
        ("select Id from t where Id > any (select Id from t)", "Id | 2"),
        ("select Id from t where Id = any (select 1)", "Id | 1"),
        ("select Id from t where Id <> all (select 1)", "Id | 2"),
        ("select Id from t where Id < some (select COLLISION_ID from crashdata) order by 1", "Id | 1 | 2"),
        (
            "select (select max(Id) from t) m, exists(select 1 from t) e, not exists (select 1 from t where Id > 5) n",
            "m,e,n | 2,true,true",
        ),
        (
            "select Id, exists (select 1 from crashdata c where c.COLLISION_ID = t.Id * 10) e from t order by 1",
            "Id,e | NULL,false | 1,true | 2,true",
        ),
        (
            "select Id, Id in (select 1) x, Id not in (select 1 union all select null) y from t order by 1",
            "Id,x,y | NULL,NULL,NULL | 1,true,false | 2,false,NULL",
        ),
        ("select count(*) from t where Id in (select Id from t)", "count(*) | 2"),
        ("select count(*) from t where Id not in (select Id from t where Id = 1)", "count(*) | 1"),
        ("select count(*) from t where 5 not in (select Id from t)", "count(*) | 0"),
        (
            "select count(*) from t where Id = 5 or Id not in (select Id from t where Id = 1 or Id is null)",
            "count(*) | 0",
        ),
        (
            "select count(*) from t where not (Id in (select 1)) and not (Id is null or Id in (select 5))",
            "count(*) | 1",
        ),
        ("select case when exists (select 1 from t where Id = 1) then 'y' else 'n' end c", "c | y"),
        ("select Id from t where Id = (select COLLISION_ID / 10 from crashdata where BOROUGH = 'BRONX')", "Id | 1"),
        (
            "select Id from t where exists (select * from crashdata where COLLISION_ID = t.id * 10 and BOROUGH is not null) order by ID desc",
            "Id | 2 | 1",
        ),
    ]);
}

#[test]
fn groups_without_only_full_group_by() {
    check(&[(
        "select Id, name from t group by Id",
        "error Invalid: 'name' must be an aggregate expression or appear in GROUP BY clause",
    )]);
    check_in(
        &Session::with("sql_mode", ""),
        &[
            (
                "select Id, name, upper(name) u, count(*) n from t group by Id order by ID",
                "Id,name,u,n | NULL,NULL,NULL,1 | 1,01,01,1 | 2,abc,ABC,1",
            ),
            (
                "select BOROUGH b, COLLISION_ID from crashdata group by b order by b",
                "b,COLLISION_ID | NULL,30 | BRONX,10 | QUEENS,20",
            ),
            ("select BOROUGH from crashdata group by 1 order by COLLISION_ID desc", "BOROUGH | NULL | QUEENS | BRONX"),
        ],
    );
}

#[test]
fn depth_is_an_error_and_length_is_not() {
    let session = Session::new();
    let long = (0..10_000).map(|i| format!("Id = {i}")).collect::<Vec<_>>().join(" OR ");
    assert_eq!(session.ask(&format!("select Id from t where {long} order by 1")), "Id | 1 | 2");
    for deep in
        [format!("select 1{}", "-1".repeat(10_000)), format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000))]
    {
        let answer = session.ask(&deep);
        assert!(answer.starts_with("error") && answer.contains("nest"), "{answer}");
    }
    for fits in [format!("select 1{}", "-1".repeat(150)), format!("select 1{} x", "+1".repeat(450))] {
        let answer = session.ask(&fits);
        assert!(!answer.starts_with("error"), "{answer}");
    }
}
