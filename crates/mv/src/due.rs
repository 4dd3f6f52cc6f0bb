//! When a view must be refreshed next. Called by the scheduler for every active view at every turn.
//!
//! Decides on what it is told, and remembers only what a restart may forget: retries and what was tried are in the runs.

use crate::refresh::Cut;
use crate::schedule::{next_tick, retry_wait_ms};
use base::clock::UnixMs;
use base::ids::TableId;
use catalog::{MvState, RefreshScheme, RunState, TaskRun};
use std::collections::BTreeMap;

/// Retries of a refresh that failed for a passing reason. A view that refreshes on change has no other occasion, so it
/// is retried for ever.
const ATTEMPTS_MAX: u32 = 3;

/// What is known about an active view at one moment.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) id: TableId,
    pub(crate) created_ms: UnixMs,
    pub(crate) scheme: &'a RefreshScheme,
    pub(crate) state: &'a MvState,
    /// The bases' versions now.
    pub(crate) cut: Cut,
    pub(crate) newest: Option<&'a TaskRun>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at_ms: UnixMs,
    /// 0 for the first try.
    pub(crate) attempt: u32,
}

/// The next tick of a schedule.
#[derive(Debug, Clone, Copy)]
struct Tick {
    start_ms: UnixMs,
    every_ms: i64,
    at_ms: UnixMs,
}

#[derive(Debug)]
pub(crate) struct Dues {
    started_ms: UnixMs,
    debounce_ms: i64,
    retry_base_ms: i64,
    ticks: BTreeMap<TableId, Tick>,
    /// When a view that refreshes on change was first seen behind its bases.
    changed_since: BTreeMap<TableId, UnixMs>,
}

impl Dues {
    pub(crate) fn new(started_ms: UnixMs, debounce_ms: i64, retry_base_ms: i64) -> Self {
        Dues { started_ms, debounce_ms, retry_base_ms, ticks: BTreeMap::new(), changed_since: BTreeMap::new() }
    }

    /// When the view must be refreshed next, and as which attempt; `None` if only an event can make it due.
    pub(crate) fn next(&mut self, view: &View<'_>, now_ms: UnixMs) -> Option<Due> {
        if view.state.paused {
            self.forget(view.id);
            return None;
        }
        if view.newest.is_some_and(|r| !r.state.is_final()) {
            return None;
        }
        if let Some(retry) = self.retry(view, now_ms) {
            return Some(retry);
        }
        let at_ms = match view.scheme {
            RefreshScheme::Manual => return None,
            RefreshScheme::Every { start_ms, every_ms, .. } => self.tick(view, *start_ms, *every_ms, now_ms),
            RefreshScheme::OnChange => self.change(view, now_ms)?,
        };
        Some(Due { at_ms, attempt: 0 })
    }

    /// A refresh was asked for: what made it due is dealt with.
    pub(crate) fn requested(&mut self, mv: TableId, now_ms: UnixMs) {
        self.changed_since.remove(&mv);
        if let Some(tick) = self.ticks.get_mut(&mv) {
            tick.at_ms = next_tick(tick.start_ms, tick.every_ms, now_ms);
        }
    }

    pub(crate) fn forget(&mut self, mv: TableId) {
        self.ticks.remove(&mv);
        self.changed_since.remove(&mv);
    }

    pub(crate) fn keep(&mut self, known: impl Fn(TableId) -> bool) {
        self.ticks.retain(|id, _| known(*id));
        self.changed_since.retain(|id, _| known(*id));
    }

    fn retry(&self, view: &View<'_>, now_ms: UnixMs) -> Option<Due> {
        let failed = view.newest.filter(|r| r.state == RunState::Failed && r.retryable)?;
        let attempt = failed.attempt.saturating_add(1);
        if attempt > ATTEMPTS_MAX && *view.scheme != RefreshScheme::OnChange {
            return None;
        }
        let finished_ms = failed.finished_ms.unwrap_or(failed.created_ms);
        // A clock that was set back would make the wait as long as it went back.
        let at_ms =
            if finished_ms > now_ms { now_ms } else { finished_ms + retry_wait_ms(self.retry_base_ms, attempt) };
        Some(Due { at_ms, attempt })
    }

    fn tick(&mut self, view: &View<'_>, start_ms: UnixMs, every_ms: i64, now_ms: UnixMs) -> UnixMs {
        let next_ms = next_tick(start_ms, every_ms, now_ms);
        let at_ms = match self.ticks.get(&view.id) {
            // The clock may have been set back since.
            Some(known) if (known.start_ms, known.every_ms) == (start_ms, every_ms) => known.at_ms.min(next_ms),
            // The schedule was altered.
            Some(_) => next_ms,
            None => {
                let since_ms = view.newest.map_or(view.created_ms, |r| r.created_ms);
                // After a restart: ticks that passed while nobody watched are made up for once.
                let missed = since_ms < self.started_ms;
                if missed { next_tick(start_ms, every_ms, since_ms).min(next_ms) } else { next_ms }
            }
        };
        self.ticks.insert(view.id, Tick { start_ms, every_ms, at_ms });
        at_ms
    }

    fn change(&mut self, view: &View<'_>, now_ms: UnixMs) -> Option<UnixMs> {
        if view.cut == view.state.cut {
            self.changed_since.remove(&view.id);
            return None;
        }
        // A permanent failure waits for the next change of the bases, not for the same one again.
        if view.newest.is_some_and(|r| r.state == RunState::Failed && r.failed_on == view.cut) {
            return None;
        }
        let since_ms = self.changed_since.entry(view.id).or_insert(now_ms);
        *since_ms = now_ms.min(*since_ms);
        Some(*since_ms + self.debounce_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ids::{DbId, TaskId, Version};

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn every(start_ms: i64, every_ms: i64) -> RefreshScheme {
        RefreshScheme::Every { start_ms, every_ms, start_text: None, count: 1, unit: "MINUTE".to_string() }
    }

    fn cut(version: u64) -> Cut {
        Cut::from([(TableId(7), Version(version))])
    }

    fn run(state: RunState, attempt: u32, retryable: bool, failed_on: Cut) -> TaskRun {
        TaskRun {
            id: 1,
            query_id: String::new(),
            task: TaskId(1),
            task_name: String::new(),
            db: DbId(1),
            database: String::new(),
            mv: TableId(1),
            definition: String::new(),
            state,
            created_ms: HOUR,
            started_ms: Some(HOUR),
            finished_ms: Some(HOUR),
            error_code: 0,
            error_message: String::new(),
            force: false,
            manual: false,
            rows: 0,
            partitions: Vec::new(),
            base_partitions: Vec::new(),
            attempt,
            failed_on,
            retryable,
        }
    }

    /// A view whose rows show version 1 of its base, which now has `version`.
    fn next(dues: &mut Dues, scheme: &RefreshScheme, newest: Option<&TaskRun>, version: u64, now: i64) -> Option<Due> {
        let state = MvState { cut: cut(1), fresh_at_ms: Some(1), ..MvState::default() };
        let view = View { id: TableId(1), created_ms: 0, scheme, state: &state, cut: cut(version), newest };
        dues.next(&view, now)
    }

    fn dues() -> Dues {
        Dues::new(0, 1_000, 1_000)
    }

    fn at(at_ms: i64) -> Option<Due> {
        Some(Due { at_ms, attempt: 0 })
    }

    #[test]
    fn an_altered_schedule_counts_at_once() {
        let mut dues = dues();
        assert_eq!(next(&mut dues, &every(0, 24 * HOUR), None, 1, HOUR), at(24 * HOUR));
        assert_eq!(next(&mut dues, &every(0, MINUTE), None, 1, HOUR), at(HOUR + MINUTE));
        assert_eq!(next(&mut dues, &every(30, MINUTE), None, 1, HOUR), at(HOUR + 30));
    }

    #[test]
    fn a_clock_that_goes_back_delays_nothing() {
        let (mut dues, minutely) = (dues(), every(0, MINUTE));
        assert_eq!(next(&mut dues, &minutely, None, 1, 10 * HOUR), at(10 * HOUR + MINUTE));
        assert_eq!(next(&mut dues, &minutely, None, 1, HOUR), at(HOUR + MINUTE));
        // A tick that has come stays due until it is acted on.
        assert_eq!(next(&mut dues, &minutely, None, 1, HOUR + 5 * MINUTE), at(HOUR + MINUTE));
        dues.requested(TableId(1), HOUR + 5 * MINUTE);
        assert_eq!(next(&mut dues, &minutely, None, 1, HOUR + 5 * MINUTE), at(HOUR + 6 * MINUTE));

        let on_change = RefreshScheme::OnChange;
        assert_eq!(next(&mut dues, &on_change, None, 2, 10 * HOUR), at(10 * HOUR + 1_000));
        assert_eq!(next(&mut dues, &on_change, None, 2, HOUR), at(HOUR + 1_000));
        let failed = run(RunState::Failed, 0, true, cut(2));
        assert_eq!(next(&mut dues, &on_change, Some(&failed), 2, MINUTE), Some(Due { at_ms: MINUTE, attempt: 1 }));
    }

    #[test]
    fn a_permanent_failure_waits_for_other_versions() {
        let (mut dues, on_change) = (dues(), RefreshScheme::OnChange);
        let failed = run(RunState::Failed, 0, false, cut(2));
        assert_eq!(next(&mut dues, &on_change, Some(&failed), 2, 2 * HOUR), None);
        assert_eq!(next(&mut dues, &on_change, Some(&failed), 3, 2 * HOUR), at(2 * HOUR + 1_000));
    }

    #[test]
    fn a_passing_failure_is_retried_also_by_the_next_process() {
        let (mut dues, on_change) = (dues(), RefreshScheme::OnChange);
        for (attempt, wait_ms) in [(0, 1_000), (1, 2_000), (30, 300_000)] {
            let failed = run(RunState::Failed, attempt, true, cut(2));
            let due = Some(Due { at_ms: HOUR + wait_ms, attempt: attempt + 1 });
            assert_eq!(next(&mut dues, &on_change, Some(&failed), 2, HOUR), due);
        }
        // Others have another occasion.
        let failed = run(RunState::Failed, ATTEMPTS_MAX, true, cut(2));
        assert_eq!(next(&mut dues, &RefreshScheme::Manual, Some(&failed), 2, HOUR), None);
        assert_eq!(next(&mut dues, &every(0, 24 * HOUR), Some(&failed), 2, HOUR), at(24 * HOUR));
    }

    #[test]
    fn ticks_missed_while_down_are_made_up_for_once() {
        let mut dues = Dues::new(5 * HOUR, 0, 1);
        let before = run(RunState::Success, 0, false, Cut::new());
        assert_eq!(next(&mut dues, &every(0, MINUTE), Some(&before), 1, 5 * HOUR), at(HOUR + MINUTE));
        dues.requested(TableId(1), 5 * HOUR);
        assert_eq!(next(&mut dues, &every(0, MINUTE), Some(&before), 1, 5 * HOUR), at(5 * HOUR + MINUTE));
    }
}
