use super::*;

fn read(sql: &str) -> Result<Insert> {
    Insert::parse(&mut Cursor::new(sql)?)
}

#[test]
fn targets() {
    let table = |sql: &str| match read(sql).unwrap().target {
        InsertTarget::Table(name) => name.to_string(),
        other => panic!("{sql}: {other:?}"),
    };
    assert_eq!(table("insert into c.d.t values (1)"), "`c`.`d`.`t`");
    assert_eq!(table("insert overwrite table t select 1"), "`t`");
    assert_eq!(table("insert into table values (1)"), "`table`");
    let files = read("insert into files('path'='s3://x', \"format\"=\"parquet\") select 1").unwrap();
    assert!(matches!(files.target, InsertTarget::Files(pairs) if pairs.len() == 2));
    assert_eq!(read("insert into blackhole() select 1").unwrap().target, InsertTarget::Blackhole);
}

#[test]
fn clauses() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let insert = read(
        "insert into t partition (p1, p2) with label `l-1` (a, b) properties ('strict_mode'='true') values (1, default), ('x', 2 + 3);",
    )
    .unwrap();
    assert!(!insert.overwrite);
    assert_eq!(insert.partition, Some(InsertPartition::Named { temporary: false, names: names(&["p1", "p2"]) }));
    assert_eq!(insert.label.as_deref(), Some("l-1"));
    assert_eq!(insert.columns, InsertColumns::Listed(names(&["a", "b"])));
    assert_eq!(insert.properties.len(), 1);
    let InsertSource::Values(rows) = insert.source else { panic!("values") };
    assert_eq!((rows.len(), &rows[0][1]), (2, &InsertValue::Default));

    let insert = read("insert overwrite t temporary partition (tp) by name select 1 as a").unwrap();
    assert!(insert.overwrite && insert.columns == InsertColumns::ByName);
    let insert = read("insert into t partition (dt = '2024-01-01', k = 1) select 1").unwrap();
    assert!(matches!(insert.partition, Some(InsertPartition::Values(pairs)) if pairs.len() == 2));
}

#[test]
fn queries_keep_their_text() {
    let cases = [
        ("insert into t select 1", "select 1"),
        ("insert into t (select 1, 2)", "(select 1, 2)"),
        ("insert into t ((select 1) union all (select 2))", "((select 1) union all (select 2))"),
        ("insert into t (a) (select 1)", "(select 1)"),
        ("insert into t with x as (select 1) select * from x", "with x as (select 1) select * from x"),
        ("insert /*+ SET_VAR(query_timeout=1) */ into t with label l select /* x */ 1 ;", "select /* x */ 1"),
    ];
    for (sql, expected) in cases {
        let InsertSource::Query { text, .. } = read(sql).unwrap().source else { panic!("a query: {sql}") };
        assert_eq!(text, expected, "{sql}");
    }
}

#[test]
fn many_rows_are_read_in_one_pass() {
    let rows = vec!["(1, -2.5, 'text', NULL, '2024-01-01')"; 20_000].join(", ");
    let InsertSource::Values(rows) = read(&format!("insert into t values {rows}")).unwrap().source else {
        panic!("values")
    };
    assert_eq!(rows.len(), 20_000);
}

#[test]
fn broken_inserts_are_errors() {
    let cases = [
        "insert t values (1)",
        "insert into t",
        "insert into t ()",
        "insert into t (a) value (1)",
        "insert into t values",
        "insert into t values (1,)",
        "insert into t values (1), (1, 2)",
        "insert into t values (1) on duplicate key update a = 1",
        "insert into t partition select 1",
        "insert ignore into t values (1)",
        "insert into t with label select 1",
    ];
    for sql in cases {
        assert!(read(sql).is_err(), "{sql}");
    }
    let error = read("insert into t values (1, 2), (3)").unwrap_err();
    assert!(error.message().contains("expected 2 values, as in the first row"), "{error}");
}
