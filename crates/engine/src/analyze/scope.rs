//! Which names a clause can see, and the folding of names: columns and aliases to lower case, tables as they are.

use base::names::{INFORMATION_SCHEMA, fold_column};
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart, TableAlias};

/// The relations of one FROM clause.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Aliases, lower case.
    aliases: Vec<String>,
    /// Tables without alias, as DataFusion knows them.
    tables: Vec<String>,
}

impl Scope {
    pub(super) fn add_alias(&mut self, alias: &str) {
        self.aliases.push(fold_column(alias));
    }

    pub(super) fn add_table(&mut self, name: &ObjectName) {
        if let Some(ident) = name.0.last().and_then(ObjectNamePart::as_ident) {
            self.tables.push(ident.value.clone());
        }
    }

    fn find(&self, qualifier: &str) -> Option<String> {
        let folded = fold_column(qualifier);
        if self.aliases.contains(&folded) {
            return Some(folded);
        }
        if self.tables.iter().any(|table| table == qualifier) {
            return Some(qualifier.to_string());
        }
        // information_schema's tables are in lower case, and so are CTEs.
        self.tables.contains(&folded).then_some(folded)
    }
}

/// Replaces a name by its folded form. DataFusion takes unquoted names that begin with `@` for variables.
pub(super) fn fold(ident: &mut Ident) {
    ident.value = fold_column(&ident.value);
    ident.quote_style = ident.value.starts_with('@').then_some('`');
}

pub(super) fn fold_alias(alias: &mut TableAlias) {
    fold(&mut alias.name);
    for column in &mut alias.columns {
        fold(&mut column.name);
    }
}

/// Resolves the qualifier parts of `alias.column`, `table.column`, `db.table.column`, `catalog.db.table.column`:
/// aliases are matched without case in the innermost scope that has them, tables keep their spelling.
pub(super) fn fold_qualifier(parts: &mut [Ident], scopes: &[Scope]) {
    for part in parts.iter_mut() {
        part.quote_style = None;
    }
    match parts {
        [only] => {
            if let Some(found) = scopes.iter().rev().find_map(|scope| scope.find(&only.value)) {
                only.value = found;
            }
        }
        [.., database, table] if database.value.eq_ignore_ascii_case(INFORMATION_SCHEMA) => {
            fold(database);
            fold(table);
        }
        _ => {}
    }
}

/// Folds the name of a table in FROM: CTEs and the tables of information_schema have no case.
pub(super) fn fold_table(name: &mut ObjectName, is_cte: impl Fn(&str) -> bool, database: Option<&str>) {
    let mut parts: Vec<&mut Ident> = name
        .0
        .iter_mut()
        .filter_map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident),
            ObjectNamePart::Function(_) => None,
        })
        .collect();
    match parts.as_mut_slice() {
        [table] => {
            let in_information_schema = database.is_some_and(|db| db.eq_ignore_ascii_case(INFORMATION_SCHEMA));
            if in_information_schema || is_cte(&fold_column(&table.value)) {
                fold(table);
            }
        }
        [.., database, table] if database.value.eq_ignore_ascii_case(INFORMATION_SCHEMA) => {
            fold(database);
            fold(table);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers_prefer_aliases_then_exact_tables() {
        let mut outer = Scope::default();
        outer.add_alias("T");
        let mut inner = Scope::default();
        inner.add_table(&ObjectName::from(vec![Ident::new("db"), Ident::new("CrashData")]));
        inner.add_table(&ObjectName::from(vec![Ident::new("columns")]));
        let scopes = [outer, inner];
        for (written, resolved) in [
            ("t", "t"),
            ("T", "t"),
            ("CrashData", "CrashData"),
            ("CRASHDATA", "CRASHDATA"),
            ("COLUMNS", "columns"),
            ("db.CrashData", "db.CrashData"),
            ("Information_Schema.Tables", "information_schema.tables"),
        ] {
            let mut parts: Vec<Ident> = written.split('.').map(Ident::new).collect();
            fold_qualifier(&mut parts, &scopes);
            let found: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
            assert_eq!(found.join("."), resolved, "{written}");
        }
    }
}
