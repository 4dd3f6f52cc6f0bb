//! Column names have no case, tables do; qualifiers resolve to aliases first.

use super::fixture::check_in;
use super::{Session, check};

#[test]
fn columns_and_aliases_have_no_case() {
    check(&[
        ("select ID from t where `iD` = 1", "ID | 1"),
        ("select A.ID from t a where a.Id = 1", "ID | 1"),
        ("select T.Id from t where t.ID = 1", "Id | 1"),
        ("select crashdata.COLLISION_ID from crashdata order by crashdata.collision_id limit 1", "COLLISION_ID | 10"),
        ("select x.Id from (select Id from t) X where X.id = 1", "Id | 1"),
        (
            "select outer_t.Id from t OUTER_T where exists (select 1 from t i where i.Id = Outer_T.Id and i.Id = 2)",
            "Id | 2",
        ),
        ("select Id from t where Id = (select max(id) from t)", "Id | 2"),
        ("with tables as (select 1 as Columns) select COLUMNS from Tables", "COLUMNS | 1"),
        (
            "select t.TABLE_NAME from Information_Schema.Tables T where t.table_schema = database() order by 1",
            "TABLE_NAME | crashdata | t",
        ),
        ("select TABLES.TABLE_NAME from INFORMATION_SCHEMA.TABLES where TABLES.table_name = 't'", "TABLE_NAME | t"),
        (
            "select information_schema.TABLES.TABLE_NAME from information_schema.TABLES where table_name = 't'",
            "TABLE_NAME | t",
        ),
        ("select TABLE_NAME from default_catalog.INFORMATION_SCHEMA.TABLES where table_name = 't'", "TABLE_NAME | t"),
        ("select a.Id from t a join (select Id from t) B on A.ID = b.ID order by B.id", "Id | 1 | 2"),
    ]);
    let mut session = Session::new();
    session.database = "information_schema";
    check_in(&session, &[("select 1 a", "a | 1")]);
}

#[test]
fn unknown_names_are_reported_as_mysql_does() {
    check(&[
        ("select nope from t", "error UnknownColumn: Unknown column 'nope' in 'field list'"),
        (
            "select Id from t where nam = 1",
            "error UnknownColumn: Unknown column 'nam' in 'where clause' (did you mean: name)",
        ),
        ("select Id from t order by nope", "error UnknownColumn: Unknown column 'nope' in 'order clause'"),
        ("select count(*) from t group by nope", "error UnknownColumn: Unknown column 'nope' in 'group statement'"),
        ("select name.id from t", "error UnknownColumn: Unknown column 'name.id' in 'field list' (did you mean: id)"),
        ("select length(1, 2)", "error Invalid: no matching function with signature: length(int64, int64)"),
        ("select 1 from missing", "error UnknownTable: Table 'db.missing' doesn't exist"),
        ("select 1 from other.missing", "error UnknownTable: Table 'other.missing' doesn't exist"),
        ("select frobnicate(1)", "error UnknownFunction: FUNCTION frobnicate does not exist"),
        ("select Id from t a join t b on a.Id = b.Id", "error Invalid: Column 'id' in field list is ambiguous"),
        (
            "select 1 union select 1, 2",
            "error ColumnCount: The used SELECT statements have a different number of columns",
        ),
        ("select sum(sum(Id)) from t", "error Invalid: Invalid use of group function"),
        ("select @@no_such_variable", "error UnknownVariable: Unknown system variable 'no_such_variable'"),
    ]);
}
