use super::*;

fn actions(sql: &str) -> Result<Vec<AlterTableAction>> {
    let sql = format!("alter table d.t {sql}");
    AlterTable::parse(&mut Cursor::new(&sql)?).map(|alter| alter.actions)
}

fn one(sql: &str) -> AlterTableAction {
    let mut found = actions(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(found.len(), 1, "{sql}");
    found.remove(0)
}

fn text(value: &str) -> String {
    value.to_owned()
}

#[test]
fn renames_and_simple_clauses() {
    use AlterTableAction as A;
    let pair = |k: &str, v: &str| vec![(text(k), text(v))];
    let cases = [
        ("rename x", A::Rename(text("x"))),
        ("rename to x", A::Rename(text("x"))),
        ("rename partition a b", A::RenamePartition { from: text("a"), to: text("b") }),
        ("rename rollup a b", A::RenameRollup { from: text("a"), to: text("b") }),
        ("rename column a to b", A::RenameColumn { from: text("a"), to: text("b") }),
        ("rename column a b;", A::RenameColumn { from: text("a"), to: text("b") }),
        ("comment = \"x\"", A::Comment(text("x"))),
        ("modify comment 'x'", A::Comment(text("x"))),
        ("truncate partition (p1, p2)", A::TruncatePartition { names: vec![text("p1"), text("p2")] }),
        ("truncate partition p1", A::TruncatePartition { names: vec![text("p1")] }),
        ("set ('a' = 'b')", A::SetProperties(pair("a", "b"))),
        ("swap with u", A::SwapWith(text("u"))),
        ("drop rollup r1, r2", A::DropRollup(vec![text("r1"), text("r2")])),
        ("drop index i", A::DropIndex(text("i"))),
        ("compact", A::Compact { kind: CompactKind::Any, partitions: Vec::new() }),
        ("base compact (p1)", A::Compact { kind: CompactKind::Base, partitions: vec![text("p1")] }),
        ("cumulative compact p1", A::Compact { kind: CompactKind::Cumulative, partitions: vec![text("p1")] }),
        (
            "modify partition (*) set ('a' = 'b')",
            A::ModifyPartition { partitions: PartitionNames::All, properties: pair("a", "b") },
        ),
        (
            "replace partition (p) with temporary partition (tp) properties ('strict_range' = 'true')",
            A::ReplacePartition {
                partitions: vec![text("p")],
                temporary: vec![text("tp")],
                properties: pair("strict_range", "true"),
            },
        ),
        (
            "order by (a, b) from r",
            A::OrderBy { columns: vec![text("a"), text("b")], rollup: Some(text("r")), properties: Vec::new() },
        ),
        ("modify column s drop field a.b", A::DropField { column: text("s"), path: vec![text("a"), text("b")] }),
    ];
    for (sql, expected) in cases {
        assert_eq!(one(sql), expected, "{sql}");
    }
}

#[test]
fn partitions() {
    let AlterTableAction::AddPartition(add) = one(
        "add temporary partition if not exists p values less than ('2024') distributed by hash(a) buckets 4 properties ('x'='1')",
    ) else {
        panic!("add partition")
    };
    assert!(add.temporary && add.if_not_exists && add.distribution.is_some());
    assert_eq!(add.properties.len(), 1);
    assert!(matches!(
        one("add partition p values in ('a', 'b')"),
        AlterTableAction::AddPartition(AddPartition { partition: NewPartition::List(_), .. })
    ));
    assert!(matches!(
        one("add partitions start ('2024-01-01') end ('2024-02-01') every (interval 1 day)"),
        AlterTableAction::AddPartition(AddPartition { partition: NewPartition::Batch(_), .. })
    ));
    let which = |sql: &str| match one(sql) {
        AlterTableAction::DropPartition(drop) => (drop.if_exists, drop.force, drop.which),
        other => panic!("{other:?}"),
    };
    assert_eq!(which("drop partition if exists p force"), (true, true, DroppedPartitions::Names(vec![text("p")])));
    assert_eq!(which("drop partitions (p, q)"), (false, false, DroppedPartitions::Names(vec![text("p"), text("q")])));
    assert!(matches!(which("drop partitions where dt < '2024-01-01'").2, DroppedPartitions::Where(_)));
    assert!(matches!(which("drop temporary partition tp").2, DroppedPartitions::Names(_)));
    let AlterTableAction::Distribute(distribute) = one("partitions (p1) distributed by hash(a) default buckets 9")
    else {
        panic!("distribute")
    };
    assert!(distribute.default_buckets);
    assert_eq!(distribute.distribution, Distribution::Hash { columns: vec![text("a")], buckets: Some(9) });
}

#[test]
fn columns() {
    let AlterTableAction::AddColumns { columns, place, rollup, .. } =
        one("add column c int sum default '0' after b to r")
    else {
        panic!("add column")
    };
    assert_eq!((columns.len(), place, rollup), (1, Some(ColumnPlace::After(text("b"))), Some(text("r"))));
    let AlterTableAction::AddColumns { columns, .. } = one("add column (c int, d varchar(10) comment 'x')") else {
        panic!("add columns")
    };
    assert_eq!(columns.len(), 2);
    let AlterTableAction::ModifyColumn { column, place, .. } =
        one("modify column c bigint key default '0' comment 'x' first")
    else {
        panic!("modify column")
    };
    assert!(column.key && place == Some(ColumnPlace::First));
    let AlterTableAction::AddField { path, ty, .. } = one("modify column s add field a.b array<int> after x") else {
        panic!("add field")
    };
    assert_eq!((path.len(), ty.to_string().as_str()), (2, "ARRAY<INT>"));
    let both = actions("add column a int, drop column b from r, modify column c int").unwrap();
    assert_eq!(both.len(), 3);
    let rollups = actions("add rollup r1 (a, b), r2 (c), drop rollup r3").unwrap();
    assert!(matches!(&rollups[0], AlterTableAction::AddRollup(rollups) if rollups.len() == 2));
    assert!(matches!(one("add index i (a) using bitmap comment 'x'"), AlterTableAction::AddIndex(_)));
}

#[test]
fn broken_alterations_are_errors() {
    let cases = [
        "",
        "add",
        "add column",
        "add column a",
        "drop",
        "drop partition",
        "rename",
        "rename column a",
        "set",
        "swap with",
        "add partition p",
        "add partition p values",
        "modify partition p",
        "add column a int foo",
        "truncate partition",
        "distributed by hash(a) default",
        "replace partition (p) with partition (q)",
    ];
    for sql in cases {
        assert!(actions(sql).is_err(), "{sql}");
    }
}
