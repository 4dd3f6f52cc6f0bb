use super::*;
use base::ids::{ColumnId, DbId, PartitionId, TableId, Version};
use catalog::{Layout, Object, Partition, PartitionMeta, TableMeta};
use sql::Cursor;
use std::sync::Arc;

fn columns() -> Vec<Column> {
    let types = [
        ("k", SqlType::Int),
        ("d", SqlType::Date),
        ("ts", SqlType::DateTime),
        ("c", SqlType::Varchar(9)),
        ("x", SqlType::Double),
    ];
    let column = |(id, (name, ty)): (u64, (&str, SqlType))| Column {
        id: ColumnId(id),
        name: name.to_string(),
        ty,
        nullable: name != "k",
        default: None,
        comment: String::new(),
    };
    (1..).zip(types).map(column).collect()
}

fn declared(sql: &str) -> Result<Declared> {
    let clause = PartitionBy::parse(&mut Cursor::new(sql)?)?;
    declare(Some(&clause), &columns(), "t", &mut Vec::new())
}

/// A table that is divided like that.
fn table(declared: &Declared) -> Table {
    let version = Version(1);
    let partition = |(i, (name, bounds)): (usize, &Named)| {
        let meta = PartitionMeta { id: PartitionId(i as u64), name: name.clone(), bounds: bounds.clone() };
        let files = Default::default();
        (meta.id, Arc::new(Partition { meta, data_version: version, phys_version: version, data_time_ms: 0, files }))
    };
    let layout = Layout {
        key_columns: Vec::new(),
        sort_key: Vec::new(),
        partitioning: declared.partitioning.clone(),
        bucket_columns: Vec::new(),
        buckets: None,
        properties: Default::default(),
    };
    Table {
        meta: Arc::new(TableMeta {
            id: TableId(1),
            db: DbId(1),
            name: "t".to_string(),
            comment: String::new(),
            columns: columns(),
            next_column_id: 6,
            object: Object::Table(layout),
            created_ms: 0,
        }),
        version,
        data_version: version,
        updated_ms: 0,
        partitions: declared.partitions.iter().enumerate().map(partition).collect(),
        mv: None,
    }
}

#[test]
fn printed_clauses_divide_alike() {
    for (sql, printed) in [
        ("partition by date_trunc('MONTH', D)", "PARTITION BY date_trunc('month', `d`)"),
        ("partition by d, C", "PARTITION BY (`d`, `c`)"),
        (
            "partition by range (k) (partition a values less than (10), partition b values [('20'), ('30')), \
             partition z values less than maxvalue)",
            "PARTITION BY RANGE(`k`)\n(PARTITION a VALUES LESS THAN (\"10\"),\nPARTITION b VALUES [(\"20\"), (\"30\")),\n\
             PARTITION z VALUES [(\"30\"), (MAXVALUE)))",
        ),
        (
            "partition by range (k) (partition b values [('20'), ('30')), partition a values [('-2147483648'), ('20')))",
            "PARTITION BY RANGE(`k`)\n(PARTITION a VALUES LESS THAN (\"20\"),\nPARTITION b VALUES [(\"20\"), (\"30\")))",
        ),
        (
            "partition by list (c) (partition a values in ('x', 'y\"z'), partition `b-c` values in (null))",
            "PARTITION BY LIST(`c`)\n(PARTITION a VALUES IN (\"x\", \"y\\\"z\"),\nPARTITION `b-c` VALUES IN (NULL))",
        ),
        (
            "partition by list (k, d) (partition a values in ((1, '2024-01-01'), ('2', null)))",
            "PARTITION BY LIST(`k`, `d`)\n(PARTITION a VALUES IN ((\"1\", \"2024-01-01\"), (\"2\", NULL)))",
        ),
        ("partition by range (d) ()", "PARTITION BY RANGE(`d`)\n()"),
    ] {
        let text = text::clause(&table(&declared(sql).unwrap())).unwrap();
        assert_eq!(text, printed);
        assert_eq!(text::clause(&table(&declared(&text).unwrap())).unwrap(), text);
    }
}

#[test]
fn an_undivided_table_has_one_partition() {
    let whole = declare(None, &columns(), "t", &mut Vec::new()).unwrap();
    assert_eq!(whole.partitions, [("t".to_string(), Bounds::All)]);
    assert_eq!(text::clause(&table(&whole)), None);
}

#[test]
fn clauses_without_meaning_are_refused() {
    for sql in [
        "partition by nosuch",
        "partition by x",
        "partition by d, d",
        "partition by date_trunc('week', d)",
        "partition by date_trunc('hour', d)",
        "partition by date_trunc('day', k)",
        "partition by time_slice(ts, interval 5 minute)",
        "partition by range (c) (partition p values less than ('x'))",
        "partition by range (k, d) (partition p values less than ('1', '2'))",
        "partition by range (k) (partition p values less than (10), partition p values less than (20))",
        "partition by range (k) (partition a values less than (10), partition b values [('5'), ('20')))",
        "partition by range (k) (partition a values less than (10), partition b values less than (10))",
        "partition by range (k) (partition a values [('5'), ('5')))",
        "partition by range (k) (partition a values less than ('x'))",
        "partition by range (k) (partition a values less than (null))",
        "partition by range (k) (partition a values [(maxvalue), ('5')))",
        "partition by range (k) (partition `a b` values less than (1))",
        "partition by list (c) (partition a values in ('x', 'x'))",
        "partition by list (c) (partition a values in ('x'), partition b values in ('x'))",
        "partition by list (c) (partition a values in ('ten bytes!'))",
        "partition by list (c) (partition a values in (maxvalue))",
        "partition by list (k) (partition a values in (null))",
        "partition by list (k, d) (partition a values in ('1'))",
    ] {
        assert!(declared(sql).is_err(), "{sql}");
    }
}
