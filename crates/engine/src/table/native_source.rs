//! A native table's Parquet files as a scan reads them, also on another node.
//!
//! DataFusion's own form of a Parquet scan for the wire leaves out deleted rows, the mapping of columns by field id and
//! the defaults of columns that are younger than a file: the scan would run and return wrong rows. This source has no such
//! form, so that a scan can only travel as [`crate::distribute::codec`] writes it.

use super::field_id::{Defaults, FieldIdAdapterFactory};
use crate::engine::STORE_URL;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_expr_adapter::PhysicalExprAdapterFactory;
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::Morselizer;
use object_store::ObjectStore;
use std::fmt::Formatter;
use std::sync::Arc;

/// What reads the files of a native table.
#[derive(Debug, Clone)]
pub(crate) struct NativeSource {
    parquet: ParquetSource,
    defaults: Defaults,
}

impl NativeSource {
    /// A source that reads through this process's store and footer cache.
    pub(crate) fn new(parquet: ParquetSource, defaults: Defaults, runtime: &RuntimeEnv) -> Result<Self> {
        let store = runtime.object_store(&*STORE_URL)?;
        let reader = CachedParquetFileReaderFactory::new(store, runtime.cache_manager.get_file_metadata_cache());
        Ok(NativeSource { parquet: parquet.with_parquet_file_reader_factory(Arc::new(reader)), defaults })
    }

    /// The source of a scan, if it is one of a native table.
    pub(crate) fn of(scan: &DataSourceExec) -> Option<(&FileScanConfig, &NativeSource)> {
        scan.downcast_to_file_source::<NativeSource>()
    }

    /// Maps columns by field id; every scan of this source needs it.
    pub(crate) fn adapter(&self) -> Arc<dyn PhysicalExprAdapterFactory> {
        Arc::new(FieldIdAdapterFactory { defaults: Arc::clone(&self.defaults) })
    }

    pub(crate) fn parquet(&self) -> &ParquetSource {
        &self.parquet
    }

    pub(crate) fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// The source with filters evaluated row by row while rows are decoded.
    #[must_use]
    pub(crate) fn with_early_rows(&self) -> Self {
        NativeSource { parquet: self.parquet.clone().with_pushdown_filters(true), defaults: Arc::clone(&self.defaults) }
    }

    /// What a method of the Parquet source returned, with our part around it again.
    fn wrapped(&self, source: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        match source.downcast_ref::<ParquetSource>() {
            Some(parquet) => Arc::new(NativeSource { parquet: parquet.clone(), defaults: Arc::clone(&self.defaults) }),
            None => source,
        }
    }
}

impl FileSource for NativeSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.parquet.create_file_opener(store, config, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        self.parquet.create_morselizer(store, config, partition)
    }

    fn table_schema(&self) -> &TableSchema {
        self.parquet.table_schema()
    }

    fn with_batch_size(&self, rows: usize) -> Arc<dyn FileSource> {
        self.wrapped(self.parquet.with_batch_size(rows))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.parquet.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.parquet.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.parquet.metrics()
    }

    fn file_type(&self) -> &str {
        self.parquet.file_type()
    }

    fn fmt_extra(&self, format: DisplayFormatType, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.parquet.fmt_extra(format, f)
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let pushed = self.parquet.try_pushdown_filters(filters, config)?;
        let updated_node = pushed.updated_node.map(|source| self.wrapped(source));
        Ok(FilterPushdownPropagation { filters: pushed.filters, updated_node })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(match self.parquet.try_pushdown_sort(order, properties)? {
            SortOrderPushdownResult::Exact { inner } => SortOrderPushdownResult::Exact { inner: self.wrapped(inner) },
            SortOrderPushdownResult::Inexact { inner } => {
                SortOrderPushdownResult::Inexact { inner: self.wrapped(inner) }
            }
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.parquet.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        Ok(self.parquet.try_pushdown_projection(projection)?.map(|source| self.wrapped(source)))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.parquet.apply_expressions(f)
    }
}
