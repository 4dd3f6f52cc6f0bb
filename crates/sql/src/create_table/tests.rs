use super::*;
use crate::table_clause::KeyKind;

fn read(sql: &str) -> Result<CreateTable> {
    CreateTable::parse(&mut Cursor::new(sql)?)
}

#[test]
fn columns_and_indexes() {
    let table = read(
        "create table if not exists d.t (a int not null, index varchar(10), c json, INDEX i (a, c) using bitmap ('x'='1') \
         comment 'y') duplicate key (a) distributed by random buckets 2;",
    )
    .unwrap();
    assert!(table.if_not_exists && !table.external && !table.temporary);
    let CreateTableBody::Columns { columns, indexes } = table.body else { panic!("columns") };
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "index", "c"]);
    assert_eq!((indexes[0].name.as_str(), indexes[0].kind.as_deref()), ("i", Some("BITMAP")));
    assert_eq!(table.clauses.key.unwrap().kind, KeyKind::Duplicate);
}

#[test]
fn like_and_as() {
    let table = read("create temporary table a like c.d.b properties ('x' = 'y')").unwrap();
    assert!(table.temporary);
    assert!(matches!(table.body, CreateTableBody::Like(name) if name.to_string() == "`c`.`d`.`b`"));

    let cases = [
        ("create table t as select 1", 0, "select 1"),
        ("create table t (a, `b`) primary key (a) as select 1, 2 -- x", 2, "select 1, 2"),
        (
            "create table t properties ('a'='b') as with x as (select 1) select * from x",
            0,
            "with x as (select 1) select * from x",
        ),
        ("create table t partition by d distributed by hash(a) as (select 1 a)", 0, "(select 1 a)"),
        ("create table t select 1", 0, "select 1"),
    ];
    for (sql, names, expected) in cases {
        let CreateTableBody::Query { columns, text, .. } = read(sql).unwrap().body else { panic!("a query: {sql}") };
        assert_eq!((columns.len(), text.as_str()), (names, expected), "{sql}");
    }
}

#[test]
fn broken_tables_are_errors() {
    let cases = [
        "create table t",
        "create table t ()",
        "create table t (a int",
        "create table t (a int,)",
        "create table t (a)",
        "create table t (a int) as select 1",
        "create table t (a int) foo",
        "create table a.b.c.d (a int)",
        "create table t (a int) properties ('a'='1', 'a'='2')",
        "create table t like",
        "create external view t (a int)",
    ];
    for sql in cases {
        assert!(read(sql).is_err(), "{sql}");
    }
}
