//! information_schema.session_variables and global_variables.
//! Test: sql-tests/information_schema/variables.test

use super::Type::Text;
use super::{Definition, Value};
use crate::server::GlobalVariables;
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const SESSION: Definition =
    Definition { name: "session_variables", columns: &[("VARIABLE_NAME", Text), ("VARIABLE_VALUE", Text)] };
pub(super) const GLOBAL: Definition =
    Definition { name: "global_variables", columns: &[("VARIABLE_NAME", Text), ("VARIABLE_VALUE", Text)] };

pub(super) fn session_rows(context: &SystemContext, _: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    Ok(context.session.variables.iter().map(|(v, value)| vec![v.name.into(), value.into()]).collect())
}

/// What new sessions start with.
pub(super) fn global_rows(
    variables: GlobalVariables,
) -> impl Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> {
    move |_, _| Ok(variables.read().iter().map(|(v, value)| vec![v.name.into(), value.into()]).collect())
}
