//! ALTER TABLE: every clause as a value. Which clauses may come together is for the reader of the list to say.

use base::Result;
use sqlparser::ast::Expr;

use crate::partition::{self, Batch, ListItem, RangeItem};
use crate::table_clause::{ColumnDef, Distribution, IndexDef, RollupDef, buckets, order_by};
use crate::{Cursor, ObjectName, TypeName};

#[derive(Debug, Clone, PartialEq)]
pub struct AlterTable {
    pub name: ObjectName,
    /// At least one, in the order written.
    pub actions: Vec<AlterTableAction>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AlterTableAction {
    Rename(String),
    RenamePartition {
        from: String,
        to: String,
    },
    RenameRollup {
        from: String,
        to: String,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    Comment(String),
    AddPartition(AddPartition),
    DropPartition(DropPartition),
    ReplacePartition {
        partitions: Vec<String>,
        temporary: Vec<String>,
        properties: Vec<(String, String)>,
    },
    TruncatePartition {
        names: Vec<String>,
    },
    ModifyPartition {
        partitions: PartitionNames,
        properties: Vec<(String, String)>,
    },
    Distribute(Distribute),
    AddColumns {
        columns: Vec<ColumnDef>,
        place: Option<ColumnPlace>,
        rollup: Option<String>,
        properties: Vec<(String, String)>,
    },
    DropColumn {
        name: String,
        rollup: Option<String>,
        properties: Vec<(String, String)>,
    },
    ModifyColumn {
        column: Box<ColumnDef>,
        place: Option<ColumnPlace>,
        rollup: Option<String>,
        properties: Vec<(String, String)>,
    },
    /// A field of a STRUCT column; `path` leads to it through nested structs.
    AddField {
        column: String,
        path: Vec<String>,
        ty: TypeName,
        place: Option<ColumnPlace>,
    },
    DropField {
        column: String,
        path: Vec<String>,
    },
    /// A new column order or sort key.
    OrderBy {
        columns: Vec<String>,
        rollup: Option<String>,
        properties: Vec<(String, String)>,
    },
    AddRollup(Vec<RollupDef>),
    DropRollup(Vec<String>),
    AddIndex(IndexDef),
    DropIndex(String),
    SetProperties(Vec<(String, String)>),
    SwapWith(String),
    Compact {
        kind: CompactKind,
        partitions: Vec<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartition {
    pub temporary: bool,
    pub if_not_exists: bool,
    pub partition: NewPartition,
    pub distribution: Option<Distribution>,
    pub properties: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPartition {
    Range(RangeItem),
    List(ListItem),
    Batch(Batch),
}

#[derive(Debug, Clone, PartialEq)]
pub struct DropPartition {
    pub temporary: bool,
    pub if_exists: bool,
    pub which: DroppedPartitions,
    /// Without a way to recover them.
    pub force: bool,
}

#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one value a statement")]
pub enum DroppedPartitions {
    Names(Vec<String>),
    Batch(Batch),
    Where(Expr),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionNames {
    All,
    Names(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribute {
    /// Empty for all partitions.
    pub partitions: Vec<String>,
    pub distribution: Distribution,
    /// `DEFAULT BUCKETS n`: the number is for partitions to come.
    pub default_buckets: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPlace {
    First,
    After(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactKind {
    Any,
    Base,
    Cumulative,
}

impl AlterTable {
    /// Reads the whole statement from the word ALTER on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["ALTER", "TABLE"])?;
        let name = cursor.name()?;
        let actions = cursor.comma_separated(AlterTableAction::parse)?;
        cursor.expect_end()?;
        Ok(AlterTable { name, actions })
    }
}

const ACTION_WORDS: &str = "ADD, DROP, MODIFY, RENAME, SET, SWAP WITH, TRUNCATE, REPLACE PARTITION, ORDER BY, DISTRIBUTED BY, COMMENT or COMPACT";

impl AlterTableAction {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.starts_with(&["DISTRIBUTED"])
            || cursor.starts_with(&["PARTITIONS"])
            || cursor.starts_with(&["PARTITION", "("])
        {
            return Distribute::parse(cursor).map(AlterTableAction::Distribute);
        }
        if cursor.starts_with(&["ORDER", "BY"]) {
            return reorder(cursor);
        }
        if let Some(comment) = cursor.comment()? {
            return Ok(AlterTableAction::Comment(comment));
        }
        let words =
            ["ADD", "DROP", "MODIFY", "RENAME", "REPLACE", "TRUNCATE", "SET", "SWAP", "COMPACT", "BASE", "CUMULATIVE"];
        match cursor.skip_one_of(&words) {
            Some("ADD") => add(cursor),
            Some("DROP") => drop(cursor),
            Some("MODIFY") => modify(cursor),
            Some("RENAME") => rename(cursor),
            Some("REPLACE") => replace(cursor),
            Some("TRUNCATE") => {
                cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
                Ok(AlterTableAction::TruncatePartition { names: partition::names(cursor)? })
            }
            Some("SET") => cursor.properties_perhaps_bare().map(AlterTableAction::SetProperties),
            Some("SWAP") => {
                cursor.expect(&["WITH"])?;
                cursor.identifier().map(AlterTableAction::SwapWith)
            }
            Some(word) => compact(cursor, word),
            None => Err(cursor.unexpected(ACTION_WORDS)),
        }
    }
}

fn compact(cursor: &mut Cursor<'_>, word: &str) -> Result<AlterTableAction> {
    let kind = match word {
        "BASE" => CompactKind::Base,
        "CUMULATIVE" => CompactKind::Cumulative,
        _ => CompactKind::Any,
    };
    if kind != CompactKind::Any {
        cursor.expect(&["COMPACT"])?;
    }
    let named = cursor.starts_with(&["("]) || !cursor.at_end() && !cursor.starts_with(&[","]);
    Ok(AlterTableAction::Compact { kind, partitions: if named { partition::names(cursor)? } else { Vec::new() } })
}

fn rename(cursor: &mut Cursor<'_>) -> Result<AlterTableAction> {
    // A table may be called partition: then nothing follows.
    let pair = |cursor: &mut Cursor<'_>| -> Result<(String, String)> {
        let from = cursor.identifier()?;
        cursor.skip(&["TO"]);
        Ok((from, cursor.identifier()?))
    };
    match cursor.skip_one_of(&["PARTITION", "ROLLUP", "COLUMN"]) {
        Some("PARTITION") => pair(cursor).map(|(from, to)| AlterTableAction::RenamePartition { from, to }),
        Some("ROLLUP") => pair(cursor).map(|(from, to)| AlterTableAction::RenameRollup { from, to }),
        Some(_) => pair(cursor).map(|(from, to)| AlterTableAction::RenameColumn { from, to }),
        None => {
            cursor.skip(&["TO"]);
            cursor.identifier().map(AlterTableAction::Rename)
        }
    }
}

fn replace(cursor: &mut Cursor<'_>) -> Result<AlterTableAction> {
    cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
    let partitions = partition::names(cursor)?;
    cursor.expect(&["WITH", "TEMPORARY"])?;
    cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
    let temporary = partition::names(cursor)?;
    Ok(AlterTableAction::ReplacePartition { partitions, temporary, properties: cursor.optional_properties()? })
}

fn reorder(cursor: &mut Cursor<'_>) -> Result<AlterTableAction> {
    let columns = order_by(cursor)?;
    Ok(AlterTableAction::OrderBy { columns, rollup: from_rollup(cursor)?, properties: cursor.optional_properties()? })
}

fn add(cursor: &mut Cursor<'_>) -> Result<AlterTableAction> {
    if cursor.starts_with(&["TEMPORARY"]) || cursor.starts_with(&["PARTITION"]) || cursor.starts_with(&["PARTITIONS"]) {
        return AddPartition::parse(cursor).map(AlterTableAction::AddPartition);
    }
    if cursor.skip(&["ROLLUP"]) {
        // Commas separate rollups here, and the next clause would start with a word of its own.
        let mut rollups = vec![RollupDef::parse(cursor)?];
        while cursor.starts_with(&[","]) && !cursor.starts_with(&[",", "ADD"]) && !cursor.starts_with(&[",", "DROP"]) {
            cursor.advance();
            rollups.push(RollupDef::parse(cursor)?);
        }
        return Ok(AlterTableAction::AddRollup(rollups));
    }
    if cursor.starts_with(&["INDEX"]) {
        return IndexDef::parse(cursor).map(AlterTableAction::AddIndex);
    }
    cursor.expect(&["COLUMN"])?;
    let several = cursor.starts_with(&["("]);
    let columns = if several { cursor.list(ColumnDef::parse)? } else { vec![ColumnDef::parse(cursor)?] };
    let place = if several { None } else { ColumnPlace::optional(cursor)? };
    let rollup = to_rollup(cursor)?;
    Ok(AlterTableAction::AddColumns { columns, place, rollup, properties: cursor.optional_properties()? })
}

fn drop(cursor: &mut Cursor<'_>) -> Result<AlterTableAction> {
    if cursor.starts_with(&["TEMPORARY"]) || cursor.starts_with(&["PARTITION"]) || cursor.starts_with(&["PARTITIONS"]) {
        return DropPartition::parse(cursor).map(AlterTableAction::DropPartition);
    }
    match cursor.expect_one_of(&["COLUMN", "ROLLUP", "INDEX", "PARTITION"])? {
        "ROLLUP" => {
            let mut names = vec![cursor.identifier()?];
            while cursor.starts_with(&[","])
                && !cursor.starts_with(&[",", "DROP"])
                && !cursor.starts_with(&[",", "ADD"])
            {
                cursor.advance();
                names.push(cursor.identifier()?);
            }
            Ok(AlterTableAction::DropRollup(names))
        }
        "INDEX" => cursor.identifier().map(AlterTableAction::DropIndex),
        _ => {
            let name = cursor.identifier()?;
            let rollup = from_rollup(cursor)?;
            Ok(AlterTableAction::DropColumn { name, rollup, properties: cursor.optional_properties()? })
        }
    }
}

fn modify(cursor: &mut Cursor<'_>) -> Result<AlterTableAction> {
    match cursor.expect_one_of(&["COLUMN", "PARTITION", "PARTITIONS", "COMMENT"])? {
        "COMMENT" => {
            cursor.skip(&["="]);
            cursor.string().map(AlterTableAction::Comment)
        }
        "COLUMN" => {
            let start = cursor.mark();
            let column = cursor.identifier()?;
            if cursor.skip(&["ADD", "FIELD"]) {
                let path = path(cursor)?;
                let ty = cursor.type_name()?;
                return Ok(AlterTableAction::AddField { column, path, ty, place: ColumnPlace::optional(cursor)? });
            }
            if cursor.skip(&["DROP", "FIELD"]) {
                return Ok(AlterTableAction::DropField { column, path: path(cursor)? });
            }
            cursor.rewind(start);
            let column = Box::new(ColumnDef::parse(cursor)?);
            let place = ColumnPlace::optional(cursor)?;
            let rollup = from_rollup(cursor)?;
            Ok(AlterTableAction::ModifyColumn { column, place, rollup, properties: cursor.optional_properties()? })
        }
        _ => {
            let partitions = if cursor.skip(&["(", "*", ")"]) {
                PartitionNames::All
            } else {
                PartitionNames::Names(partition::names(cursor)?)
            };
            cursor.expect(&["SET"])?;
            Ok(AlterTableAction::ModifyPartition { partitions, properties: cursor.properties()? })
        }
    }
}

/// `a.b.c`.
fn path(cursor: &mut Cursor<'_>) -> Result<Vec<String>> {
    let mut path = vec![cursor.identifier()?];
    while cursor.skip(&["."]) {
        path.push(cursor.identifier()?);
    }
    Ok(path)
}

fn to_rollup(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    match cursor.skip_one_of(&["TO", "IN"]) {
        Some(_) => cursor.identifier().map(Some),
        None => Ok(None),
    }
}

fn from_rollup(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    if cursor.skip(&["FROM"]) { cursor.identifier().map(Some) } else { Ok(None) }
}

impl ColumnPlace {
    fn optional(cursor: &mut Cursor<'_>) -> Result<Option<Self>> {
        if cursor.skip(&["FIRST"]) {
            return Ok(Some(ColumnPlace::First));
        }
        if cursor.skip(&["AFTER"]) {
            return cursor.identifier().map(|column| Some(ColumnPlace::After(column)));
        }
        Ok(None)
    }
}

impl Distribute {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let partitions = match cursor.skip_one_of(&["PARTITIONS", "PARTITION"]) {
            Some(_) => cursor.columns()?,
            None => Vec::new(),
        };
        let mut distribution = Distribution::parse(cursor)?;
        let default_buckets = cursor.skip(&["DEFAULT"]);
        if default_buckets {
            let (Distribution::Hash { buckets: count, .. } | Distribution::Random { buckets: count }) =
                &mut distribution;
            *count = buckets(cursor)?;
            if count.is_none() {
                return Err(cursor.unexpected("BUCKETS"));
            }
        }
        Ok(Distribute { partitions, distribution, default_buckets })
    }
}

impl AddPartition {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let temporary = cursor.skip(&["TEMPORARY"]);
        let several = cursor.expect_one_of(&["PARTITION", "PARTITIONS"])? == "PARTITIONS";
        let if_not_exists = cursor.if_not_exists();
        let partition = if several || cursor.starts_with(&["START", "("]) {
            NewPartition::Batch(Batch::parse(cursor)?)
        } else {
            let name = cursor.identifier()?;
            cursor.expect(&["VALUES"])?;
            if cursor.starts_with(&["IN"]) {
                NewPartition::List(ListItem::values(cursor, name)?)
            } else {
                NewPartition::Range(RangeItem::bounds(cursor, name)?)
            }
        };
        let distribution =
            if cursor.starts_with(&["DISTRIBUTED", "BY"]) { Some(Distribution::parse(cursor)?) } else { None };
        let properties =
            if cursor.skip(&["PROPERTIES"]) || cursor.starts_with(&["("]) { cursor.properties()? } else { Vec::new() };
        Ok(AddPartition { temporary, if_not_exists, partition, distribution, properties })
    }
}

impl DropPartition {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let temporary = cursor.skip(&["TEMPORARY"]);
        let several = cursor.expect_one_of(&["PARTITION", "PARTITIONS"])? == "PARTITIONS";
        let if_exists = cursor.if_exists();
        let which = if several && cursor.skip(&["WHERE"]) {
            DroppedPartitions::Where(cursor.expr()?)
        } else if several && cursor.starts_with(&["START", "("]) {
            DroppedPartitions::Batch(Batch::parse(cursor)?)
        } else {
            DroppedPartitions::Names(partition::names(cursor)?)
        };
        Ok(DropPartition { temporary, if_exists, which, force: cursor.skip(&["FORCE"]) })
    }
}

#[cfg(test)]
mod tests;
