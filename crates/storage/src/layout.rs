//! Every path of a table's bytes. Paths are never used twice.
//!
//! `data/<table id>/<leader epoch>-<uuid>.parquet`: the epoch tells the sweep which files belong to a process that is
//! gone, so that what it left half-written can be deleted without guessing by age.

use base::ids::TableId;
use catalog::State;

pub const DATA: &str = "data";

/// A new path for a file of this table.
pub fn new_data_file(table: TableId, epoch: u64) -> String {
    format!("{DATA}/{table}/{epoch}-{}.parquet", uuid::Uuid::new_v4().simple())
}

/// The leader epoch in a data file's path; `None` for anything that is not such a path.
pub fn epoch_of(path: &str) -> Option<u64> {
    let name = path.strip_prefix(DATA)?.rsplit('/').next()?;
    name.strip_suffix(".parquet")?.split_once('-')?.0.parse().ok()
}

/// Whether the folder `name` below [`DATA`] was a dropped table's. Table 0 is every table that a CREATE TABLE AS is about
/// to make.
pub fn was_dropped(name: &str, state: &State) -> bool {
    name.parse().is_ok_and(|id| id != 0 && state.was_dropped(TableId(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_can_be_read_back() {
        assert_eq!(epoch_of(&new_data_file(TableId(7), 42)), Some(42));
        for other in ["meta/log/1", "data/7/x.parquet", "data/7/1-a.tmp"] {
            assert_eq!(epoch_of(other), None, "{other}");
        }
    }
}
