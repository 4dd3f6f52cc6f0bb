//! Whether a view's base tables still are what its definition was made for. Pure.

use base::Result;
use catalog::change::Change;
use catalog::{Base, Draft, MvState, Object, State, Table};

/// Why the view cannot be refreshed any more, in StarRocks' words; `None` if it can.
pub fn broken(state: &State, mv: &Table) -> Option<String> {
    let definition = mv.meta.materialized()?;
    definition.bases.iter().find_map(|base| broken_base(state, base))
}

fn broken_base(state: &State, base: &Base) -> Option<String> {
    let full_name = format!("{}.{}", base.database, base.name);
    let Some(table) = state.table_by_id(base.table) else {
        let recreated = state.table(&base.database, &base.name).is_ok();
        return Some(format!("base-table {}: {full_name}", if recreated { "changed" } else { "dropped" }));
    };
    if state.full_name(table) != full_name {
        return Some(format!("base-table renamed: {full_name}"));
    }
    if let (Object::View { query, .. }, Some(known)) = (&table.meta.object, &base.view_query) {
        return (query != known).then(|| format!("base-view changed: {full_name}"));
    }
    let lost: Vec<String> =
        base.columns.iter().filter(|id| table.meta.column(**id).is_none()).map(|id| format!("#{id}")).collect();
    if !lost.is_empty() {
        return Some(format!("base table schema changed for columns: {} of {full_name}", lost.join(",")));
    }
    let inactive = table.mv.as_ref().is_some_and(|s| !s.is_active());
    inactive.then(|| format!("base-mv inactive: {full_name}"))
}

/// Makes every view inactive whose base tables no longer fit. Called inside the commit that changes a table, so that no
/// reader sees an active view without its base.
pub fn settle(draft: &mut Draft) -> Result<()> {
    loop {
        let state = draft.state();
        let broken: Vec<(base::ids::TableId, MvState)> = state
            .tables()
            .filter_map(|t| t.mv.as_ref().filter(|s| s.is_active()).map(|s| (t, s)))
            .filter_map(|(t, s)| {
                let reason = broken(state, t)?;
                Some((t.meta.id, MvState { inactive_reason: Some(reason), ..(**s).clone() }))
            })
            .collect();
        if broken.is_empty() {
            return Ok(());
        }
        for (table, state) in broken {
            draft.apply(Change::PutMvState { table, state })?;
        }
        // An inactive view breaks the views on it: go on until nothing changes.
    }
}
