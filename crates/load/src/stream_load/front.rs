//! Who knows the tables and commits loads: the catalog of this process, or a front end that a compute node asks.

use super::cancellation::{Cancellable, Cancellations};
use async_trait::async_trait;
use base::ids::{DbId, TableId, WriterId};
use base::names::INFORMATION_SCHEMA;
use base::session_variable::SessionVariables;
use base::{Error, ErrorKind, Result};
use catalog::load::{LabelState, LoadCounts, LoadKind, LoadProgress, LoadRequest, OpenLoad};
use catalog::{ActiveWrite, Catalog, NewFile, Object, Snapshot, Table, TableWrite, WriteMode};
use std::sync::Arc;

/// What a load wants to write to, and for whom.
#[derive(Debug, Clone)]
pub struct BeginLoad {
    pub database: String,
    pub table: String,
    pub label: String,
    /// Whoever was authenticated already, with the variables that expressions see.
    pub user: String,
    pub variables: SessionVariables,
    /// The request's header, for a front that has to authenticate.
    pub authorization: Option<String>,
}

/// A load that may go on.
pub struct Begun {
    pub txn: u64,
    pub user: String,
    pub variables: SessionVariables,
    pub table: Arc<Table>,
    /// In which expressions are compiled.
    pub snapshot: Snapshot,
    /// What files are named after.
    pub writer: WriterId,
    /// Microseconds since 1970.
    pub now_us: i64,
    pub transaction: Box<dyn LoadTransaction>,
}

/// Why a load may not begin.
#[derive(Debug)]
pub struct Refused {
    pub error: Error,
    /// Of a label that is taken, whether its load still runs.
    pub running: Option<bool>,
}

#[async_trait]
pub trait LoadFront: Send + Sync {
    /// Takes the label, before a byte of the body is read.
    async fn begin(&self, load: BeginLoad) -> Result<Begun, Refused>;
}

/// A load that holds its label. Dropping it gives the label back.
#[async_trait]
pub trait LoadTransaction: Send + Sync {
    fn progress(&self) -> &Arc<LoadProgress>;

    /// Resolves when the load shall end, to the reason.
    async fn cancelled(&mut self) -> Error;

    /// From here on the load cannot be ended by its users any more.
    ///
    /// # Errors
    /// The reason, if it was to end at the last moment.
    fn close(&mut self) -> Result<()>;

    /// Makes the files visible and the label used. Durable on return.
    ///
    /// # Errors
    /// As [`OpenLoad::commit`].
    async fn commit(
        self: Box<Self>,
        files: Vec<NewFile>,
        counts: LoadCounts,
        tracking_url: Option<String>,
    ) -> Result<()>;

    /// Records why nothing was loaded; the label is free again.
    async fn fail(self: Box<Self>, error: &Error, counts: LoadCounts, tracking_url: Option<String>);
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused { error, running: None }
    }
}

/// The catalog of this process; clones share the loads that run.
#[derive(Debug, Clone)]
pub struct CatalogFront {
    catalog: Catalog,
    cancellations: Cancellations,
}

impl CatalogFront {
    pub fn new(catalog: Catalog) -> Self {
        CatalogFront { catalog, cancellations: Cancellations::default() }
    }

    /// Ends a running load; false if there is none under this label whose rows are not being committed.
    pub fn cancel(&self, db: DbId, label: &str) -> bool {
        self.cancellations.cancel(db, label)
    }

    fn open(&self, load: &BeginLoad, snapshot: &Snapshot) -> Result<(Arc<Table>, OpenLoad)> {
        if load.database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
            let message = "tables of information_schema show what the server knows and cannot be loaded";
            return Err(Error::new(ErrorKind::WrongObject, message).with("table", &load.table));
        }
        let table = Arc::clone(snapshot.table(&load.database, &load.table)?);
        if !matches!(table.meta.object, Object::Table(_)) {
            let message = format!("'{}' is a {}: only tables can be loaded", load.table, table.meta.kind_name());
            return Err(Error::new(ErrorKind::WrongObject, message));
        }
        let open = self.catalog.begin_load(LoadRequest {
            label: load.label.clone(),
            kind: LoadKind::Stream,
            db: table.meta.db,
            database: load.database.clone(),
            table: table.meta.id,
            table_name: load.table.clone(),
            user: load.user.clone(),
        })?;
        Ok((table, open))
    }

    fn refused(&self, load: &BeginLoad, error: Error) -> Refused {
        if error.kind() != ErrorKind::LabelExists {
            return error.into();
        }
        let db = self.catalog.snapshot().database(&load.database).map(|d| d.id);
        let state = db.ok().and_then(|db| self.catalog.label_state(db, &load.label));
        // If the other load failed just now, its rows are not there: the client has to try again.
        Refused { error, running: Some(state != Some(LabelState::Finished)) }
    }
}

#[async_trait]
impl LoadFront for CatalogFront {
    async fn begin(&self, load: BeginLoad) -> Result<Begun, Refused> {
        let snapshot = self.catalog.snapshot();
        let (table, open) = self.open(&load, &snapshot).map_err(|e| self.refused(&load, e))?;
        let cancellable = self.cancellations.register(table.meta.db, &load.label);
        let (id, write) = (table.meta.id, self.catalog.begin_write());
        Ok(Begun {
            txn: open.txn().0,
            user: load.user,
            variables: load.variables,
            table,
            snapshot,
            writer: write.id(),
            now_us: self.catalog.clock().now_us(),
            transaction: Box::new(CatalogTransaction {
                table: id,
                open,
                cancellable: Some(cancellable),
                _write: write,
            }),
        })
    }
}

struct CatalogTransaction {
    table: TableId,
    open: OpenLoad,
    cancellable: Option<Cancellable>,
    /// Until the load has ended, however it ends.
    _write: ActiveWrite,
}

#[async_trait]
impl LoadTransaction for CatalogTransaction {
    fn progress(&self) -> &Arc<LoadProgress> {
        self.open.progress()
    }

    async fn cancelled(&mut self) -> Error {
        match &mut self.cancellable {
            Some(cancellable) => cancellable.asked().await,
            None => std::future::pending().await,
        }
    }

    fn close(&mut self) -> Result<()> {
        self.cancellable.take().map_or(Ok(()), Cancellable::close)
    }

    async fn commit(
        self: Box<Self>,
        files: Vec<NewFile>,
        counts: LoadCounts,
        tracking_url: Option<String>,
    ) -> Result<()> {
        let write = TableWrite { table: self.table, files, mode: WriteMode::Append };
        self.open.commit(write, counts, tracking_url).await.map(|_| ())
    }

    async fn fail(self: Box<Self>, error: &Error, counts: LoadCounts, tracking_url: Option<String>) {
        self.open.fail(error, counts, tracking_url).await;
    }
}
