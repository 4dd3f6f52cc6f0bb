//! Labels of result columns, duplicates, and aliases in ORDER BY, GROUP BY and HAVING.

use super::check;

#[test]
fn labels_are_aliases_columns_or_expressions() {
    check(&[
        ("select 1, 1", "1,1 | 1,1"),
        ("select 'a', \"a\", null", "'a','a',NULL | a,a,NULL"),
        ("select ID, t.Id, db.t.iD, default_catalog.db.t.id from t limit 1", "ID,Id,iD,id | 1,1,1,1"),
        ("select `Id` AS `My Id`, name as 'n', b \"B\" from t limit 1", "My Id,n,B | 1,01,true"),
        ("select count(*), COUNT(*), count(*) from t", "count(*),COUNT(*),count(*) | 3,3,3"),
        ("select avg(t.Id) from t", "avg(Id) | 1.5"),
        (
            "select date_trunc(\"hour\", '2020-01-01 10:30:00')",
            "date_trunc('hour', '2020-01-01 10:30:00') | 2020-01-01T10:00:00",
        ),
        ("select a.Id, b.Id from t a join t b on a.Id = b.Id order by a.Id", "Id,Id | 1,1 | 2,2"),
        ("select Id, Id, id from t order by Id limit 1", "Id,Id,id | NULL,NULL,NULL"),
    ]);
}

#[test]
fn wildcards_show_the_columns_as_created() {
    check(&[
        (
            "select * from t limit 1",
            "Id,name,d,ts,b,Dec,f,big | 1,01,2024-01-31,2024-01-31T10:00:00,true,1.50,1.5,9223372036854775807",
        ),
        (
            "select t.Id, t.* from t where Id = 2",
            "Id,Id,name,d,ts,b,Dec,f,big | 2,2,abc,2024-02-01,NULL,false,2.25,0.0,7",
        ),
        (
            "select *, 1, Id as Id from crashdata, t where Id = 1 order by COLLISION_ID limit 1",
            "CRASH_DATE,BOROUGH,COLLISION_ID,visibility,Id,name,d,ts,b,Dec,f,big,1,Id | 2014-01-01T00:00:00,BRONX,10,0.25,1,01,2024-01-31,2024-01-31T10:00:00,true,1.50,1.5,9223372036854775807,1,1",
        ),
        (
            "select a.*, 5 five, b.* from (select Id from t where Id = 1) a, (select NAME Nm from t where Id = 1) b",
            "Id,five,Nm | 1,5,01",
        ),
        ("select * from (select Id as MyId, count(*) from t group by Id) x where myid = 1", "MyId,count(*) | 1,1"),
        ("select * from (select * from (select Id AS Deep from t) y) x order by deep limit 1", "Deep | NULL"),
        ("with Cte(A, B) as (select 1, 2) select * from cTE", "A,B | 1,2"),
        (
            "with Recent as (select max(COLLISION_ID) Latest from crashdata) select r.*, LATEST from recent R",
            "Latest,LATEST | 30,30",
        ),
        (
            "select * from information_schema.TABLES where table_name = 't'",
            "TABLE_SCHEMA,TABLE_NAME,TABLE_TYPE | db,t,BASE TABLE",
        ),
        (
            "select Id from t where Id = 1 union all select COLLISION_ID from crashdata order by ID desc limit 2",
            "Id | 30 | 20",
        ),
        (
            "select a.*, a.Id * 2 as id from t a where a.Id = 1 order by id",
            "Id,name,d,ts,b,Dec,f,big,id | 1,01,2024-01-31,2024-01-31T10:00:00,true,1.50,1.5,9223372036854775807,2",
        ),
    ]);
}

#[test]
fn order_by_finds_aliases_expressions_and_positions() {
    check(&[
        ("select -Id x from t order by X", "x | NULL | -2 | -1"),
        ("select -Id as Id from t order by Id", "Id | NULL | -2 | -1"),
        ("select Id from t order by -Id", "Id | NULL | 2 | 1"),
        ("select Id + 1, Id + 1 from t order by Id + 1 desc limit 1", "Id + 1,Id + 1 | 3,3"),
        (
            "select name, count(*) from t group by name order by count(*), name desc",
            "name,count(*) | abc,1 | 01,1 | NULL,1",
        ),
        (
            "select BOROUGH, sum(COLLISION_ID) AS collision_id from crashdata group by BOROUGH order by avg(COLLISION_ID) desc",
            "BOROUGH,collision_id | NULL,30 | QUEENS,20 | BRONX,10",
        ),
        (
            "select sum(COLLISION_ID) as `SUM(x)`, BOROUGH from crashdata group by BOROUGH order by `SUM(x)` desc limit 1",
            "SUM(x),BOROUGH | 30,NULL",
        ),
        (
            "select distinct upper(BOROUGH) from crashdata order by upper(BOROUGH) desc",
            "upper(BOROUGH) | QUEENS | BRONX | NULL",
        ),
        ("select 1 a, 2 a order by a", "a,a | 1,2"),
        ("select Id from t order by 1 desc limit 1", "Id | 2"),
        ("select count(*) from t union all select 7 order by count(*) desc", "count(*) | 7 | 3"),
        (
            "select *, -Id as neg from t order by NEG limit 1",
            "Id,name,d,ts,b,Dec,f,big,neg | NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL",
        ),
        (
            "select BOROUGH from crashdata group by BOROUGH order by count(*), max(COLLISION_ID) desc",
            "BOROUGH | NULL | QUEENS | BRONX",
        ),
        ("select Id from t order by null", "Id | 1 | 2 | NULL"),
    ]);
}

#[test]
fn group_by_prefers_columns_over_aliases() {
    check(&[
        (
            "SELECT COUNT(*), date_trunc(\"hour\", crashdata.CRASH_DATE) AS Time FROM crashdata GROUP BY Time ORDER BY Time ASC LIMIT 200",
            "COUNT(*),Time | 2,2014-01-01T00:00:00 | 1,2014-01-01T01:00:00",
        ),
        (
            "SELECT COUNT(*), date_format(date_trunc(\"hour\", CRASH_DATE), '%d %b %Y %H:%i') AS Hour FROM crashdata GROUP BY Hour ORDER BY Hour",
            "COUNT(*),Hour | 2,01 Jan 2014 00:00 | 1,01 Jan 2014 01:00",
        ),
        (
            "select upper(BOROUGH) as borough, count(*) from crashdata group by BOROUGH order by borough",
            "borough,count(*) | NULL,1 | BRONX,1 | QUEENS,1",
        ),
        (
            "select DATE(ts) AS ts, count(*) n from t group by DATE(ts) order by DATE(ts)",
            "ts,n | NULL,2 | 2024-01-31,1",
        ),
        ("select name, count(*) from t group by 1 order by 1", "name,count(*) | NULL,1 | 01,1 | abc,1"),
        ("select Id % 2 k, count(*) from t group by k order by k", "k,count(*) | NULL,1 | 0,1 | 1,1"),
        ("SELECT truncate(avg(visibility), 1) AS v, max(BOROUGH) m FROM crashdata", "v,m | 3.7,QUEENS"),
    ]);
}

#[test]
fn having_sees_aliases_and_works_without_groups() {
    check(&[
        ("select Id x from t having x > 1", "x | 2"),
        ("select Id as k from t group by k having k is not null order by k", "k | 1 | 2"),
        (
            "select BOROUGH, SUM(COLLISION_ID) COLLISION_ID from crashdata group by BOROUGH HAVING (SUM(COLLISION_ID) > 10) order by 2",
            "BOROUGH,COLLISION_ID | QUEENS,20 | NULL,30",
        ),
        ("select count(*) n from t having n > 5", "n"),
        (
            "SELECT TABLE_NAME, CASE WHEN TABLE_TYPE = 'BASE TABLE' THEN CASE WHEN TABLE_SCHEMA = 'mysql' THEN 'SYSTEM TABLE' ELSE 'TABLE' END ELSE TABLE_TYPE END AS TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME LIKE '%' HAVING TABLE_TYPE IN ('TABLE', 'VIEW', null, null) ORDER BY TABLE_TYPE, TABLE_NAME",
            "TABLE_NAME,TABLE_TYPE | t,TABLE | crashdata,VIEW",
        ),
    ]);
}
