use base::Result;

use super::*;

fn read(sql: &str) -> Result<PartitionBy> {
    let mut cursor = Cursor::new(sql)?;
    let partition_by = PartitionBy::parse(&mut cursor)?;
    cursor.expect_end()?;
    Ok(partition_by)
}

fn value(text: &str) -> PartitionValue {
    PartitionValue::Value(text.to_owned())
}

#[test]
fn ranges() {
    let sql = "partition by range(d, k) (
        partition p1 values less than ('2024-01-01', '5') ('replication_num' = '1'),
        partition if not exists p2 values [('2024-01-01', -5), ('2025-01-01', maxvalue)),
        start ('2025-01-01') end ('2026-01-01') every (interval 1 month),
        start (\"1\") end (\"100\") every (10),
        partition pmax values less than maxvalue)";
    let PartitionBy::Range { columns, items } = read(sql).unwrap() else { panic!("a range") };
    assert_eq!(columns.len(), 2);
    let properties = vec![("replication_num".to_owned(), "1".to_owned())];
    let values = vec![value("2024-01-01"), value("5")];
    assert_eq!(items[0], RangeItem::LessThan { name: "p1".to_owned(), values, properties });
    let lower = vec![value("2024-01-01"), value("-5")];
    let upper = vec![value("2025-01-01"), PartitionValue::MaxValue];
    assert_eq!(items[1], RangeItem::Fixed { name: "p2".to_owned(), lower, upper, properties: Vec::new() });
    let batch = |start: &str, end: &str, every| RangeItem::Batch(Batch { start: start.into(), end: end.into(), every });
    assert_eq!(items[2], batch("2025-01-01", "2026-01-01", Every::Interval(1, Unit::Month)));
    assert_eq!(items[3], batch("1", "100", Every::Number(10)));
    let values = vec![PartitionValue::MaxValue];
    assert_eq!(items[4], RangeItem::LessThan { name: "pmax".to_owned(), values, properties: Vec::new() });
}

#[test]
fn lists() {
    let PartitionBy::List { items, .. } =
        read("partition by list(a) (partition p1 values in ('x', 'y'), partition p2 values in (null))").unwrap()
    else {
        panic!("a list")
    };
    assert_eq!(items[0].values, [vec![value("x")], vec![value("y")]]);
    assert_eq!(items[1].values, [vec![PartitionValue::Null]]);
    let PartitionBy::List { items, .. } =
        read("partition by list(a, b) (partition p values in (('x', '1'), ('y', '2')))").unwrap()
    else {
        panic!("a list")
    };
    assert_eq!(items[0].values[1], [value("y"), value("2")]);
}

#[test]
fn expressions_with_and_without_brackets() {
    for sql in ["partition by a, date_trunc('day', b)", "partition by (a, date_trunc('day', b))"] {
        let PartitionBy::Expressions(exprs) = read(sql).unwrap() else { panic!("expressions") };
        assert_eq!(exprs.len(), 2, "{sql}");
    }
    assert_eq!(read("partition by range(d) ()").unwrap(), {
        PartitionBy::Range { columns: vec![crate::parse_expr("d").unwrap()], items: Vec::new() }
    });
}

#[test]
fn broken_partitions_are_errors() {
    let cases = [
        "partition by range(d) (partition p values less ('a'))",
        "partition by range(d) (partition p values ['a'))",
        "partition by range(d) (partition values less than ('a'))",
        "partition by range(d) (start ('a') end ('b') every (interval 0 day))",
        "partition by range(d) (start ('a') end ('b') every (interval 1 dya))",
        "partition by list(d) (partition p values ('a'))",
        "partition by ()",
    ];
    for sql in cases {
        assert!(read(sql).is_err(), "{sql}");
    }
}
