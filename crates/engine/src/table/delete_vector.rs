//! Rows of a file that are deleted: a scan skips them, and everything else in the file stays as it is.

use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use roaring::RoaringBitmap;
use std::sync::Arc;

/// Positions of deleted rows in one file, from 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeleteVector {
    positions: Arc<RoaringBitmap>,
    /// Rows of the file, the deleted ones included.
    rows: u64,
}

impl DeleteVector {
    /// # Errors
    /// For a position beyond the file's last row.
    pub(crate) fn new(positions: RoaringBitmap, rows: u64) -> Result<Self> {
        match positions.max() {
            Some(max) if u64::from(max) >= rows => {
                internal_err!("row {max} of a file of {rows} rows cannot be deleted")
            }
            _ => Ok(DeleteVector { positions: Arc::new(positions), rows }),
        }
    }

    /// The delete vector of a file that a scan reads, if it has one.
    pub(crate) fn of(file: &PartitionedFile) -> Option<&DeleteVector> {
        file.extension::<DeleteVector>()
    }

    /// The file without these rows.
    pub(crate) fn attach_to(self, file: PartitionedFile) -> PartitionedFile {
        file.with_extension(ParquetRowSelection::new(self.selection())).with_extension(self)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.positions.serialized_size());
        self.positions.serialize_into(&mut bytes).map_err(DataFusionError::IoError)?;
        Ok(bytes)
    }

    pub(crate) fn from_bytes(bytes: &[u8], rows: u64) -> Result<Self> {
        let positions = RoaringBitmap::deserialize_from(bytes).map_err(DataFusionError::IoError)?;
        DeleteVector::new(positions, rows)
    }

    /// The rows that are left, as runs.
    fn selection(&self) -> RowSelection {
        let mut runs = Vec::new();
        let mut next = 0;
        let mut positions = self.positions.iter().map(|p| p as usize).peekable();
        while let Some(first) = positions.next() {
            let mut end = first + 1;
            while positions.next_if_eq(&end).is_some() {
                end += 1;
            }
            if first > next {
                runs.push(RowSelector::select(first - next));
            }
            runs.push(RowSelector::skip(end - first));
            next = end;
        }
        let rows = self.rows as usize;
        if next < rows {
            runs.push(RowSelector::select(rows - next));
        }
        runs.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_rows_are_skipped_in_runs() {
        let deleted = DeleteVector::new([0, 3, 4, 9].into_iter().collect(), 10).unwrap();
        let runs: Vec<(usize, bool)> = deleted.selection().iter().map(|r| (r.row_count, r.skip)).collect();
        assert_eq!(runs, [(1, true), (2, false), (2, true), (4, false), (1, true)]);
        assert_eq!(DeleteVector::from_bytes(&deleted.to_bytes().unwrap(), 10).unwrap(), deleted);
    }

    #[test]
    fn rows_beyond_the_end_cannot_be_deleted() {
        assert!(DeleteVector::new([10].into_iter().collect(), 10).is_err());
    }
}
