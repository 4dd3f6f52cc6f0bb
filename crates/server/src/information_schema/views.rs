//! information_schema.views: the queries of views and materialized views.
//! Test: sql-tests/information_schema/views.test

use super::Type::Text;
use super::{Definition, Value};
use catalog::Object;
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "views",
    columns: &[
        ("TABLE_CATALOG", Text),
        ("TABLE_SCHEMA", Text),
        ("TABLE_NAME", Text),
        ("VIEW_DEFINITION", Text),
        ("CHECK_OPTION", Text),
        ("IS_UPDATABLE", Text),
        ("DEFINER", Text),
        ("SECURITY_TYPE", Text),
        ("CHARACTER_SET_CLIENT", Text),
        ("COLLATION_CONNECTION", Text),
    ],
};

pub(super) fn rows(context: &SystemContext, wanted: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    for database in context.snapshot.databases().filter(|d| wanted.allows("table_schema", &d.name)) {
        for table in context.snapshot.tables_in(database.id).filter(|t| wanted.allows("table_name", &t.meta.name)) {
            let (query, home) = match &table.meta.object {
                Object::Table(_) => continue,
                Object::View { query, database } => (query, database),
                Object::MaterializedView { definition, .. } => (&definition.query, &definition.database),
            };
            rows.push(vec![
                "def".into(),
                database.name.as_str().into(),
                table.meta.name.as_str().into(),
                sql::qualify(query, home).into(),
                "NONE".into(),
                "NO".into(),
                Value::Null,
                "".into(),
                "utf8".into(),
                "utf8_general_ci".into(),
            ]);
        }
    }
    Ok(rows)
}
