//! The `columns` and `where` headers: which CSV field feeds which table column, directly or through an expression.
//!
//! Pure: names and types in, a [`Mapping`] out. A field that no column and no expression uses is only counted. A field
//! that an expression uses is read as text; one that a column uses is read as that column's type, also when an
//! expression uses it as well.

use crate::format::csv::{SourceColumn, SourceKind};
use base::names::fold_column;
use base::{Error, ErrorKind, Result};
use catalog::Column;
use sql::Cursor;
use sql::ast::{Expr, Visit, Visitor};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Where a table column's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This one of [`Mapping::sources`].
    Source(usize),
    /// This one of [`Mapping::expressions`].
    Expression(usize),
    Default,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Names of the fields that every record must have.
    pub fields: Vec<String>,
    /// What is read from the fields. Sources of kind text have the folded names that expressions use.
    pub sources: Vec<SourceColumn>,
    /// One for each table column.
    pub targets: Vec<Target>,
    pub expressions: Vec<Expr>,
    /// Rows for which this is not true are not selected. Sees table columns, then text sources.
    pub filter: Option<Expr>,
}

/// An item of the `columns` header.
#[expect(clippy::large_enum_variant, reason = "a few items a load")]
enum Item {
    Field(String),
    Derived { column: String, expr: Expr },
}

impl Mapping {
    /// Reads both headers for a table with these columns; without `columns` the fields are the table's, in order.
    ///
    /// # Errors
    /// `Parse` for text that is no list of columns; `DuplicateColumn`, `UnknownColumn`; `Invalid` for a NOT NULL column
    /// that gets no value.
    pub fn new(table: &[Column], columns: Option<&str>, filter: Option<&str>) -> Result<Self> {
        let in_header = |name: &'static str| move |e: Error| e.with("header", name);
        let items = columns.map_or(Ok(Vec::new()), read_items).map_err(in_header("columns"))?;
        let filter = filter.map(sql::parse_expr).transpose().map_err(in_header("where"))?;
        let (fields, derived) = sort_items(table, items)?;
        let mut mapping = Mapping { fields, sources: Vec::new(), targets: Vec::new(), expressions: Vec::new(), filter };
        for column in table {
            let target = mapping.target(column, &derived)?;
            mapping.targets.push(target);
        }
        mapping.add_text_sources(table);
        Ok(mapping)
    }

    /// The names and places of the text sources: the columns that expressions see.
    pub fn text_sources(&self) -> impl Iterator<Item = (usize, &str)> {
        let sources = self.sources.iter().enumerate();
        sources.filter(|(_, s)| s.kind == SourceKind::Text).map(|(i, s)| (i, s.name.as_str()))
    }

    fn target(&mut self, column: &Column, derived: &[(String, Expr)]) -> Result<Target> {
        let name = column.folded();
        if let Some((_, expr)) = derived.iter().find(|(target, _)| *target == name) {
            // A bare field needs no expression: it is read as the column's type.
            if let Some(field) = bare_field(expr).and_then(|field| self.field(&field)) {
                return Ok(self.direct(column, field));
            }
            self.expressions.push(expr.clone());
            return Ok(Target::Expression(self.expressions.len() - 1));
        }
        if let Some(field) = self.field(&name) {
            return Ok(self.direct(column, field));
        }
        if column.nullable || column.default.is_some() {
            return Ok(Target::Default);
        }
        Err(Error::invalid(format!("Column has no default value. column: {}", column.name)))
    }

    fn direct(&mut self, column: &Column, field: usize) -> Target {
        let name = column.name.clone();
        self.sources.push(SourceColumn { name, field, kind: SourceKind::Direct(column.ty) });
        Target::Source(self.sources.len() - 1)
    }

    fn field(&self, folded: &str) -> Option<usize> {
        self.fields.iter().position(|f| fold_column(f) == folded)
    }

    fn add_text_sources(&mut self, table: &[Column]) {
        let mut names = BTreeSet::new();
        self.expressions.iter().for_each(|e| collect_names(e, &mut names));
        if let Some(filter) = &self.filter {
            let mut mentioned = BTreeSet::new();
            collect_names(filter, &mut mentioned);
            // Where a table column has the name, the filter means the column.
            table.iter().for_each(|c| {
                mentioned.remove(&c.folded());
            });
            names.append(&mut mentioned);
        }
        for name in names {
            if let Some(field) = self.field(&name) {
                self.sources.push(SourceColumn { name, field, kind: SourceKind::Text });
            }
        }
    }
}

fn read_items(header: &str) -> Result<Vec<Item>> {
    let mut cursor = Cursor::new(header)?;
    let items = cursor.comma_separated(|cursor| {
        let name = cursor.identifier()?;
        if cursor.skip(&["="]) {
            return Ok(Item::Derived { column: name, expr: cursor.expr()? });
        }
        Ok(Item::Field(name))
    })?;
    if !cursor.at_end() {
        return Err(cursor.unexpected("a comma, or = and an expression"));
    }
    Ok(items)
}

/// Derived columns by folded name.
type Derivations = Vec<(String, Expr)>;

/// Checks names and tells fields from derived columns (by folded name).
fn sort_items(table: &[Column], items: Vec<Item>) -> Result<(Vec<String>, Derivations)> {
    let (mut fields, mut derived) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for item in items {
        match item {
            Item::Field(name) => {
                if !seen.insert(fold_column(&name)) {
                    return Err(Error::new(ErrorKind::DuplicateColumn, format!("Duplicate column: {name}")));
                }
                fields.push(name);
            }
            Item::Derived { column, expr } => {
                let folded = fold_column(&column);
                if !table.iter().any(|c| c.folded() == folded) {
                    let message = format!("Mapping column is not in table. column: {column}");
                    return Err(Error::new(ErrorKind::UnknownColumn, message));
                }
                if derived.iter().any(|(known, _)| *known == folded) {
                    let message = format!("Duplicate column mapping: {column}");
                    return Err(Error::new(ErrorKind::DuplicateColumn, message));
                }
                derived.push((folded, expr));
            }
        }
    }
    if fields.is_empty() {
        fields = table.iter().map(|c| c.name.clone()).collect();
    }
    Ok((fields, derived))
}

fn bare_field(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(fold_column(&name.value)),
        Expr::Nested(inner) => bare_field(inner),
        _ => None,
    }
}

/// Adds the folded names an expression mentions. May add words that are no columns (`day` in `date_trunc`).
fn collect_names(expr: &Expr, names: &mut BTreeSet<String>) {
    struct Names<'a>(&'a mut BTreeSet<String>);
    impl Visitor for Names<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Identifier(name) = expr {
                self.0.insert(fold_column(&name.value));
            }
            ControlFlow::Continue(())
        }
    }
    // The visitor never breaks.
    let _ = expr.visit(&mut Names(names));
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ids::ColumnId;
    use catalog::{DefaultValue, SqlType};

    /// `name type [not null] [default]`, comma-separated.
    fn table(text: &str) -> Vec<Column> {
        let column = |(i, definition): (usize, &str)| {
            let words: Vec<&str> = definition.split_whitespace().collect();
            Column {
                id: ColumnId(i as u64 + 1),
                name: words[0].to_string(),
                ty: SqlType::from_name(words[1], &[]).unwrap(),
                nullable: !words.contains(&"not"),
                default: words.contains(&"default").then(|| DefaultValue::Literal("7".to_string())),
                comment: String::new(),
            }
        };
        text.split(',').enumerate().map(column).collect()
    }

    /// `field:kind` of each source, then the target of each column.
    fn shown(mapping: &Mapping) -> String {
        let source = |s: &SourceColumn| match s.kind {
            SourceKind::Text => format!("{}:text", s.field),
            SourceKind::Direct(ty) => format!("{}:{}", s.field, ty.base_name()),
        };
        let target = |t: &Target| match t {
            Target::Source(i) => format!("s{i}"),
            Target::Expression(i) => format!("e{i}={}", mapping.expressions[*i]),
            Target::Default => "default".to_string(),
        };
        let sources: Vec<String> = mapping.sources.iter().map(source).collect();
        let targets: Vec<String> = mapping.targets.iter().map(target).collect();
        format!("{} [{}] -> {}", mapping.fields.len(), sources.join(" "), targets.join(" "))
    }

    #[test]
    fn fields_feed_columns_and_expressions() {
        let t = table("k1 INT,K2 DATE,v STRING");
        let cases: &[(Option<&str>, &str)] = &[
            (None, "3 [0:int 1:date 2:varchar] -> s0 s1 s2"),
            (Some("v, k2, K1"), "3 [2:int 1:date 0:varchar] -> s0 s1 s2"),
            // Unknown names are temporaries; those that nobody uses are not read.
            (Some("a, v, b, k1"), "4 [3:int 1:varchar] -> s0 default s1"),
            (Some("a, k1, k2 = str_to_date(A, '%Y')"), "2 [1:int 0:text] -> s0 e0=str_to_date(A, '%Y') default"),
            // Derived items take no field, wherever they stand.
            (Some("v = concat(k1, 'x, = y'), k1"), "1 [0:int 0:text] -> s0 default e0=concat(k1, 'x, = y')"),
            // The mapping wins over the field of the same name.
            (Some("k1, k2, v, k1 = k1 * 2"), "3 [1:date 2:varchar 0:text] -> e0=k1 * 2 s0 s1"),
            // Expressions only: the fields are the table's columns.
            (Some("k1 = k1 + 1"), "3 [1:date 2:varchar 0:text] -> e0=k1 + 1 s0 s1"),
            // A bare field is read directly.
            (Some("x, k1 = X, v = (x)"), "1 [0:int 0:varchar] -> s0 default s1"),
            (Some("`a b`, k1 = `a b` + 1"), "1 [0:text] -> e0=`a b` + 1 default default"),
            (Some(" k1 ,\n\tk2 "), "2 [0:int 1:date] -> s0 s1 default"),
        ];
        for (header, expected) in cases {
            assert_eq!(shown(&Mapping::new(&t, *header, None).unwrap()), *expected, "{header:?}");
        }
    }

    #[test]
    fn filters_see_columns_first_and_temporaries() {
        let t = table("k1 INT,v STRING");
        let mapping = Mapping::new(&t, Some("k1, tmp, v"), Some("k1 > 1 and tmp = 'a'")).unwrap();
        assert_eq!(shown(&mapping), "3 [0:int 2:varchar 1:text] -> s0 s1");
        assert_eq!(mapping.text_sources().collect::<Vec<_>>(), [(2, "tmp")]);
        assert_eq!(mapping.filter.unwrap().to_string(), "k1 > 1 AND tmp = 'a'");
    }

    #[test]
    fn columns_without_value_need_a_default() {
        let t = table("k INT,a INT not default,b INT not");
        assert_eq!(shown(&Mapping::new(&t, Some("k, b"), None).unwrap()), "2 [0:int 1:int] -> s0 default s1");
        let error = Mapping::new(&t, Some("k"), None).unwrap_err();
        assert_eq!(error.message(), "Column has no default value. column: b");
    }

    #[test]
    fn wrong_headers_name_what_is_wrong() {
        let t = table("k1 INT,k2 INT");
        let cases = [
            ("k1, K1", "Duplicate column: K1"),
            ("k1, k2 = 1, K2 = 2", "Duplicate column mapping: K2"),
            ("k1, nosuch = 1", "Mapping column is not in table. column: nosuch"),
            ("k1, __op = 'delete'", "Mapping column is not in table. column: __op"),
            ("k1 k2", "a comma, or = and an expression"),
            ("k1,", "a name"),
            ("k1, k2 = ", "header: columns"),
            ("k1, 'k2", "header: columns"),
            ("(k1)", "a name"),
        ];
        for (header, part) in cases {
            let error = Mapping::new(&t, Some(header), None).unwrap_err().to_string();
            assert!(error.contains(part), "{header}: {error}");
        }
        let error = Mapping::new(&t, None, Some("k1 >")).unwrap_err().to_string();
        assert!(error.contains("header: where"), "{error}");
    }

    #[test]
    fn derived_columns_of_the_crash_scenario_take_no_field() {
        let t = table("CRASH_DATE DATETIME,BOROUGH STRING,LATITUDE INT");
        let header = "tmp_CRASH_DATE, tmp_CRASH_TIME, CRASH_DATE=str_to_date(concat_ws(' ', tmp_CRASH_DATE, tmp_CRASH_TIME), \
            '%m/%d/%Y %H:%i'),BOROUGH,ZIP_CODE,LATITUDE";
        let mapping = Mapping::new(&t, Some(header), None).unwrap();
        let expected = "5 [2:varchar 4:int 0:text 1:text] -> \
            e0=str_to_date(concat_ws(' ', tmp_CRASH_DATE, tmp_CRASH_TIME), '%m/%d/%Y %H:%i') s0 s1";
        assert_eq!(shown(&mapping), expected);
    }
}
