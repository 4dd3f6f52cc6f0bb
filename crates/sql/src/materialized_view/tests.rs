use super::*;

fn create(sql: &str) -> Result<CreateMaterializedView> {
    CreateMaterializedView::parse(&mut Cursor::new(sql)?)
}

fn refresh(sql: &str) -> Result<Refresh> {
    let mut cursor = Cursor::new(sql)?;
    let refresh = Refresh::parse(&mut cursor)?;
    cursor.expect_end()?;
    Ok(refresh)
}

#[test]
fn clauses_come_in_any_order() {
    let orders = [
        "comment 'x' partition by (dt) distributed by hash(a) buckets 3 order by (a) refresh deferred manual properties ('p'='1')",
        "properties ('p'='1') refresh deferred manual order by (a) distributed by hash(a) buckets 3 partition by (dt) comment 'x'",
    ];
    let read = |order: &str| {
        let sql = format!(
            "create materialized view if not exists d.mv (a comment 'k', index i (a) using bitmap, b) {order} as select 1"
        );
        create(&sql).unwrap()
    };
    let [a, b] = orders.map(read);
    assert_eq!((a.columns.len(), a.indexes.len(), a.if_not_exists), (2, 1, true));
    assert_eq!(a.partition_by.as_deref(), b.partition_by.as_deref());
    assert_eq!(a.distribution.as_deref(), b.distribution.as_deref());
    assert_eq!(a.order_by.as_deref(), b.order_by.as_deref());
    assert_eq!(a.refresh.as_deref(), b.refresh.as_deref());
    assert_eq!(a.properties.as_deref(), b.properties.as_deref());
    assert_eq!(a.comment.as_deref(), b.comment.as_deref());
    assert_eq!(a.text, "select 1");
}

#[test]
fn refresh_schemes() {
    let start = || Some("2024-01-01 00:00:00".to_owned());
    let cases = [
        ("refresh", RefreshMoment::Immediate, RefreshScheme::Manual),
        ("refresh manual", RefreshMoment::Immediate, RefreshScheme::Manual),
        ("refresh deferred manual", RefreshMoment::Deferred, RefreshScheme::Manual),
        ("refresh incremental", RefreshMoment::Immediate, RefreshScheme::Incremental),
        ("refresh async", RefreshMoment::Immediate, RefreshScheme::Async { start: None, every: None }),
        (
            "refresh immediate async every(interval 1 hour)",
            RefreshMoment::Immediate,
            RefreshScheme::Async { start: None, every: Some((1, Unit::Hour)) },
        ),
        (
            "refresh deferred schedule start('2024-01-01 00:00:00') every (interval 10 minute)",
            RefreshMoment::Deferred,
            RefreshScheme::Async { start: start(), every: Some((10, Unit::Minute)) },
        ),
    ];
    for (sql, moment, scheme) in cases {
        assert_eq!(refresh(sql).unwrap(), Refresh { moment, scheme }, "{sql}");
    }
}

#[test]
fn broken_refreshes_are_errors() {
    let cases = [
        "refresh async start('x')",
        "refresh schedule",
        "refresh start('x') every(interval 1 day)",
        "refresh async every(1 day)",
        "refresh async every(interval 0 day)",
        "refresh every(interval 1 day)",
        "refresh manual async",
        "refresh async every interval 1 day",
    ];
    for sql in cases {
        assert!(refresh(sql).is_err(), "{sql}");
    }
}

#[test]
fn broken_views_are_errors() {
    let cases = [
        "create materialized view mv",
        "create materialized view mv refresh async",
        "create materialized view mv as",
        "create materialized view mv refresh async refresh manual as select 1",
        "create materialized view mv as select 1 refresh async",
        "create materialized view mv as delete from t",
    ];
    for sql in cases {
        assert!(create(sql).is_err(), "{sql}");
    }
}

#[test]
fn alterations() {
    use AlterMaterializedViewAction as Action;
    let name = |name: &str| ObjectName::from_parts(vec![name.to_owned()]).unwrap();
    let cases = [
        ("rename mv2", Action::Rename(name("mv2"))),
        ("active", Action::Active),
        ("inactive", Action::Inactive),
        ("pause", Action::Pause),
        ("resume;", Action::Resume),
        ("swap with other", Action::SwapWith(name("other"))),
        ("set ('a' = 'b')", Action::SetProperties(vec![("a".to_owned(), "b".to_owned())])),
        ("order by (a, b)", Action::OrderBy(vec!["a".to_owned(), "b".to_owned()])),
        (
            "refresh manual",
            Action::Refresh(Refresh { moment: RefreshMoment::Immediate, scheme: RefreshScheme::Manual }),
        ),
    ];
    for (sql, action) in cases {
        let sql = format!("alter materialized view d.mv {sql}");
        assert_eq!(AlterMaterializedView::parse(&mut Cursor::new(&sql).unwrap()).unwrap().action, action, "{sql}");
    }
    for sql in ["", "rename", "stop", "active now", "set 'a' = 'b'"] {
        let sql = format!("alter materialized view mv {sql}");
        assert!(AlterMaterializedView::parse(&mut Cursor::new(&sql).unwrap()).is_err(), "{sql}");
    }
}

#[test]
fn refreshes() {
    let read = |sql: &str| RefreshMaterializedView::parse(&mut Cursor::new(sql).unwrap());
    let full =
        read("refresh materialized view d.mv partition start ('a') end ('b') force with sync mode with priority 80")
            .unwrap();
    assert_eq!(full.partitions, RefreshPartitions::Range { start: "a".to_owned(), end: "b".to_owned() });
    assert_eq!((full.force, full.mode, full.priority), (true, Some(RefreshMode::Sync), Some(80)));
    let list = read("refresh materialized view mv partition (('x', '1'), ('y', '2')) with async mode").unwrap();
    assert!(matches!(list.partitions, RefreshPartitions::List(values) if values.len() == 2));
    let bare = read("refresh materialized view mv").unwrap();
    assert_eq!((bare.partitions, bare.force, bare.mode, bare.priority), (RefreshPartitions::All, false, None, None));
    for sql in [
        "refresh materialized view mv with sync",
        "refresh materialized view mv partition start ('a')",
        "refresh materialized view",
    ] {
        assert!(read(sql).is_err(), "{sql}");
    }
    let cancel =
        CancelRefresh::parse(&mut Cursor::new("cancel refresh materialized view d.mv force").unwrap()).unwrap();
    assert!(cancel.force);
}
