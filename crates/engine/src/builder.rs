//! Puts an [`Engine`] together: functions, system tables and limits come from outside.

use crate::analyze::{self, Kernels};
use crate::distribute::{Cluster, Distribution};
use crate::engine::{Engine, Parts, STORE_URL, Threads};
use crate::table::system::SystemTable;
use crate::write_memory::WriteMemory;
use base::store::Store;
use base::{Error, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionConfig;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

/// Consumers named in an out-of-memory error.
const CONSUMERS_NAMED: usize = 5;
const FOOTER_CACHE_BYTES: usize = 256 << 20;

#[derive(Debug)]
pub struct EngineBuilder {
    store: Store,
    memory_bytes: usize,
    write_memory_bytes: usize,
    spill: Option<(PathBuf, u64)>,
    parallelism: usize,
    scalar: Vec<Arc<ScalarUDF>>,
    aggregate: Vec<Arc<AggregateUDF>>,
    system: Vec<Arc<dyn SystemTable>>,
    distribution: Option<Distribution>,
}

impl EngineBuilder {
    /// An engine over this store with 1 GiB of memory, no spilling and one thread per core.
    pub fn new(store: Store) -> Self {
        EngineBuilder {
            store,
            memory_bytes: 1 << 30,
            write_memory_bytes: 1 << 30,
            spill: None,
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
            scalar: Vec::new(),
            aggregate: Vec::new(),
            system: Vec::new(),
            distribution: None,
        }
    }

    /// Memory that all queries together may use.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Memory that all writers together may buffer rows in.
    #[must_use]
    pub fn write_memory_bytes(mut self, bytes: usize) -> Self {
        self.write_memory_bytes = bytes;
        self
    }

    /// Where operators that run out of memory put rows, and how many bytes.
    #[must_use]
    pub fn spill(mut self, directory: PathBuf, bytes_max: u64) -> Self {
        self.spill = Some((directory, bytes_max));
        self
    }

    /// Threads that one query uses unless the session says otherwise.
    #[must_use]
    pub fn parallelism(mut self, threads: usize) -> Self {
        self.parallelism = threads.max(1);
        self
    }

    /// Functions beyond and instead of DataFusion's own.
    #[must_use]
    pub fn functions(mut self, scalar: Vec<Arc<ScalarUDF>>, aggregate: Vec<Arc<AggregateUDF>>) -> Self {
        self.scalar.extend(scalar);
        self.aggregate.extend(aggregate);
        self
    }

    /// Tables of `information_schema`.
    #[must_use]
    pub fn system_tables(mut self, tables: Vec<Arc<dyn SystemTable>>) -> Self {
        self.system.extend(tables);
        self
    }

    /// Nodes that queries may use.
    #[must_use]
    pub fn distribution(mut self, distribution: Distribution) -> Self {
        self.distribution = Some(distribution);
        self
    }

    pub fn build(self) -> Result<Engine> {
        let runtime = self.runtime()?;
        let kernels = Kernels::find(&self.scalar)?;
        let builder = SessionStateBuilder::new_with_default_features()
            .with_config(config(self.parallelism))
            .with_runtime_env(Arc::clone(&runtime));
        let mut builder = analyze::install(builder, &kernels);
        builder.scalar_functions().get_or_insert_default().extend(self.scalar);
        builder.aggregate_functions().get_or_insert_default().extend(self.aggregate);
        builder = builder
            .with_optimizer_rules(crate::optimize::logical_rules())
            .with_physical_optimizer_rules(crate::optimize::physical_rules());
        let base = builder.build();
        let cluster = self.distribution.map(|d| Cluster::new(d, &base)).transpose()?;
        Ok(Engine::new(Parts {
            base,
            cluster,
            kernels,
            runtime,
            store: self.store,
            system: self.system,
            parallelism: self.parallelism,
            write_memory: WriteMemory::new(self.write_memory_bytes),
            threads: Threads::start(self.parallelism)?,
        }))
    }

    fn runtime(&self) -> Result<Arc<RuntimeEnv>> {
        let named = NonZeroUsize::new(CONSUMERS_NAMED).unwrap_or(NonZeroUsize::MIN);
        let pool = TrackConsumersPool::new(FairSpillPool::new(self.memory_bytes), named);
        let disk = match &self.spill {
            Some((directory, bytes_max)) => DiskManagerBuilder::default()
                .with_mode(DiskManagerMode::Directories(vec![directory.clone()]))
                .with_max_temp_directory_size(*bytes_max),
            None => DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        };
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .with_metadata_cache_limit(FOOTER_CACHE_BYTES)
            .build_arc()
            .map_err(|e| Error::internal("could not set up the query engine").caused_by(e))?;
        runtime.register_object_store(STORE_URL.as_ref(), self.store.objects());
        Ok(runtime)
    }
}

fn config(parallelism: usize) -> SessionConfig {
    let mut config = SessionConfig::new().with_target_partitions(parallelism).with_information_schema(false);
    let options = config.options_mut();
    options.catalog.create_default_catalog_and_schema = false;
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.default_null_ordering = "nulls_min".to_string();
    options.execution.parquet.schema_force_view_types = true;
    // A file whose column is all NULL makes this filter prune files of other partitions: MIN and MAX came out wrong
    // (sql-tests/query/statistics.test).
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    options.execution.time_zone = Some("UTC".to_string());
    config
}
