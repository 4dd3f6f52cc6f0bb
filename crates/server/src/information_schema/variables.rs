//! information_schema.session_variables and global_variables.
//! Test: sql-tests/information_schema/variables.test

use super::Type::Text;
use super::{Definition, Value};
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const SESSION: Definition =
    Definition { name: "session_variables", columns: &[("VARIABLE_NAME", Text), ("VARIABLE_VALUE", Text)] };
pub(super) const GLOBAL: Definition =
    Definition { name: "global_variables", columns: &[("VARIABLE_NAME", Text), ("VARIABLE_VALUE", Text)] };

pub(super) fn session_rows(context: &SystemContext, _: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    Ok(context.session.variables.iter().map(|(v, value)| vec![v.name.into(), value.into()]).collect())
}

/// What new sessions start with as the server was configured; `SET GLOBAL` shows in SHOW GLOBAL VARIABLES.
pub(super) fn global_rows(_: &SystemContext, _: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let defaults = base::session_variable::SessionVariables::default();
    Ok(defaults.iter().map(|(v, value)| vec![v.name.into(), value.into()]).collect())
}
