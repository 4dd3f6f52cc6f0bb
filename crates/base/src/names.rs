//! Rules for identifiers. Database and table names are case-sensitive, column names are not (as in StarRocks).

use crate::{Error, Result};

/// The catalog that holds Viewmill's own tables.
pub const DEFAULT_CATALOG: &str = "default_catalog";
pub const INFORMATION_SCHEMA: &str = "information_schema";

const DATABASE_NAME_BYTES_MAX: usize = 256;
const TABLE_NAME_BYTES_MAX: usize = 1024;
const LABEL_BYTES_MAX: usize = 128;

/// The form in which column names are compared.
pub fn fold_column(name: &str) -> String {
    name.to_lowercase()
}

pub fn check_database(name: &str) -> Result<()> {
    check("database", name, DATABASE_NAME_BYTES_MAX)
}

pub fn check_table(name: &str) -> Result<()> {
    check("table", name, TABLE_NAME_BYTES_MAX)
}

pub fn check_column(name: &str) -> Result<()> {
    if name.to_lowercase().starts_with("__op") {
        return Err(Error::invalid("column names starting with __op are reserved for loads").with("column", name));
    }
    check("column", name, TABLE_NAME_BYTES_MAX)
}

/// Labels: 1 to 128 letters, digits, `_` or `-` (StarRocks' rule).
pub fn check_label(label: &str) -> Result<()> {
    let legal = !label.is_empty()
        && label.len() <= LABEL_BYTES_MAX
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if legal {
        return Ok(());
    }
    Err(Error::invalid("a label has 1 to 128 letters, digits, _ or -").with("label", label))
}

/// Levenshtein's distance, to suggest the name that was meant.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn check(what: &str, name: &str, bytes_max: usize) -> Result<()> {
    let legal = !name.is_empty()
        && name.len() <= bytes_max
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '`'))
        && name.trim() == name;
    if legal {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "a {what} name has 1 to {bytes_max} bytes, no control character, no / \\ or ` and no space at its ends"
    ))
    .with("name", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_a_closed_alphabet() {
        for (label, legal) in [("crashdata-0", true), ("a_1", true), ("", false), ("a b", false), ("é", false)] {
            assert_eq!(check_label(label).is_ok(), legal, "{label}");
        }
        assert!(check_label(&"x".repeat(129)).is_err());
    }

    #[test]
    fn names_cannot_leave_their_folder() {
        for name in ["", "a/b", "a`b", " a", "a\n"] {
            assert!(check_table(name).is_err(), "{name:?}");
        }
        assert!(check_table("Straße_1").is_ok());
    }
}
