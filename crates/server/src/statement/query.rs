//! SELECT, WITH, VALUES: rows from tables.
//! Test: sql-tests/query/select.test

use super::{Statement, StatementKind, rows};
use crate::reply::{Reply, ResultColumn};
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::{Cursor, Hint, ast};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SELECT"], &["WITH"], &["VALUES"]], parse };

struct Query {
    query: Box<ast::Query>,
    hints: Vec<Hint>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let query = cursor.query()?;
    cursor.expect_end()?;
    Ok(Box::new(Query { query, hints: cursor.hints().to_vec() }))
}

#[async_trait]
impl Statement for Query {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let before = session.variables.clone();
        let result = self.run_hinted(session).await;
        session.variables = before;
        result
    }

    async fn describe(self: Box<Self>, session: &mut Session) -> Result<Option<Vec<ResultColumn>>> {
        let planned = session.server.engine.plan(self.query, session.snapshot(), session.info()).await?;
        Ok(Some(planned.columns().iter().map(rows::query_column).collect()))
    }

    fn hints(&self) -> &[Hint] {
        &self.hints
    }

    fn is_query(&self) -> bool {
        true
    }
}

impl Query {
    /// Runs with the variables that `/*+ SET_VAR() */` sets for this statement.
    async fn run_hinted(mut self: Box<Self>, session: &mut Session) -> Result<Reply> {
        super::set::apply_hints(session, &self.hints)?;
        session.set_state("planning");
        let info = session.info();
        engine::analyze::apply_select_limit(&mut self.query, &info.facts());
        let planned = session.server.engine.plan(self.query, session.snapshot(), info).await?;
        session.set_state("executing");
        rows::of_query(&planned).await
    }
}
