//! SHOW GRANTS [FOR user]: the one user may do everything.
//! Test: sql-tests/statement/show_grants.test

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::server::ROOT;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use sql::Cursor;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "GRANTS"]], parse };

struct ShowGrants {
    user: Option<String>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "GRANTS"])?;
    let mut user = None;
    if cursor.skip(&["FOR"]) {
        if cursor.skip(&["CURRENT_USER"]) {
            // The parentheses are optional.
            if !cursor.at_end() {
                cursor.rest();
            }
        } else {
            user = Some(cursor.user()?.name);
        }
    }
    cursor.expect_end()?;
    Ok(Box::new(ShowGrants { user }))
}

#[async_trait]
impl Statement for ShowGrants {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let user = self.user.unwrap_or_else(|| session.user.clone());
        if user != ROOT {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("there is no user '{user}'; the only user is '{ROOT}'"),
            ));
        }
        let mut table = ShowTable::new(&["UserIdentity", "Catalog", "Grants"]);
        table.push(vec![format!("'{ROOT}'@'%'").into(), Cell::Null, format!("GRANT 'root' TO '{ROOT}'@'%'").into()]);
        table.all()
    }
}
