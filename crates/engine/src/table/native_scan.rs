//! A native table's files as a DataFusion scan: prune by the catalog's statistics, read Parquet by field id.

use super::field_id::{Defaults, defaults};
use super::native_source::NativeSource;
use super::{prune, statistics};
use crate::engine::STORE_URL;
use async_trait::async_trait;
use base::ids::{ColumnId, TableId};
use catalog::{DataFile, Table};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion_datasource::compute_all_files_statistics;
use parking_lot::Mutex;
use std::sync::Arc;

/// Projected columns beyond the filtered ones at which reading them only for matching rows pays off.
const LATE_COLUMNS_MIN: usize = 6;

#[derive(Debug)]
pub(crate) struct NativeScan {
    table: Arc<Table>,
    full_name: String,
    schema: SchemaRef,
    defaults: Defaults,
    notes: Arc<Mutex<Vec<String>>>,
}

impl NativeScan {
    pub(crate) fn new(table: Arc<Table>, full_name: String, notes: Arc<Mutex<Vec<String>>>) -> Self {
        let schema = storage::schema::table_schema(&table.meta.columns);
        let defaults = defaults(&table.meta.columns);
        NativeScan { table, full_name, schema, defaults, notes }
    }

    pub(crate) fn table_id(&self) -> TableId {
        self.table.meta.id
    }

    /// The columns that a scan with this projection and these filters reads.
    pub(crate) fn columns(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> Vec<ColumnId> {
        let columns = &self.table.meta.columns;
        let projected: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..columns.len()).collect());
        let filtered = filters.iter().flat_map(Expr::column_refs).filter_map(|c| self.schema.index_of(&c.name).ok());
        projected.into_iter().chain(filtered).filter_map(|i| columns.get(i)).map(|c| c.id).collect()
    }

    /// The files that may have matching rows; what was left out goes to EXPLAIN.
    fn files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Arc<DataFile>>> {
        let partitions: Vec<_> = self.table.partitions.values().collect();
        let all: Vec<(usize, Arc<DataFile>)> =
            partitions.iter().enumerate().flat_map(|(n, p)| p.files.iter().map(move |f| (n, Arc::clone(f)))).collect();
        let files: Vec<Arc<DataFile>> = all.iter().map(|(_, f)| Arc::clone(f)).collect();
        let matching = prune::matching(state, &self.schema, filters, &files)?;
        let kept: Vec<&(usize, Arc<DataFile>)> =
            all.iter().zip(matching).filter(|(_, m)| *m).map(|(file, _)| file).collect();
        let mut partitions_kept: Vec<usize> = kept.iter().map(|(n, _)| *n).collect();
        partitions_kept.dedup();
        self.notes.lock().push(format!(
            "SCAN {}: partitions={}/{}, files={}/{}, rows<={}, bytes<={}",
            self.full_name,
            partitions_kept.len(),
            partitions.len(),
            kept.len(),
            all.len(),
            kept.iter().map(|(_, f)| f.rows).sum::<u64>(),
            kept.iter().map(|(_, f)| f.bytes).sum::<u64>(),
        ));
        Ok(kept.into_iter().map(|(_, f)| Arc::clone(f)).collect())
    }

    /// Whether to decode the other columns only for rows that pass the filters.
    fn reads_late(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> bool {
        let mut filtered: Vec<String> =
            filters.iter().flat_map(|f| f.column_refs().into_iter().map(|c| c.name.clone())).collect();
        filtered.sort_unstable();
        filtered.dedup();
        let projected = projection.map_or(self.schema.fields().len(), Vec::len);
        !filtered.is_empty() && projected.saturating_sub(filtered.len()) >= LATE_COLUMNS_MIN
    }
}

#[async_trait]
impl TableProvider for NativeScan {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(state, filters)?;
        if files.is_empty() {
            let schema = match projection {
                Some(projection) => Arc::new(self.schema.project(projection)?),
                None => self.schema(),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let schema = TableSchema::builder(SchemaRef::clone(&self.schema)).build();
        let parquet = ParquetSource::new(schema)
            .with_table_parquet_options(options)
            .with_pushdown_filters(self.reads_late(projection, filters));
        let source = NativeSource::new(parquet, Arc::clone(&self.defaults), state.runtime_env())?;
        let files = files.iter().map(|f| {
            let statistics = Arc::new(statistics::of_file(f, &self.schema));
            PartitionedFile::new(f.path.clone(), f.bytes).with_statistics(statistics)
        });
        let groups = FileGroup::new(files.collect()).split_files(state.config().target_partitions());
        let (groups, statistics) = compute_all_files_statistics(groups, SchemaRef::clone(&self.schema), true, false)?;
        let adapter = source.adapter();
        let scan = FileScanConfigBuilder::new(STORE_URL.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(adapter))
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}
