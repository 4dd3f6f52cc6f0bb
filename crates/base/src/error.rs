//! The one error type. A kind that a caller can act on, a message for people, facts as context, the cause kept.
//!
//! Messages are lower case without a full stop and say what could not be done and what to do; values go to context
//! ([`Error::with`]) and are printed after the message. [`crate::sql_code`] maps kinds to MySQL and HTTP codes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller would behave differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The text is not a statement: MySQL 1064.
    Parse,
    /// A well-formed statement asks for something that makes no sense (types, arguments, clauses).
    Invalid,
    /// Understood, but Viewmill does not do it (yet).
    Unsupported,
    UnknownDatabase,
    UnknownTable,
    UnknownColumn,
    UnknownPartition,
    UnknownFunction,
    UnknownVariable,
    UnknownCatalog,
    UnknownThread,
    DatabaseExists,
    TableExists,
    DuplicateColumn,
    /// The object exists but is of another kind (a view where a table is needed).
    WrongObject,
    /// No database chosen and none named.
    NoDatabase,
    AccessDenied,
    Privilege,
    /// A variable, property or option has a value it cannot have.
    WrongValue,
    ColumnCount,
    /// A subquery that stands for one value has several rows.
    SubqueryRows,
    NullNotAllowed,
    /// A row's data cannot be stored (type, length, partition).
    BadData,
    /// The label is used by a finished or running load.
    LabelExists,
    /// Another commit won; retry on the new version.
    Conflict,
    /// This process is no longer the leader of the store; every write fails from now on.
    Fenced,
    /// A part is down or does not answer. Of a commit: nothing was written.
    Unavailable,
    /// The store did not answer a commit: it may be there now, or later, or never. Its files must be left alone.
    OutcomeUnknown,
    Timeout,
    /// Killed by a user or by shutdown.
    Interrupted,
    /// Memory, disk, connections or queue slots are used up.
    Exhausted,
    /// Stored bytes are not what was written.
    Corrupt,
    /// The command byte or feature does not exist in the prepared-statement protocol.
    UnsupportedPrepared,
    UnknownCommand,
    PacketTooLarge,
    /// A bug in Viewmill.
    Internal,
}

pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), context: Vec::new(), source: None }))
    }

    pub fn parse(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Parse, message)
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Adds a fact that is printed after the message as `(name: value)`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without context and cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same request may succeed when repeated unchanged.
    pub fn retryable(&self) -> bool {
        use ErrorKind as K;
        matches!(self.kind(), K::Conflict | K::Unavailable | K::OutcomeUnknown | K::Timeout | K::Exhausted)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !self.0.context.is_empty() {
            let facts: Vec<String> = self.0.context.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            write!(f, " ({})", facts.join(", "))?;
        }
        if let Some(source) = &self.0.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

/// Kind and message: what another process can use of an error.
#[derive(Serialize, Deserialize)]
struct Told {
    kind: ErrorKind,
    message: String,
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Told { kind: self.kind(), message: self.to_string() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Told::deserialize(deserializer).map(|told| Error::new(told.kind, told.message))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| e.as_ref() as _)
    }
}
