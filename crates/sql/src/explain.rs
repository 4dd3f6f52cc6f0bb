//! EXPLAIN and, before a query, its other spellings DESC and DESCRIBE.

use base::Result;
use sqlparser::ast::Query;

use crate::Cursor;
use crate::insert::Insert;
use crate::materialized_view::RefreshMaterializedView;

#[derive(Debug, Clone, PartialEq)]
pub struct Explain {
    pub level: ExplainLevel,
    pub target: ExplainTarget,
    /// The explained statement as written.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainLevel {
    Normal,
    Logical,
    Verbose,
    Costs,
    /// Runs the statement and reports what happened.
    Analyze,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExplainTarget {
    Query(Box<Query>),
    Insert(Box<Insert>),
    Refresh(Box<RefreshMaterializedView>),
    /// UPDATE, DELETE, CREATE TABLE AS: read by their own statements from [`Explain::text`].
    Statement,
}

const LEVELS: [(&str, ExplainLevel); 5] = [
    ("ANALYZE", ExplainLevel::Analyze),
    ("VERBOSE", ExplainLevel::Verbose),
    ("COSTS", ExplainLevel::Costs),
    ("LOGICAL", ExplainLevel::Logical),
    ("NORMAL", ExplainLevel::Normal),
];

impl Explain {
    /// Whether the statement explains another one: `DESC t` describes a table instead.
    pub fn follows(cursor: &mut Cursor<'_>) -> bool {
        let start = cursor.mark();
        let explains = cursor.skip_one_of(&["EXPLAIN", "DESC", "DESCRIBE"]).is_some() && {
            Self::level(cursor);
            cursor.starts_query() || starts_other(cursor)
        };
        cursor.rewind(start);
        explains
    }

    /// Reads the whole statement from the word EXPLAIN (or DESC, DESCRIBE) on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect_one_of(&["EXPLAIN", "DESC", "DESCRIBE"])?;
        let level = Self::level(cursor);
        let start = cursor.mark();
        let target = if cursor.starts_query() {
            ExplainTarget::Query(cursor.query()?)
        } else if cursor.starts_with(&["INSERT"]) {
            ExplainTarget::Insert(Box::new(Insert::parse(cursor)?))
        } else if cursor.starts_with(&["REFRESH"]) {
            ExplainTarget::Refresh(Box::new(RefreshMaterializedView::parse(cursor)?))
        } else if starts_other(cursor) {
            cursor.rest();
            ExplainTarget::Statement
        } else {
            return Err(cursor.unexpected("a query or another statement to explain"));
        };
        cursor.expect_end()?;
        Ok(Explain { level, target, text: cursor.text_since(start).to_owned() })
    }

    fn level(cursor: &mut Cursor<'_>) -> ExplainLevel {
        let found = LEVELS.into_iter().find(|(word, _)| cursor.skip(&[word]));
        found.map_or(ExplainLevel::Normal, |(_, level)| level)
    }
}

fn starts_other(cursor: &Cursor<'_>) -> bool {
    ["INSERT", "UPDATE", "DELETE", "REFRESH", "CREATE"].iter().any(|word| cursor.starts_with(&[word]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_targets() {
        let cases = [
            ("explain select 1", ExplainLevel::Normal, "select 1"),
            ("DESC VERBOSE (select 1);", ExplainLevel::Verbose, "(select 1)"),
            (
                "describe costs with a as (select 1) select * from a",
                ExplainLevel::Costs,
                "with a as (select 1) select * from a",
            ),
            ("explain analyze insert into t values (1)", ExplainLevel::Analyze, "insert into t values (1)"),
            ("explain logical delete from t where a = 1", ExplainLevel::Logical, "delete from t where a = 1"),
            ("explain refresh materialized view mv", ExplainLevel::Normal, "refresh materialized view mv"),
        ];
        for (sql, level, text) in cases {
            let mut cursor = Cursor::new(sql).unwrap();
            assert!(Explain::follows(&mut cursor), "{sql}");
            let explain = Explain::parse(&mut cursor).unwrap();
            assert_eq!((explain.level, explain.text.as_str()), (level, text), "{sql}");
        }
    }

    #[test]
    fn a_table_is_described_not_explained() {
        for sql in ["desc t", "explain db.t", "describe verbose"] {
            assert!(!Explain::follows(&mut Cursor::new(sql).unwrap()), "{sql}");
        }
    }
}
