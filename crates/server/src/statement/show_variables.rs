//! SHOW [GLOBAL | SESSION | LOCAL | VERBOSE] VARIABLES [LIKE | WHERE].
//! Test: sql-tests/statement/show_variables.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::session_variable::Kind;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[
        &["SHOW", "VARIABLES"],
        &["SHOW", "GLOBAL", "VARIABLES"],
        &["SHOW", "SESSION", "VARIABLES"],
        &["SHOW", "LOCAL", "VARIABLES"],
        &["SHOW", "VERBOSE", "VARIABLES"],
    ],
    parse,
};

struct ShowVariables {
    global: bool,
    verbose: bool,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    let scope = cursor.skip_one_of(&["GLOBAL", "SESSION", "LOCAL", "VERBOSE"]);
    cursor.expect(&["VARIABLES"])?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowVariables { global: scope == Some("GLOBAL"), verbose: scope == Some("VERBOSE"), filter }))
}

#[async_trait]
impl Statement for ShowVariables {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let variables =
            if self.global { session.server.global_variables.read().clone() } else { session.variables.clone() };
        let mut table = if self.verbose {
            ShowTable::new(&["Variable_name", "Value", "Default_value", "Is_changed"])
        } else {
            ShowTable::new(&["Variable_name", "Value"])
        };
        for (variable, value) in variables.iter() {
            // MySQL shows switches as words here and as numbers in SELECT @@x.
            let shown = |value: &str| match (variable.kind, value) {
                (Kind::Bool, "1") => "ON".to_string(),
                (Kind::Bool, "0") => "OFF".to_string(),
                (_, value) => value.to_string(),
            };
            let mut row = vec![variable.name.into(), shown(value).into()];
            if self.verbose {
                row.push(shown(variable.default).into());
                row.push(if value == variable.default { "0" } else { "1" }.into());
            }
            table.push(row);
        }
        table.reply(session, &self.filter, 0)
    }
}
