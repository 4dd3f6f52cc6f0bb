//! Every path of a table's bytes. Paths are never used twice.
//!
//! `data/<table id>/<leader epoch>-<write>-<uuid>.parquet`: epoch and write tell the sweep which files belong to a process,
//! or to a write, that is gone, so that what it left can be deleted without guessing by age.

use base::ids::{TableId, WriterId};
use catalog::State;

pub const DATA: &str = "data";

/// A new path for a file of this table.
pub fn new_data_file(table: TableId, writer: WriterId) -> String {
    let WriterId { epoch, write } = writer;
    format!("{DATA}/{table}/{epoch}-{write}-{}.parquet", uuid::Uuid::new_v4().simple())
}

/// Who wrote the data file of this path; `None` for anything that is not such a path.
pub fn writer_of(path: &str) -> Option<WriterId> {
    let name = path.strip_prefix(DATA)?.rsplit('/').next()?;
    let (epoch, rest) = name.strip_suffix(".parquet")?.split_once('-')?;
    let (write, _) = rest.split_once('-')?;
    Some(WriterId { epoch: epoch.parse().ok()?, write: write.parse().ok()? })
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
    fn the_writer_can_be_read_back() {
        let writer = WriterId { epoch: 42, write: 7 };
        assert_eq!(writer_of(&new_data_file(TableId(7), writer)), Some(writer));
        for other in ["meta/log/1", "data/7/x.parquet", "data/7/1-a.parquet", "data/7/1-2-a.tmp"] {
            assert_eq!(writer_of(other), None, "{other}");
        }
    }
}
