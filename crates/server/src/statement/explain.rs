//! EXPLAIN and EXPLAIN ANALYZE of queries.
//! Test: sql-tests/statement/explain.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, Result};
use engine::Detail;
use sql::Cursor;
use sql::explain::{Explain, ExplainLevel, ExplainTarget};
use sql::insert::{Insert, InsertSource};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["EXPLAIN"]], parse };

struct ExplainStatement {
    explain: Explain,
}

/// Also used by DESC and DESCRIBE when a query follows.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let explain = Explain::parse(cursor)?;
    cursor.expect_end()?;
    Ok(Box::new(ExplainStatement { explain }))
}

#[async_trait]
impl Statement for ExplainStatement {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let Explain { level, target, .. } = self.explain;
        let detail = match level {
            ExplainLevel::Normal => Detail::Plan,
            ExplainLevel::Logical | ExplainLevel::Verbose | ExplainLevel::Costs => Detail::Verbose,
            ExplainLevel::Analyze => Detail::Analyze,
        };
        let query = match target {
            ExplainTarget::Query(query) => query,
            ExplainTarget::Insert(insert) => match *insert {
                Insert { source: InsertSource::Query { query, .. }, .. } if detail != Detail::Analyze => query,
                Insert { source: InsertSource::Query { .. }, .. } => {
                    return Err(Error::unsupported(
                        "EXPLAIN ANALYZE of INSERT would write rows; explain its query instead",
                    ));
                }
                _ => return Err(Error::unsupported("EXPLAIN of INSERT VALUES has nothing to show")),
            },
            ExplainTarget::Refresh(_) => {
                return Err(Error::unsupported("EXPLAIN REFRESH MATERIALIZED VIEW is not supported yet"));
            }
            ExplainTarget::Statement => {
                return Err(Error::unsupported("EXPLAIN works for queries and INSERT … SELECT"));
            }
        };
        let planned = session.server.engine.plan(query, session.snapshot(), session.info()).await?;
        let mut table = ShowTable::new(&["Explain String"]);
        for line in planned.explain(detail).await? {
            table.push(vec![line.into()]);
        }
        table.all()
    }

    fn is_query(&self) -> bool {
        true
    }
}
