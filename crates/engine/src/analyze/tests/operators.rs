//! Implicit conversions: every kind of value with every other, constants in the type of their column.

use super::fixture::check_in;
use super::{Session, check};

#[test]
fn division_and_remainders() {
    check(&[
        ("select 1/2", "1 / 2 | 0.5"),
        (
            "select 1/0, 7 % 0, 7 div 0, 1.5 / 0, mod(7, 0)",
            "1 / 0,7 % 0,7 DIV 0,1.5 / 0,mod(7, 0) | NULL,NULL,NULL,NULL,NULL",
        ),
        ("select 7 div 2, -7 div 2, 5 % 3, -5 % 3, 7.5 % 2", "7 DIV 2,-7 DIV 2,5 % 3,-5 % 3,7.5 % 2 | 3,-3,2,-2,1.5"),
        ("select Id/f from t", "Id / f | 0.6666666666666666 | NULL | NULL"),
        ("select 6.0/4 x, 6/4 y", "x,y | 1.5000000,1.5"),
        ("select '10' div '3' x, '7' % 4 y", "x,y | 3,3.0"),
    ]);
}

#[test]
fn arithmetic_takes_text_booleans_and_dates_as_numbers() {
    check(&[
        ("select '1'+1 x", "x | 2.0"),
        ("select 'a'+1 x", "x | NULL"),
        ("select true+1 x, b+1 y from t", "x,y | 2,2 | 2,1 | 2,NULL"),
        ("select null+1 x", "x | NULL"),
        ("select d+1 x from t", "x | 20240132 | 20240202 | NULL"),
        ("select -name x from t", "x | -1.0 | NULL | NULL"),
        ("select -b x, +b y, - -Id z from t", "x,y,z | -1,1,1 | 0,0,2 | NULL,NULL,NULL"),
        ("select 1.1+2.2 x, 2.5*2 y", "x,y | 3.3,5.0"),
        ("select `Dec`*f x, 0.1+f y from t", "x,y | 2.25,1.6 | 0.0,0.1 | NULL,NULL"),
        ("select 9223372036854775807+1 x, -9223372036854775807-2 y", "x,y | 9223372036854775808,-9223372036854775809"),
        ("select 1e2 x, 1.5e300 y", "x,y | 100.0,1.5e300"),
        ("select sum(b) x, sum(name) y, avg(name) z, sum(Id) w from t", "x,y,z,w | 1,1.0,1.0,3"),
        ("select 5 & 3 a, 5 | 3 b, 5 ^ 3 c, 1 << 3 d, 16 >> 2 e, '6' & 3 f", "a,b,c,d,e,f | 1,7,6,8,4,2"),
    ]);
}

#[test]
fn comparisons_of_text_and_numbers_are_numeric() {
    check(&[
        ("select 1='1' a, 1='01' b, '1.5'>1 c, '10' > 9 d, 'abc' = 0 e", "a,b,c,d,e | true,true,true,true,NULL"),
        ("select Id from t where name = 1", "Id | 1"),
        ("select Id from t where Id = '1'", "Id | 1"),
        ("select Id from t where Id = '1.0'", "Id | 1"),
        ("select Id from t where Id = '1.5'", "Id"),
        ("select Id from t where Id = 'x'", "Id"),
        ("select Id from t where `Dec` = '1.5'", "Id | 1"),
        ("select Id from t where f >= '1.5'", "Id | 1"),
        ("select Id from t where f = 1.5 and f > 0.1", "Id | 1"),
        ("select 'A'='a' a, 'é'>'z' b, 'a' like 'A' c, 'a ' = 'a' d", "a,b,c,d | false,true,false,false"),
        ("select COLLISION_ID from crashdata where visibility between 0.0 and 1.0", "COLLISION_ID | 10 | 30"),
        ("select Id from t where Id between '0' and '1'", "Id | 1"),
        ("select Id from t where Id not between '0' and '1'", "Id | 2"),
        ("select Id from t where Id in ('1','2')", "Id | 1 | 2"),
        ("select Id from t where name in (1, 2)", "Id | 1"),
        ("select Id from t where Id in (1, 'x')", "Id | 1"),
        ("select Id from t where Id not in ('1')", "Id | 2"),
        ("select 1 in (1,null) a, 2 in (1,null) b, 2 not in (1,null) c", "a,b,c | true,NULL,NULL"),
        ("select Id from t where name in (select COLLISION_ID / 10 from crashdata)", "Id | 1"),
        ("select (1,2)=(1,2) a, (1,2) in ((1,3),(1,2)) b, (1,2) <> (1,2) c", "a,b,c | true,true,false"),
    ]);
}

#[test]
fn comparisons_with_dates() {
    check(&[
        ("select Id from t where d = '2024-01-31'", "Id | 1"),
        ("select Id from t where d = '2024-1-31'", "Id | 1"),
        ("select Id from t where d > '2024-01-31 00:00:00'", "Id | 2"),
        ("select Id from t where d < '2024-01-31 10:00:00'", "Id | 1"),
        ("select Id from t where d >= '2024-01-31 10:00:00'", "Id | 2"),
        ("select Id from t where '2024-01-31 10:00:00' <= d", "Id | 2"),
        ("select Id from t where d = '2024-01-31 10:00:00'", "Id"),
        ("select Id from t where d = 20240131", "Id | 1"),
        ("select Id from t where d > 0", "Id | 1 | 2"),
        ("select Id from t where d = 'nonsense'", "Id"),
        ("select Id from t where d between '2024-01-01' and '2024-01-31'", "Id | 1"),
        ("select Id from t where d in ('2024-01-31', '2025-01-01')", "Id | 1"),
        ("select Id from t where ts > '2024-01-01'", "Id | 1"),
        ("select Id from t where ts = 20240131100000", "Id | 1"),
        ("select Id from t where ts >= d", "Id | 1"),
        ("select Id from t where d >= date '2024-02-01'", "Id | 2"),
        ("select Id from t where d >= str_to_date('2024-02-01', '%Y-%m-%d')", "Id | 2"),
        ("select Id from t where ts <= str_to_date('2024-03-01 00:00:00.000000', '%Y-%m-%d %H:%i:%s.%f')", "Id | 1"),
        ("select Id from t where d < now()", "Id | 1"),
        ("select Id from t where concat(d) = d", "Id | 1 | 2"),
    ]);
}

#[test]
fn constants_take_the_type_of_their_column() {
    let session = Session::new();
    for (condition, planned) in [
        ("d >= '2024-01-01'", "t.d >= Date32(\"2024-01-01\")"),
        ("d = 20240131", "t.d = Date32(\"2024-01-31\")"),
        ("d < '2024-01-31 10:00:00'", "t.d <= Date32(\"2024-01-31\")"),
        ("ts = '2024-01-01'", "t.ts = TimestampMicrosecond(1704067200000000, None)"),
        ("Id = '5'", "t.id = Int32(5)"),
        ("Id = 5.0", "t.id = Int32(5)"),
        ("`Dec` = 1.5", "t.dec = Decimal128(1.50,10,2)"),
        ("`Dec` >= '2'", "t.dec >= Decimal128(2.00,10,2)"),
        ("`Dec` > 1.255", "Decimal128(1.255"),
        ("Id > 3000000000", "t.id"),
        ("f > '0.5'", "t.f > Float64(0.5)"),
        ("f > 0.5", "t.f > Float64(0.5)"),
        ("b = 1", "t.b"),
        ("Id in (select sum(big) from t)", "sum(t.big)"),
        ("d in ('2024-01-31', '2024-02-01', '2024-03-01', '2024-03-02')", "t.d IN ([Date32(\"2024-01-31\")"),
        ("d >= str_to_date('2024-03-01', '%Y-%m-%d')", "t.d >= Date32(\"2024-03-01\")"),
        ("d >= date_sub('2024-03-01', interval 1 day)", "t.d >= Date32(\"2024-02-29\")"),
        ("ts > now() - interval 1 hour", "t.ts > TimestampMicrosecond(170669"),
    ] {
        let plan = session.plan(&format!("select Id from t where {condition}"));
        assert!(plan.contains(planned), "{condition}\n{plan}");
    }
}

#[test]
fn conditions_are_whatever_is_not_zero() {
    check(&[
        ("select Id from t where Id", "Id | 1 | 2"),
        ("select Id from t where name", "Id | 1"),
        ("select Id from t where f", "Id | 1"),
        ("select Id from t where null", "Id"),
        ("select Id from t where b", "Id | 1"),
        ("select Id from t where not b", "Id | 2"),
        ("select Id from t where 1", "Id | 1 | 2 | NULL"),
        ("select not 0 a, not 5 b, not null c, not 'x' d", "a,b,c,d | true,false,NULL,NULL"),
        (
            "select 1 && 0 a, 1 and 2 b, 0 or null c, 1 xor 1 d, 1 xor 0 e, 1 xor null f",
            "a,b,c,d,e,f | false,true,NULL,false,true,NULL",
        ),
        ("select case when 1 then 2 end a, case when 0 then 1 else 3 end b", "a,b | 2,3"),
        ("select if(1,2,3) a, if(null,2,3) b, if('0','x',5) c", "a,b,c | 2,3,5"),
        (
            "select b=1 a, b='true' b, b <> 0 c, b + 0 = 1 e, b > 0.5 g from t",
            "a,b,c,e,g | true,true,true,true,true | false,false,false,false,false | NULL,NULL,NULL,NULL,NULL",
        ),
        ("select 1 is true a, 0 is not true b, null is unknown c, 'x' is false d", "a,b,c,d | true,true,true,false"),
        ("select a.Id from t a join t b on a.Id order by 1", "Id | 1 | 1 | 1 | 2 | 2 | 2"),
        ("select null <=> null a, 1 <=> null b, 1 <=> '1' c", "a,b,c | true,false,true"),
        ("select Id from t having Id", "Id | 1 | 2"),
        ("select count(*) from t where 'a' || 'b'", "count(*) | 0"),
        ("select 1 || 0 x", "x | true"),
    ]);
    check_in(&Session::with("sql_mode", "PIPES_AS_CONCAT"), &[("select 'a' || 'b' || 1 x", "x | ab1")]);
}

#[test]
fn mixed_results_have_a_common_type() {
    check(&[
        ("select case when Id = 1 then 1 else 'x' end v from t", "v | 1 | x | x"),
        ("select case when Id = 1 then 1.5 when Id = 2 then 2 end v from t", "v | 1.5 | 2.0 | NULL"),
        ("select case when Id = 1 then b else 5 end v from t", "v | 1 | 5 | 5"),
        ("select case Id when '1' then 'one' when 2 then d end v from t", "v | one | 2024-02-01 | NULL"),
        ("select * from (select case when Id then 1 else 'x' end c from t) s where c = 'x'", "c | x"),
        ("select upper(case when Id = 1 then 10 else name end) v from t", "v | 10 | ABC | NULL"),
        ("select 1 v union all select 'a'", "v | 1 | a"),
        ("select 1 v union all select 2.5 union all select null", "v | 1.0 | 2.5 | NULL"),
        (
            "select d v from t where Id = 1 union all select ts from t where Id = 1",
            "v | 2024-01-31T00:00:00 | 2024-01-31T10:00:00",
        ),
        ("select b v from t where Id = 1 union all select 7", "v | 1 | 7"),
        ("select Id from t intersect select '1'", "Id | 1"),
        (
            "select coalesce(null, 1) a, coalesce(name, 5) b, ifnull(null, 'x') c, nullif(1, '1') d from t limit 1",
            "a,b,c,d | 1,01,x,NULL",
        ),
        ("select greatest(1,'2') a, least(1.5, 2) b", "a,b | 2,1.5"),
        ("select a.Id from t a join t b on a.Id = b.name", "Id | 1"),
        ("select sum(case when Id = 1 then `Dec` else 0 end) v from t", "v | 1.50"),
    ]);
}

#[test]
fn casts_fail_to_null() {
    check(&[
        ("select cast('abc' as signed) a, cast('12' as int) b, cast('1.9' as signed) c", "a,b,c | NULL,12,1"),
        (
            "select cast('2024-02-30' as date) a, cast('0000-00-00' as date) b, cast('2024-1-6' as date) c",
            "a,b,c | NULL,NULL,2024-01-06",
        ),
        ("select cast(300 as tinyint) a, cast(1.5 as signed) b, cast(-1.5e0 as int) c", "a,b,c | NULL,1,-1"),
        ("select cast('1.25' as decimal(10,1)) a, cast(5 as decimal(10,2)) b", "a,b | 1.3,5.00"),
        (
            "select cast(f as char) a, cast(b as char) b, cast(ts as char) c from t where Id = 1",
            "a,b,c | 1.5,1,2024-01-31 10:00:00",
        ),
        ("select cast('abcdef' as char(3)) a, cast(12345 as varchar(3)) b", "a,b | abc,12345"),
        ("select convert('12', signed) a, convert('x' using utf8mb4) b, convert(1, char) c", "a,b,c | 12,x,1"),
        (
            "select cast(d as signed) a, cast(20240131 as date) b, cast(ts as date) c from t where Id = 1",
            "a,b,c | 20240131,2024-01-31,2024-01-31",
        ),
        ("select cast('170141183460469231731687303715884105727' as largeint) a", "a | NULL"),
        (
            "select cast('99' as largeint) a, cast(1 as boolean) b, cast('true' as boolean) c, cast(0.0 as boolean) d",
            "a,b,c,d | 99,true,true,false",
        ),
        ("select binary 'a' = 'A' x, 'a' collate utf8mb4_general_ci y", "x,y | false,a"),
        (
            "select timestamp '2024-1-31 1:2:3' a, date '20240131' b, datetime '2024-01-31' c",
            "a,b,c | 2024-01-31T01:02:03,2024-01-31,2024-01-31T00:00:00",
        ),
        ("select 1 collate klingon_ci", "error Invalid: Unknown collation: 'klingon_ci'"),
    ]);
}
