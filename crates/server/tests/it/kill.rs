//! kill -9 at any moment: what was acknowledged is there, what was not is there whole or not at all.

use crate::program::{Program, stream_load};
use mysql_async::prelude::Queryable;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

const ROUNDS: u64 = 6;
const LOADERS: u64 = 3;
const ROWS: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_loads_survive_and_others_leave_no_part() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Program::start(dir.path()).await;
    let mut db = server.connect().await;
    for statement in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (label VARCHAR(64), n INT) PARTITION BY (label)",
        "CREATE MATERIALIZED VIEW d.mv REFRESH ASYNC AS SELECT label, count(*) AS rows_seen, sum(n) AS total FROM d.t GROUP BY label",
    ] {
        db.query_drop(statement).await.unwrap();
    }
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    for round in 0..ROUNDS {
        let mut loaders = JoinSet::new();
        for loader in 0..LOADERS {
            let (url, acknowledged) = (server.url("/api/d/t/_stream_load"), Arc::clone(&acknowledged));
            loaders.spawn(async move {
                for n in 0.. {
                    let label = format!("l-{round}-{loader}-{n}");
                    let body: String = (0..ROWS).map(|i| format!("{label},{i}\n")).collect();
                    match stream_load(url.clone(), &label, body).await {
                        Some(answer) if answer["Status"] == "Success" => acknowledged.lock().await.insert(label),
                        Some(answer) => panic!("a load failed: {answer}"),
                        None => return,
                    };
                }
            });
        }
        // The moments differ from round to round and hit different steps: files, journal, checkpoint, compaction.
        tokio::time::sleep(Duration::from_millis(150 + 97 * round)).await;
        server.kill();
        while let Some(ended) = loaders.join_next().await {
            ended.unwrap();
        }
        server = Program::start(dir.path()).await;
        check(&server, &*acknowledged.lock().await).await;
    }
    assert!(acknowledged.lock().await.len() > ROUNDS as usize, "too few loads to prove anything");
}

async fn check(server: &Program, acknowledged: &BTreeSet<String>) {
    let mut db = server.connect().await;
    let rows: Vec<(String, u64, u64)> =
        db.query("SELECT label, count(*), sum(n) FROM d.t GROUP BY label").await.unwrap();
    let found: BTreeMap<&str, (u64, u64)> = rows.iter().map(|(l, c, s)| (l.as_str(), (*c, *s))).collect();
    for (label, counted) in &found {
        assert_eq!(*counted, (ROWS, ROWS * (ROWS - 1) / 2), "{label} is there in part");
    }
    for label in acknowledged {
        assert!(found.contains_key(label.as_str()), "{label} was acknowledged and is lost");
    }
    let labels: Vec<String> = db
        .query("SELECT label FROM information_schema.loads WHERE state = 'FINISHED' AND type = 'STREAM LOAD'")
        .await
        .unwrap();
    let labels: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
    assert_eq!(labels, found.keys().copied().collect::<BTreeSet<_>>(), "labels and rows are committed together");

    db.query_drop("REFRESH MATERIALIZED VIEW d.mv WITH SYNC MODE").await.unwrap();
    let view: Vec<(String, u64, u64)> = db.query("SELECT * FROM d.mv ORDER BY 1").await.unwrap();
    let mut definition = rows.clone();
    definition.sort();
    assert_eq!(view, definition, "the view equals its definition");
    let used = labels.first().expect("some load was acknowledged in the first round");
    let again = stream_load(server.url("/api/d/t/_stream_load"), used, "x,1\n".into()).await.unwrap();
    assert_eq!(again["Status"], "Label Already Exists", "{again}");
}
