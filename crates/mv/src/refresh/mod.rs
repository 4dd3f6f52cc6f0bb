//! What a refresh has to do. Pure: definition, state and versions in, decision out.

use base::ids::{TableId, Version};
use catalog::{MvDefinition, MvState, State};
use std::collections::BTreeMap;

/// What one run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The rows already reflect the bases.
    Nothing,
    /// All rows are computed anew and swapped in.
    Full { reason: &'static str },
}

/// The data version of each base table; views are not in it, their tables are.
pub type Cut = BTreeMap<TableId, Version>;

/// The bases' versions in a state.
pub fn cut(definition: &MvDefinition, state: &State) -> Cut {
    let tables = definition.bases.iter().filter_map(|b| state.table_by_id(b.table));
    tables.filter(|t| !t.meta.is_view()).map(|t| (t.meta.id, t.data_version)).collect()
}

pub fn decide(definition: &MvDefinition, mv: &MvState, now: &Cut, force: bool) -> Decision {
    if force {
        return Decision::Full { reason: "forced" };
    }
    if mv.fresh_at_ms.is_none() {
        return Decision::Full { reason: "first refresh" };
    }
    if mv.cut != *now {
        return Decision::Full { reason: "base tables changed" };
    }
    if definition.time_dependent {
        return Decision::Full { reason: "the definition depends on the time" };
    }
    Decision::Nothing
}

/// Bases whose rows changed since the view's cut, with the partitions that did.
pub fn changed_partitions(definition: &MvDefinition, mv: &MvState, state: &State) -> Vec<(String, Vec<String>)> {
    let tables = definition.bases.iter().filter_map(|b| state.table_by_id(b.table)).filter(|t| !t.meta.is_view());
    tables
        .filter_map(|t| {
            let seen = mv.cut.get(&t.meta.id).copied().unwrap_or(Version(0));
            let changed = t.partitions.values().filter(|p| p.data_version > seen);
            let mut names: Vec<String> = changed.map(|p| p.meta.name.clone()).collect();
            names.sort();
            (t.data_version != seen).then(|| (t.meta.name.clone(), names))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::{Refresh, RefreshScheme};

    #[test]
    fn only_a_change_costs_a_refresh() {
        let definition = |time_dependent| MvDefinition {
            query: String::new(),
            database: String::new(),
            refresh: Refresh { immediate: true, scheme: RefreshScheme::Manual },
            bases: vec![],
            time_dependent,
            creator: String::new(),
            task: base::ids::TaskId(1),
        };
        let cut = |v| Cut::from([(TableId(1), Version(v))]);
        let fresh = MvState { cut: cut(3), fresh_at_ms: Some(1), ..MvState::default() };
        let never = MvState::default();
        for (time, state, now, force, expected) in [
            (false, &fresh, cut(3), false, Decision::Nothing),
            (false, &fresh, cut(4), false, Decision::Full { reason: "base tables changed" }),
            (false, &fresh, cut(3), true, Decision::Full { reason: "forced" }),
            (true, &fresh, cut(3), false, Decision::Full { reason: "the definition depends on the time" }),
            (false, &never, Cut::new(), false, Decision::Full { reason: "first refresh" }),
        ] {
            assert_eq!(decide(&definition(time), state, &now, force), expected);
        }
    }
}
