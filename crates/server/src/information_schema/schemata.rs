//! information_schema.schemata: the databases.
//! Test: sql-tests/information_schema/schemata.test

use super::Type::Text;
use super::{Definition, Value};
use base::names::INFORMATION_SCHEMA;
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "schemata",
    columns: &[
        ("CATALOG_NAME", Text),
        ("SCHEMA_NAME", Text),
        ("DEFAULT_CHARACTER_SET_NAME", Text),
        ("DEFAULT_COLLATION_NAME", Text),
        ("SQL_PATH", Text),
        ("DEFAULT_ENCRYPTION", Text),
    ],
};

pub(super) fn rows(context: &SystemContext, _: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let mut names: Vec<&str> = context.snapshot.databases().map(|d| d.name.as_str()).collect();
    names.push(INFORMATION_SCHEMA);
    names.sort_unstable();
    let row =
        |name: &str| vec!["def".into(), name.into(), "utf8".into(), "utf8_general_ci".into(), Value::Null, "NO".into()];
    Ok(names.into_iter().map(row).collect())
}
