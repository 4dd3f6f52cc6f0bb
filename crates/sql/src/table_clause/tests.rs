use base::Result;

use super::*;

fn column(sql: &str) -> Result<ColumnDef> {
    let mut cursor = Cursor::new(sql)?;
    let column = ColumnDef::parse(&mut cursor)?;
    cursor.expect_end()?;
    Ok(column)
}

fn clauses(sql: &str) -> Result<TableClauses> {
    let mut cursor = Cursor::new(sql)?;
    let clauses = TableClauses::parse(&mut cursor)?;
    cursor.expect_end()?;
    Ok(clauses)
}

#[test]
fn defaults() {
    let literal = |text: &str| DefaultClause::Literal(text.to_owned());
    let cases = [
        ("default '10'", literal("10")),
        ("default \"\"", literal("")),
        ("default -1.5", literal("-1.5")),
        ("default true", literal("true")),
        ("default null", DefaultClause::Null),
        ("default current_timestamp", DefaultClause::CurrentTimestamp),
        ("default current_timestamp(6)", DefaultClause::Expr("current_timestamp(6)".to_owned())),
        ("default (uuid())", DefaultClause::Expr("uuid()".to_owned())),
        ("default uuid_numeric()", DefaultClause::Expr("uuid_numeric()".to_owned())),
    ];
    for (sql, expected) in cases {
        assert_eq!(column(&format!("c int {sql} comment 'x'")).unwrap().default, Some(expected), "{sql}");
    }
}

#[test]
fn columns_have_parts_in_any_order() {
    let parsed = column("`a b` bigint sum not null default '0' comment \"it's\"").unwrap();
    assert_eq!((parsed.name.as_str(), parsed.ty.name.as_str()), ("a b", "BIGINT"));
    assert_eq!((parsed.aggregate.as_deref(), parsed.nullable), (Some("SUM"), Some(false)));
    assert_eq!(parsed.comment.as_deref(), Some("it's"));
    let parsed = column("id bigint not null auto_increment").unwrap();
    assert!(parsed.auto_increment && !parsed.key);
    let parsed = column("k int key comment 'x' null").unwrap();
    assert!(parsed.key);
    assert_eq!(parsed.nullable, Some(true));
    let parsed = column("g bigint as (id * 10) comment 'x'").unwrap();
    assert_eq!(parsed.generated.map(|expr| expr.to_string()).as_deref(), Some("(id * 10)"));
    let parsed = column("v int replace_if_not_null").unwrap();
    assert_eq!(parsed.aggregate.as_deref(), Some("REPLACE_IF_NOT_NULL"));
}

#[test]
fn broken_columns_are_errors() {
    let cases = [
        "c",
        "c int default",
        "c int null not null",
        "c int comment",
        "c int sum max",
        "c int unsigned",
        "c int primary key",
        "c int default '1' default '2'",
        "c int default x",
    ];
    for sql in cases {
        assert!(column(sql).is_err(), "{sql}");
    }
}

#[test]
fn clauses_come_in_any_order() {
    let a = "engine = OLAP primary key (a, `b`) comment 'x' partition by date_trunc('day', d) distributed by hash(a) buckets 8 \
             rollup (r (a, b) duplicate key (a) from t properties (\"k\"=\"v\")) order by (b) properties ('p'='1')";
    let b = "properties ('p'='1') order by (b) rollup (r (a, b) duplicate key (a) from t properties (\"k\"=\"v\")) \
             distributed by hash(a) buckets 8 partition by date_trunc('day', d) comment = 'x' primary key (a, `b`) engine olap \
             default charset=utf8mb4";
    let (a, b) = (clauses(a).unwrap(), clauses(b).unwrap());
    assert_eq!(a.engine.as_deref().map(String::as_str), Some("olap"));
    assert_eq!(a.key.as_deref(), Some(&KeyClause { kind: KeyKind::Primary, columns: vec!["a".into(), "b".into()] }));
    assert_eq!(a.key.as_deref(), b.key.as_deref());
    assert_eq!(a.distribution.as_deref(), b.distribution.as_deref());
    assert_eq!(a.partition_by.as_deref(), b.partition_by.as_deref());
    assert_eq!(a.rollups.as_deref(), b.rollups.as_deref());
    assert_eq!(a.order_by.as_deref(), b.order_by.as_deref());
    assert_eq!(a.comment.as_deref(), b.comment.as_deref());
    assert_eq!(a.properties.as_deref(), b.properties.as_deref());
    assert_eq!(a.distribution.map(|placed| placed.position.column), Some(82));
}

#[test]
fn a_clause_comes_once_and_whole() {
    let cases = [
        "comment 'a' comment 'b'",
        "primary key (a) duplicate key (b)",
        "properties ('a'='1') properties ('b'='2')",
        "distributed by hash(a) buckets 0",
        "distributed by a",
        "distributed by hash()",
        "order by a",
        "primary key",
        "engine",
        "charset = latin1",
        "partition by",
        "partition by range(a)",
        "rollup ()",
        "properties ('a')",
    ];
    for sql in cases {
        assert!(clauses(sql).is_err(), "{sql}");
    }
}

#[test]
fn duplicate_clauses_say_where() {
    let error = clauses("comment 'a'\n  comment 'b'").unwrap_err();
    let expected = "near 'comment 'b'' at line 2 column 3: expected only one COMMENT clause";
    assert!(error.message().ends_with(expected), "{error}");
}
