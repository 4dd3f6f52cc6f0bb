//! Statements of the kinds that people, dashboards, drivers and tools send: each must be read, and queries must print as
//! something that reads back to the same print.

use sql::alter_table::AlterTable;
use sql::create_table::CreateTable;
use sql::explain::Explain;
use sql::insert::Insert;
use sql::materialized_view::{AlterMaterializedView, CancelRefresh, CreateMaterializedView, RefreshMaterializedView};
use sql::update::{Delete, Update};
use sql::view::{AlterView, CreateView};
use sql::{Cursor, parse_query, print_query, set};

/// Reads a statement with the reader that its first words ask for.
fn read(sql: &str) -> base::Result<()> {
    let mut cursor = Cursor::new(sql)?;
    let c = &mut cursor;
    if Explain::follows(c) {
        return Explain::parse(c).map(drop);
    }
    match () {
        () if c.starts_with(&["SET"]) => set::parse(c).map(drop),
        () if c.starts_with(&["INSERT"]) => Insert::parse(c).map(drop),
        () if c.starts_with(&["UPDATE"]) => Update::parse(c).map(drop),
        () if c.starts_with(&["DELETE"]) => Delete::parse(c).map(drop),
        () if c.starts_with(&["ALTER", "TABLE"]) => AlterTable::parse(c).map(drop),
        () if c.starts_with(&["ALTER", "VIEW"]) => AlterView::parse(c).map(drop),
        () if c.starts_with(&["ALTER", "MATERIALIZED", "VIEW"]) => AlterMaterializedView::parse(c).map(drop),
        () if c.starts_with(&["REFRESH"]) => RefreshMaterializedView::parse(c).map(drop),
        () if c.starts_with(&["CANCEL", "REFRESH"]) => CancelRefresh::parse(c).map(drop),
        () if c.starts_with(&["CREATE", "MATERIALIZED", "VIEW"]) => CreateMaterializedView::parse(c).map(drop),
        () if c.starts_with(&["CREATE", "VIEW"]) || c.starts_with(&["CREATE", "OR"]) => CreateView::parse(c).map(drop),
        () if c.starts_with(&["CREATE"]) => CreateTable::parse(c).map(drop),
        () => {
            c.query()?;
            c.expect_end()
        }
    }
}

const QUERIES: &str = r#"
select `a b` from `db`.`t`
select "abc" as x, 'it''s \'x\' \n \% \_' y, 'a' 'b'
select 1 as 'x y', 2 'z', 3 "w"
select * from t limit 5, 10
select * from t limit 1 offset 2
select a + 1 b from t group by b having b > 1 order by b
select a, b, sum(c) from t group by rollup(a, b)
select a, b, sum(c) from t group by a, b with rollup
select a, b, sum(c) from t group by grouping sets((a, b), (a), ())
select a, b from t group by cube(a, b)
select a, count(*) from t group by all
select a, b from t group by 1, 2 order by 2 desc nulls last, 1 asc nulls first
select date_add(d, interval 1 day), d + interval 1 month, d - interval '1' year, date_sub(d, interval (a + 1) hour)
select date_add(d, interval 1 quarter), date_add(d, interval 2 week), date_add(d, interval 2 millisecond)
select timestampdiff(day, a, b), timestampadd(minute, 3, b), extract(year from d), date '2024-01-01'
select time_slice(d, interval 5 minute, floor), date_trunc('day', d), last_day(d, month)
select cast(a as signed), cast(a as unsigned), cast(a as char), cast(a as decimal(10,2)), cast(a as datetime)
select cast(a as largeint), cast(a as string), cast(a as varchar), cast(a as json), cast(a as bitmap), cast(a as double)
select cast(a as array<int>), cast(a as map<int,string>), cast(a as struct<a int, b string>)
select a <=> b, 10 div 3, 10 mod 3, 10 % 3, a xor b, a && b, a || b, !a, ! a
select a regexp 'x', a rlike 'x', a not regexp 'y', a not rlike 'z', a not like 'x|%' escape '|'
select if(a, b, c), ifnull(a, b), coalesce(a, b), nullif(a, b), case a when 1 then 2 else 3 end
select group_concat(a order by b desc separator ','), group_concat(distinct a, b order by c separator '|') from t
select count(distinct a, b), count(*), count(1) from t
select @a, @@version_comment, @@session.autocommit, @@global.x, @@`y`
select @@session.auto_increment_increment as auto_increment_increment, @@time_zone as `time_zone` limit 1
select /*+ SET_VAR(query_timeout=1) */ 1
select * from a join [broadcast] b on a.x = b.x left join [shuffle] c on a.y = c.y
select * from t partition (p1, p2) as x where x.a in (1, 2)
select * from t for version as of 123
select * from t version as of 'main' as x
select * from t for timestamp as of '2024-01-01 00:00:00'
select * from ice.db.t timestamp as of now() where a = 1
select * from t, unnest(a) as u(x)
select * from t cross join lateral unnest(split(a, ',')) as u
select * from t left join unnest(t.a) as u(x) on true
select * from table(generate_series(1, 10))
select * from files('path' = 's3://x/*.parquet', 'format' = 'parquet')
select [1, 2, 3], array<int>[1], map{1: 2}, a[1], row(1, 2), named_struct('a', 1)
select array_map(x -> x + 1, a), array_map((x, y) -> x + y, a, b), array_filter(x -> x is not null, a)
select a.b.c, s.f[1], m['k'], a->'$.x', a->>'$.y', j->'a.b' = '1'
select sum(a) over (partition by b order by c rows between unbounded preceding and current row) from t
select first_value(a ignore nulls) over (order by b), lag(a ignore nulls, 1, lead(b ignore nulls, 2)) over (order by b) from t
select first_value(a) ignore nulls over (order by b), row_number() over w from t window w as (order by a)
select row_number() over (order by a) r from t qualify r = 1
with recursive c as (select 1 n union all select n + 1 from c where n < 5) select * from c
with a as (select 1 x), b (y) as (select x from a) select * from a, b
values (1, 2), (3, 4)
select 1 except select 2
select 1 minus select 2
select 1 intersect select 2 union all (select 3 order by 1 limit 1) order by 1
select exists(select 1), not exists (select 1 from t), (a, b) in ((1, 2), (3, 4)), a > any(select 1), a not in (select b from t)
select binary 'a' = 'A', a collate utf8_bin, convert(a, signed), convert(a using utf8)
select substring(a from 2 for 3), substr(a, 1), trim(both 'x' from a), trim(a, 'xy'), position('a' in b)
select x'ff', 0xff, b'01', N'x', _utf8mb4'é'
select 1a.2b from 1a
select * from t pivot(sum(a) for b in ('x', 'y'))
select * from a left semi join b on a.x = b.x left anti join c on a.y = c.y
select * from a right semi join b on a.x = b.x right anti join c on a.y = c.y
select * from a full outer join b using (x) natural join c cross join d
select straight_join * from a
select sql_no_cache distinct a from t for update
select all a from t where a between 1 and 2 and not b is null
select 1 from dual where 1 = 1
select {fn now()}, {d '2020-01-01'}
select current_timestamp, current_timestamp(), now(3), curdate(), utc_timestamp(), current_date, current_user, current_user()
select * from `c`.`d`.`t` as `x`
select * except (a, b) from t
select t.*, u.a from t join u on t.id = u.id and t.d >= u.d
select * from (select a from t where a > 1) x join (select b from u) y on x.a = y.b
select * from ((select 1 as a) union all (select 2)) x
select * from (t)
select * from (t join u on t.a = u.a)
select avg(a), truncate(avg(b), 1), max(c) from t where zip between 0.0 and 1.0
select date_format(date_trunc("hour", d), '%d %b %Y %H:%i') as Hour from t group by Hour order by Hour asc limit 200
select date_trunc("hour", weather.date) as Time, avg(x) from weather left join crash on weather.date = crash.date group by Time
select ? + 1, a from t where b = ? limit ?
select a from t where d >= str_to_date('2024-01-01', '%Y-%m-%d') and d < date_add(date('2024-02-01'), interval 1 day)
select `a`.`b`, sum(`c`) as `SUM(c)` from `t` as `a` group by `a`.`b` order by `SUM(c)` desc limit 10000
select table_name as `tables in db`, table_type from information_schema.tables where table_schema = 'd' and table_type in ('BASE TABLE', 'VIEW')
select null, true, false, -1, +1, - -1, 1.5e3, .5, 18446744073709551615
select percentile_approx(a, 0.5), approx_count_distinct(b), max_by(a, b), count_if(a > 1) from t
select max(a) filter (where b > 1) from t
select left(a, 1), right(a, 1), replace(a, 'x', 'y'), char(65), format(1, 2), year(d), month(d), day(d), hour(d), date(d), time(d)
select a as `date`, b as status, c as type, d as value, e as name, f as user from t
select /* one */ 1 /*!40101 + 1 */ /* ; */
"#;

const STATEMENTS: &str = r#"
create table t (a int not null default '5' comment 'x', b varchar(20))
create table t (a int) engine = olap comment 'abc'
create table t (a int, b int) duplicate key (a) distributed by hash(a) buckets 8 properties ('replication_num' = '1')
create table t (a bigint not null, b int) primary key (a) distributed by hash(a) order by (b) properties ("x" = "y")
create table t (a int, b bigint sum default '0', c hll hll_union, d bitmap bitmap_union, e int replace_if_not_null) aggregate key (a) distributed by hash(a)
create table t (a int, b int) unique key (a) distributed by hash(a) buckets 3
create table t (a int, d date) duplicate key (a) partition by range (d) (partition p1 values less than ('2024-01-01'), start ('2024-01-01') end ('2025-01-01') every (interval 1 month)) distributed by hash(a)
create table t (a int, d datetime) partition by date_trunc('day', d)
create table t (a int, d datetime) partition by time_slice(d, interval 7 day), a distributed by random
create table t (a int, c varchar(10)) partition by (c)
create table t (a int, c varchar(10) not null) partition by list (c) (partition p1 values in ("a", "b"), partition p2 values in ("c"))
create table t (a int, b int as (a + 1), c bigint not null auto_increment)
create table t (a largeint, b string, c json, d bitmap, e hll, f array<int>, g map<int,varchar(10)>, h struct<x int, y array<string>>, i datetime, j decimal(20,3), k tinyint, l boolean, m varbinary, n percentile, o decimal(38, 0) null)
create table t (a int, b varchar(10), index i1 (a) using bitmap comment 'x', index i2 (b) using ngrambf ('gram_num' = '4'))
create external table t (a int) engine = iceberg properties ('resource' = 'x')
create temporary table t (a int)
create table t properties ('a' = 'b') as select 1
create table if not exists d.t partition by date_trunc('day', d) distributed by hash(a) as select 1 a, now() d
create table a like b
create or replace view v (a comment 'x') comment 'c' as select 1
create view if not exists d.v as with x as (select 1) select * from x
alter view v as select 2
create materialized view mv refresh async start('2024-01-01') every (interval 5 minute) as select 1
create materialized view if not exists mv comment 'x' partition by dt distributed by hash(a) refresh async properties ('a' = 'b') as select 1
create materialized view mv partition by (a, date_trunc('day', b)) refresh deferred manual as select a, b from t
create materialized view mv distributed by random buckets 3 order by (a) as select a from t
create materialized view mv as select a, sum(b) from t group by a
create table if not exists crashes (CRASH_DATE DATETIME, BOROUGH STRING, LATITUDE INT, COLLISION_ID INT)
create materialized view mv refresh async start("2024-01-01 00:00:00") every(interval 10 minute) as select date_trunc('day', CRASH_DATE) as Time, count(*) as CNT from d.crashes group by Time
create materialized view mv partition by date_trunc('month', d) refresh async start('2024-01-01 00:00:00') every(interval 1 hour) as select date_trunc('month', d) as month, sum(a) as total from s group by date_trunc('month', d)
create materialized view mv refresh async every(interval 30 minute) as select c.id, o.n, p.last from m.crm.customers c left join (select id, count(*) as n from i.sales.orders where d >= current_date - interval 90 day group by id) o on c.id = o.id left join (select id, max(d) as last from p.pay.payments where d >= current_date - interval 30 day group by id) p on c.id = p.id
alter materialized view mv pause
alter materialized view d.mv refresh async every (interval 1 hour)
refresh materialized view mv partition start ('a') end ('b') force with sync mode
cancel refresh materialized view mv
alter table t add column c int after b
alter table t add column (c int, d int) to r
alter table t modify column c bigint default '0' comment 'x'
alter table t rename column a to b
alter table t add partition p1 values less than ('2024')
alter table t add partition p1 values [('2024-01-01'), ('2024-02-01')) distributed by hash(a) buckets 10
alter table t drop partition p1
alter table t swap with t2
alter table t set ('a' = 'b')
insert into t (a, b) values (1, 'x'), (2, default)
insert into t partition (p1) select 1
insert into t with label abc select 1
insert overwrite t partition (p1) select 1
insert into t select * from files('path' = 's3://x/*.parquet', 'format' = 'parquet')
insert into files('path' = 's3://x/', 'format' = 'parquet') select 1
update t set a = 1 where b = 2
update t set a = s.a from s where t.b = s.b
delete from t where a = 1
delete from t using s where t.a = s.a
delete from t partition p1 where a = 1
set @a = 1
set session query_timeout = 5, sql_mode = 'x'
set character set utf8
/*!40101 SET NAMES utf8 */
explain select 1
explain verbose select 1
explain costs select 1
explain analyze select 1
desc select * from t
"#;

const REFUSED: &str = r#"
selec 1
select
select from t
select a, from t
select a b c from t
select a from t where
select a from t group a
select a from t order a
select a from t limit
select * form t
select (1
select 1)
select 'abc
select `abc
select a from t join
select a from t union
select case when 1 then 2
select cast(a int)
select a in ()
select a between 1
select f(a b)
select 1; select 2
insert into t value (1)
update t where a = 1
delete t where a = 1
create table t (a int, b)
create table t (a int) distributed by hash a
create table t (a int) properties (a)
create table t (a enum('x'))
create table t (a int unsigned)
create materialized view mv refresh every 5 minute as select 1
alter table t foo
"#;

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

#[test]
fn queries_are_read_and_print_as_something_that_reads_the_same() {
    for sql in lines(QUERIES) {
        let query = parse_query(sql).unwrap_or_else(|error| panic!("{sql}\n  {error}"));
        let printed = print_query(&query);
        let again = parse_query(&printed).unwrap_or_else(|error| panic!("{sql}\n  {printed}\n  {error}"));
        assert_eq!(print_query(&again), printed, "{sql}");
    }
}

#[test]
fn statements_are_read() {
    for sql in lines(STATEMENTS) {
        read(sql).unwrap_or_else(|error| panic!("{sql}\n  {error}"));
        read(&format!("{sql};")).unwrap_or_else(|error| panic!("{sql};\n  {error}"));
    }
}

#[test]
fn broken_statements_are_refused_with_their_place() {
    for sql in lines(REFUSED) {
        let error = read(sql).err().unwrap_or_else(|| panic!("{sql}"));
        assert_eq!(error.kind(), base::ErrorKind::Parse, "{sql}");
        assert!(error.message().contains("line 1 column"), "{sql}: {error}");
    }
}

/// Cutting a statement anywhere, or doubling any of its words, must end in an answer and not in a crash.
#[test]
fn damaged_statements_do_not_crash() {
    let mut refused = 0;
    for sql in lines(QUERIES).chain(lines(STATEMENTS)) {
        for (at, _) in sql.char_indices() {
            refused += usize::from(read(&sql[..at]).is_err());
        }
        let words: Vec<&str> = sql.split(' ').collect();
        for at in 0..words.len() {
            let mut damaged = words.clone();
            damaged.insert(at, words[at]);
            refused += usize::from(read(&damaged.join(" ")).is_err());
            damaged.drain(at..at + 2);
            refused += usize::from(read(&damaged.join(" ")).is_err());
        }
    }
    assert!(refused > 1000, "only {refused} were refused");
}
