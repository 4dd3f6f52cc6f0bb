//! CREATE, ALTER, REFRESH and CANCEL REFRESH MATERIALIZED VIEW.

use base::Result;
use sqlparser::ast::Query;

use crate::partition::{self, PartitionBy, PartitionValue, Unit};
use crate::table_clause::{Distribution, IndexDef, once, order_by};
use crate::view::{ViewColumn, as_query};
use crate::{Cursor, ObjectName, Placed};

#[derive(Debug, Clone, PartialEq)]
pub struct CreateMaterializedView {
    pub name: ObjectName,
    pub if_not_exists: bool,
    /// Empty to keep the query's column names.
    pub columns: Vec<ViewColumn>,
    pub indexes: Vec<IndexDef>,
    pub comment: Option<Placed<String>>,
    pub partition_by: Option<Placed<PartitionBy>>,
    pub distribution: Option<Placed<Distribution>>,
    pub order_by: Option<Placed<Vec<String>>>,
    /// `None` when no REFRESH clause is written.
    pub refresh: Option<Placed<Refresh>>,
    pub properties: Option<Placed<Vec<(String, String)>>>,
    pub query: Box<Query>,
    /// The query as written.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    pub moment: RefreshMoment,
    pub scheme: RefreshScheme,
}

/// When the first refresh runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshMoment {
    Immediate,
    Deferred,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshScheme {
    /// On a schedule; without `every` after each change of a base table. `start` never comes without `every`.
    Async {
        start: Option<String>,
        every: Option<(u64, Unit)>,
    },
    Manual,
    Incremental,
}

impl CreateMaterializedView {
    /// Reads the whole statement from the word CREATE on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["CREATE", "MATERIALIZED", "VIEW"])?;
        let if_not_exists = cursor.if_not_exists();
        let name = cursor.name()?;
        let (columns, indexes) = columns(cursor)?;
        let (mut comment, mut partition_by, mut distribution) = (None, None, None);
        let (mut order, mut refresh, mut properties) = (None, None, None);
        loop {
            if cursor.starts_with(&["COMMENT"]) {
                once(cursor, &mut comment, "COMMENT", |c| Ok(c.comment()?.unwrap_or_default()))?;
            } else if cursor.starts_with(&["PARTITION", "BY"]) {
                once(cursor, &mut partition_by, "PARTITION BY", PartitionBy::parse)?;
            } else if cursor.starts_with(&["DISTRIBUTED", "BY"]) {
                once(cursor, &mut distribution, "DISTRIBUTED BY", Distribution::parse)?;
            } else if cursor.starts_with(&["ORDER", "BY"]) {
                once(cursor, &mut order, "ORDER BY", order_by)?;
            } else if cursor.starts_with(&["REFRESH"]) {
                once(cursor, &mut refresh, "REFRESH", Refresh::parse)?;
            } else if cursor.starts_with(&["PROPERTIES"]) {
                once(cursor, &mut properties, "PROPERTIES", Cursor::optional_properties)?;
            } else {
                break;
            }
        }
        let (query, text) = as_query(cursor)?;
        Ok(CreateMaterializedView {
            name,
            if_not_exists,
            columns,
            indexes,
            comment,
            partition_by,
            distribution,
            order_by: order,
            refresh,
            properties,
            query,
            text,
        })
    }
}

fn columns(cursor: &mut Cursor<'_>) -> Result<(Vec<ViewColumn>, Vec<IndexDef>)> {
    let mut columns = Vec::new();
    let mut indexes = Vec::new();
    if cursor.starts_with(&["("]) {
        cursor.list(|cursor| {
            if cursor.starts_with(&["INDEX"]) {
                indexes.push(IndexDef::parse(cursor)?);
            } else {
                columns.push(ViewColumn::parse(cursor)?);
            }
            Ok(())
        })?;
    }
    Ok((columns, indexes))
}

impl Refresh {
    /// `REFRESH [IMMEDIATE|DEFERRED] [ASYNC|SCHEDULE [START(…)] [EVERY(…)] | MANUAL | INCREMENTAL]`.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["REFRESH"])?;
        let moment = match cursor.skip_one_of(&["IMMEDIATE", "DEFERRED"]) {
            Some("DEFERRED") => RefreshMoment::Deferred,
            _ => RefreshMoment::Immediate,
        };
        let start = cursor.mark();
        let scheme = match cursor.skip_one_of(&["ASYNC", "SCHEDULE", "MANUAL", "INCREMENTAL"]) {
            Some("MANUAL") | None => RefreshScheme::Manual,
            Some("INCREMENTAL") => RefreshScheme::Incremental,
            Some(word) => {
                let (first, every) = schedule(cursor)?;
                if every.is_none() && (word == "SCHEDULE" || first.is_some()) {
                    return Err(cursor.unexpected("EVERY (INTERVAL n unit)"));
                }
                RefreshScheme::Async { start: first, every }
            }
        };
        let bare = cursor.mark() == start;
        if bare && (cursor.starts_with(&["START"]) || cursor.starts_with(&["EVERY"])) {
            return Err(cursor.unexpected("ASYNC or SCHEDULE"));
        }
        Ok(Refresh { moment, scheme })
    }
}

type Schedule = (Option<String>, Option<(u64, Unit)>);

/// `[START ('time')] [EVERY (INTERVAL n unit)]`.
fn schedule(cursor: &mut Cursor<'_>) -> Result<Schedule> {
    let mut start = None;
    if cursor.skip(&["START", "("]) {
        start = Some(cursor.string()?);
        cursor.expect(&[")"])?;
    }
    let mut every = None;
    if cursor.skip(&["EVERY"]) {
        cursor.expect(&["(", "INTERVAL"])?;
        every = Some((partition::positive(cursor)?, Unit::parse(cursor)?));
        cursor.expect(&[")"])?;
    }
    Ok((start, every))
}

#[derive(Debug, Clone, PartialEq)]
pub struct AlterMaterializedView {
    pub name: ObjectName,
    pub action: AlterMaterializedViewAction,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AlterMaterializedViewAction {
    Rename(ObjectName),
    Refresh(Refresh),
    Active,
    Inactive,
    /// Stops scheduling and triggers; the view stays active.
    Pause,
    Resume,
    SwapWith(ObjectName),
    SetProperties(Vec<(String, String)>),
    OrderBy(Vec<String>),
}

impl AlterMaterializedView {
    /// Reads the whole statement from the word ALTER on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        use AlterMaterializedViewAction as Action;
        cursor.expect(&["ALTER", "MATERIALIZED", "VIEW"])?;
        let name = cursor.name()?;
        let action = if cursor.skip(&["RENAME"]) {
            cursor.skip(&["TO"]);
            Action::Rename(cursor.name()?)
        } else if cursor.starts_with(&["REFRESH"]) {
            Action::Refresh(Refresh::parse(cursor)?)
        } else if cursor.skip(&["SWAP", "WITH"]) {
            Action::SwapWith(cursor.name()?)
        } else if cursor.skip(&["SET"]) {
            Action::SetProperties(cursor.properties()?)
        } else if cursor.starts_with(&["ORDER", "BY"]) {
            Action::OrderBy(order_by(cursor)?)
        } else {
            match cursor.skip_one_of(&["ACTIVE", "INACTIVE", "PAUSE", "RESUME"]) {
                Some("ACTIVE") => Action::Active,
                Some("INACTIVE") => Action::Inactive,
                Some("PAUSE") => Action::Pause,
                Some(_) => Action::Resume,
                None => {
                    let expected = "RENAME, REFRESH, ACTIVE, INACTIVE, PAUSE, RESUME, SWAP WITH, ORDER BY or SET";
                    return Err(cursor.unexpected(expected));
                }
            }
        };
        cursor.expect_end()?;
        Ok(AlterMaterializedView { name, action })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct RefreshMaterializedView {
    pub name: ObjectName,
    pub partitions: RefreshPartitions,
    pub force: bool,
    /// `None` when no mode is written.
    pub mode: Option<RefreshMode>,
    pub priority: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshPartitions {
    All,
    /// From `start` up to but not including `end`.
    Range {
        start: String,
        end: String,
    },
    List(Vec<Vec<PartitionValue>>),
}

/// Whether the statement waits for the refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshMode {
    Sync,
    Async,
}

impl RefreshMaterializedView {
    /// Reads the whole statement from the word REFRESH on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["REFRESH", "MATERIALIZED", "VIEW"])?;
        let name = cursor.name()?;
        let partitions = if cursor.skip(&["PARTITION"]) { partitions(cursor)? } else { RefreshPartitions::All };
        let force = cursor.skip(&["FORCE"]);
        let (mut mode, mut priority) = (None, None);
        while cursor.skip(&["WITH"]) {
            if priority.is_none() && cursor.skip(&["PRIORITY"]) {
                priority = Some(cursor.integer()?);
            } else if mode.is_none() {
                let word = cursor.expect_one_of(&["SYNC", "ASYNC"])?;
                mode = Some(if word == "SYNC" { RefreshMode::Sync } else { RefreshMode::Async });
                cursor.expect(&["MODE"])?;
            } else {
                return Err(cursor.unexpected("each WITH clause only once"));
            }
        }
        cursor.expect_end()?;
        Ok(RefreshMaterializedView { name, partitions, force, mode, priority })
    }
}

fn partitions(cursor: &mut Cursor<'_>) -> Result<RefreshPartitions> {
    if !cursor.skip(&["START"]) {
        let list = cursor.list(|cursor| match cursor.starts_with(&["("]) {
            true => cursor.list(PartitionValue::parse),
            false => PartitionValue::parse(cursor).map(|value| vec![value]),
        });
        return list.map(RefreshPartitions::List);
    }
    cursor.expect(&["("])?;
    let start = cursor.string()?;
    cursor.expect(&[")", "END", "("])?;
    let end = cursor.string()?;
    cursor.expect(&[")"])?;
    Ok(RefreshPartitions::Range { start, end })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRefresh {
    pub name: ObjectName,
    pub force: bool,
}

impl CancelRefresh {
    /// Reads the whole statement from the word CANCEL on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["CANCEL", "REFRESH", "MATERIALIZED", "VIEW"])?;
        let name = cursor.name()?;
        let force = cursor.skip(&["FORCE"]);
        cursor.expect_end()?;
        Ok(CancelRefresh { name, force })
    }
}

#[cfg(test)]
mod tests;
