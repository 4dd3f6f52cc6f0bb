//! SHOW WARNINGS, SHOW ERRORS: what the previous statement had to say.
//! Test: sql-tests/statement/show_warnings.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::Cursor;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "WARNINGS"], &["SHOW", "ERRORS"]], parse };

struct ShowWarnings {
    errors_only: bool,
    limit: Option<(u64, u64)>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    let errors_only = cursor.expect_one_of(&["WARNINGS", "ERRORS"])? == "ERRORS";
    let mut limit = None;
    if cursor.skip(&["LIMIT"]) {
        let numbers = cursor.comma_separated(Cursor::integer)?;
        limit = match numbers.as_slice() {
            [count] => Some((0, *count)),
            [offset, count] => Some((*offset, *count)),
            _ => return Err(cursor.unexpected("LIMIT count or LIMIT offset, count")),
        };
    }
    cursor.expect_end()?;
    Ok(Box::new(ShowWarnings { errors_only, limit }))
}

#[async_trait]
impl Statement for ShowWarnings {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mut table = ShowTable::new(&["Level", "Code", "Message"]).with_numbers(&["Code"]);
        let (offset, count) = self.limit.unwrap_or((0, u64::MAX));
        let shown = session.take_shown_warnings();
        let wanted = shown.iter().filter(|w| !self.errors_only || w.level == "Error");
        for w in wanted.skip(offset as usize).take(usize::try_from(count).unwrap_or(usize::MAX)) {
            table.push(vec![w.level.into(), i64::from(w.code).into(), w.message.as_str().into()]);
        }
        session.keep_warnings(shown);
        table.all()
    }
}
