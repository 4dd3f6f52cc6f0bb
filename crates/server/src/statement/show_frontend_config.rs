//! ADMIN SHOW FRONTEND CONFIG [LIKE]: the server's configuration, secrets masked; and `run_mode`, which tells StarRocks'
//! clients that data lies in shared storage.
//! Test: sql-tests/statement/show_frontend_config.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::config::Kind;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["ADMIN", "SHOW", "FRONTEND", "CONFIG"]], parse };

struct ShowConfig {
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["ADMIN", "SHOW", "FRONTEND", "CONFIG"])?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowConfig { filter }))
}

#[async_trait]
impl Statement for ShowConfig {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mut table = ShowTable::new(&["Key", "AliasNames", "Value", "Type", "IsMutable", "Comment"]);
        let mut push = |key: &str, value: &str, ty: &str, comment: &str| {
            table.push(vec![key.into(), "[]".into(), value.into(), ty.into(), "false".into(), comment.into()]);
        };
        push("run_mode", "shared_data", "String", "data lies in shared storage");
        for (key, value) in session.server.config.shown() {
            let ty = match key.kind {
                Kind::Integer(..) => "long",
                Kind::Bool => "boolean",
                Kind::Text | Kind::Secret => "String",
            };
            push(key.name, value, ty, key.doc);
        }
        table.reply(session, &self.filter, 0)
    }
}
