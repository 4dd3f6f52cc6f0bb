//! Names in queries: DataFusion's catalog traits over one snapshot.

use crate::engine::Scope;
use crate::plan::query;
use crate::table::native_scan::NativeScan;
use crate::table::system::SystemScan;
use base::names::{DEFAULT_CATALOG, INFORMATION_SCHEMA};
use base::{Error, limits};
use catalog::Object;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::ViewTable;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct SnapshotCatalogs {
    scope: Scope,
}

impl SnapshotCatalogs {
    pub(crate) fn new(scope: Scope) -> Self {
        SnapshotCatalogs { scope }
    }
}

impl CatalogProviderList for SnapshotCatalogs {
    fn register_catalog(&self, _: String, _: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![DEFAULT_CATALOG.to_string()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == DEFAULT_CATALOG).then(|| Arc::new(NativeCatalog { scope: self.scope.clone() }) as _)
    }
}

#[derive(Debug)]
struct NativeCatalog {
    scope: Scope,
}

impl CatalogProvider for NativeCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.scope.context.snapshot.databases().map(|d| d.name.clone()).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let known = name.eq_ignore_ascii_case(INFORMATION_SCHEMA) || self.scope.context.snapshot.database(name).is_ok();
        known.then(|| Arc::new(NativeSchema { scope: self.scope.clone(), database: name.to_string() }) as _)
    }
}

#[derive(Debug)]
struct NativeSchema {
    scope: Scope,
    database: String,
}

#[async_trait::async_trait]
impl SchemaProvider for NativeSchema {
    fn table_names(&self) -> Vec<String> {
        let snapshot = &self.scope.context.snapshot;
        let id = snapshot.database(&self.database).map(|d| d.id);
        id.map(|id| snapshot.tables_in(id).map(|t| t.meta.name.clone()).collect()).unwrap_or_default()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let scope = &self.scope;
        if self.database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
            let tables = scope.engine.system_tables();
            let found = tables.iter().find(|t| t.name().eq_ignore_ascii_case(name)).cloned();
            return Ok(found.map(|table| Arc::new(SystemScan::new(table, scope.context.clone())) as _));
        }
        let Ok(table) = scope.context.snapshot.table(&self.database, name).cloned() else { return Ok(None) };
        let Object::View { query, database } = &table.meta.object else {
            scope.tables.lock().insert(table.meta.id);
            let full_name = format!("{}.{name}", self.database);
            return Ok(Some(Arc::new(NativeScan::new(table, full_name, Arc::clone(&scope.notes)))));
        };
        scope.views.lock().insert(table.meta.id);
        let plan = plan_view(scope, query, database).await.map_err(|e| {
            let message = format!("view '{}.{name}' cannot be used", self.database);
            DataFusionError::External(Box::new(Error::invalid(message).caused_by(e)))
        })?;
        Ok(Some(Arc::new(ViewTable::new(plan, Some(query.clone())))))
    }

    fn table_exist(&self, name: &str) -> bool {
        if self.database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
            return self.scope.engine.system_tables().iter().any(|t| t.name().eq_ignore_ascii_case(name));
        }
        self.scope.context.snapshot.table(&self.database, name).is_ok()
    }
}

async fn plan_view(scope: &Scope, query: &str, database: &str) -> base::Result<datafusion::logical_expr::LogicalPlan> {
    if scope.view_depth >= limits::VIEW_DEPTH_MAX {
        return Err(Error::invalid("views are nested too deeply").with("depth", scope.view_depth));
    }
    let mut session = (*scope.context.session).clone();
    session.database = Some(database.to_string());
    let mut inner = scope.clone();
    inner.context.session = Arc::new(session);
    inner.view_depth += 1;
    // Boxed because views nest.
    Box::pin(query::plan_view(&inner, query)).await
}
