//! Commits that the store does not answer.

use super::flaky::{Fault, Flaky};
use super::{open, request, table_in, write};
use crate::Catalog;
use crate::journal::{self, Journal};
use crate::load::{LabelState, LoadCounts};
use base::ids::{DbId, TableId};
use base::{ErrorKind, Result};
use futures::poll;
use std::time::Duration;

/// More than a commit tries.
const FOR_LONG: usize = 20;

async fn load(catalog: &Catalog, (db, table): (DbId, TableId), label: &str) -> Result<()> {
    let load = catalog.begin_load(request(db, table, label))?;
    load.commit(write(table, label, 1), LoadCounts::default(), None).await.map(|_| ())
}

fn rows(catalog: &Catalog) -> u64 {
    catalog.snapshot().table("d", "t").unwrap().rows()
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_lost_answer_and_a_conflict_are_tried_again() {
    let (flaky, store) = Flaky::store();
    let catalog = open(&store).await;
    let at = table_in(&catalog).await;
    for (n, faults) in [&[Fault::Lost, Fault::NotWritten][..], &[Fault::Conflict, Fault::Conflict]].iter().enumerate() {
        flaky.fail(faults.iter().copied());
        load(&catalog, at, &format!("l{n}")).await.unwrap();
    }
    assert_eq!(rows(&catalog), 2);
    assert_eq!(rows(&open(&store).await), 2);
}

#[tokio::test]
async fn a_label_with_an_unknown_outcome_is_not_loaded_twice() {
    let (flaky, store) = Flaky::store();
    let catalog = open(&store).await;
    let at = table_in(&catalog).await;
    flaky.fail([Fault::Lost].into_iter().chain([Fault::NotWritten; 5]));
    // After the last try, before the first attempt to settle.
    let error = load(&catalog, at, "one").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(catalog.label_state(at.0, "one"), Some(LabelState::Running));
    assert_eq!(load(&catalog, at, "one").await.unwrap_err().kind(), ErrorKind::LabelExists);
    // Nobody commits, and it is settled all the same.
    until(|| catalog.label_state(at.0, "one") == Some(LabelState::Finished)).await;
    assert_eq!(rows(&catalog), 1);
}

#[tokio::test]
async fn a_record_that_was_never_written_is_written_when_the_store_answers_again() {
    let (flaky, store) = Flaky::store();
    let catalog = open(&store).await;
    let at = table_in(&catalog).await;
    flaky.fail([Fault::NotWritten; FOR_LONG]);
    assert_eq!(load(&catalog, at, "one").await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    // Never tried: certain.
    assert_eq!(load(&catalog, at, "two").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(catalog.label_state(at.0, "two"), None);
    flaky.fail([]);
    until(|| rows(&catalog) == 1).await;
    load(&catalog, at, "two").await.unwrap();
    assert_eq!(rows(&catalog), 2);
}

#[tokio::test]
async fn a_commit_whose_load_was_dropped_keeps_its_label() {
    let (_, store) = Flaky::store();
    let catalog = open(&store).await;
    let at = table_in(&catalog).await;
    let mut dropped = Box::pin(load(&catalog, at, "one"));
    assert!(poll!(&mut dropped).is_pending());
    drop(dropped);
    // Refused when the first is durable, not before.
    assert_eq!(load(&catalog, at, "one").await.unwrap_err().kind(), ErrorKind::LabelExists);
    assert_eq!(rows(&catalog), 1);
}

#[tokio::test]
async fn a_leader_fenced_after_an_unanswered_try_does_not_know() {
    let (flaky, store) = Flaky::store();
    let late = open(&store).await;
    let at = table_in(&late).await;
    let leader = open(&store).await;
    flaky.fail([Fault::NotWritten]);
    assert_eq!(load(&late, at, "one").await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(load(&late, at, "two").await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(rows(&leader), 0);
}

#[tokio::test]
async fn an_idle_leader_is_fenced_also_when_its_successors_lead_is_gone() {
    let (_, store) = Flaky::store();
    let first = open(&store).await;
    table_in(&first).await;
    drop(first);
    let (mut late, state, _) = Journal::open(store.clone()).await.unwrap();
    let lead = |state: &crate::State| journal::Batch {
        epoch: state.epoch + 1,
        writer: "late".into(),
        time_ms: 0,
        next_txn: 1,
        changes: vec![],
    };
    late.append(state.seq + 1, &lead(&state)).await.unwrap();
    let state = lead(&state).replay(state.clone(), state.seq + 1).unwrap();
    let leader = open(&store).await;
    for n in 0..3 {
        let _ = leader.commit(move |d| d.apply(crate::change::Change::ForgetTaskRuns(vec![n]))).await.unwrap();
        journal::write_checkpoint(&store, &leader.snapshot()).await.unwrap();
    }
    store.delete([format!("meta/log/{:020}", state.seq + 1)]).await.unwrap();
    late.idle_for(Duration::from_secs(3600));
    let error = late.append(state.seq + 1, &lead(&state)).await.err().map(|e| e.kind());
    assert_eq!(error, Some(ErrorKind::Fenced));
}
