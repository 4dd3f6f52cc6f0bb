//! Words that do not belong into the tree, or only into one place of it.

use super::tree::{File, Tree};

struct Rule {
    word: &'static str,
    /// Paths that begin with one of these may use it.
    allowed: &'static [&'static str],
    why: &'static str,
}

const fn rule(word: &'static str, allowed: &'static [&'static str], why: &'static str) -> Rule {
    Rule { word, allowed, why }
}

/// Looked for in Rust code outside tests; this folder itself must be able to name them.
const RULES: &[Rule] = &[
    rule("TODO", &[], "finish it, or describe the limit in a sentence"),
    rule("FIXME", &[], "fix it, or describe the limit in a sentence"),
    rule("todo!(", &[], "finish it"),
    rule("unimplemented!(", &[], "finish it, or return an Unsupported error"),
    rule("SystemTime::now", &["crates/base/src/clock.rs"], "time comes from base::clock, so that tests can set it"),
    rule("Utc::now", &["crates/base/src/clock.rs"], "time comes from base::clock, so that tests can set it"),
    rule("Local::now", &["crates/base/src/clock.rs"], "time comes from base::clock, so that tests can set it"),
    rule(
        "PutMode::Create",
        &["crates/base/src/store", "crates/catalog/src/journal"],
        "only the journal decides commits",
    ),
    rule("axum::", &["crates/server/src"], "only server knows HTTP"),
    rule("mysql_common::", &["crates/server/src"], "only server knows the MySQL protocol"),
];
const ALWAYS_ALLOWED: &str = "crates/xtask/src/tidy/";

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints: Vec<String> = tree.files.iter().filter(|f| f.is_rust()).flat_map(complaints).collect();
    complaints.extend(tree.files.iter().filter(|f| f.is_rust()).filter_map(ignored));
    complaints
}

fn complaints(file: &File) -> Vec<String> {
    if file.path.starts_with(ALWAYS_ALLOWED) || file.is_test() {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for rule in RULES.iter().filter(|rule| !rule.allowed.iter().any(|place| file.path.starts_with(place))) {
        for (index, _) in file.text.lines().enumerate().filter(|(_, line)| line.contains(rule.word)) {
            complaints.push(format!("{}:{}: {}: {}", file.path, index + 1, rule.word, rule.why));
        }
    }
    complaints
}

fn ignored(file: &File) -> Option<String> {
    let line = file.text.lines().position(|l| l.trim_start().starts_with("#[ignore"))?;
    Some(format!("{}:{}: an ignored test proves nothing", file.path, line + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_where_they_belong() {
        for (path, text, expected) in [
            ("crates/a/src/lib.rs", "// TODO later\n", 1),
            ("crates/a/src/lib.rs", "let now = SystemTime::now();\n", 1),
            ("crates/base/src/clock.rs", "let now = SystemTime::now();\n", 0),
            ("crates/a/src/tests.rs", "let now = SystemTime::now();\n", 0),
            ("crates/a/src/tests.rs", "#[ignore]\n", 1),
            ("crates/server/src/http/mod.rs", "use axum::Router;\n", 0),
            ("crates/load/src/lib.rs", "use axum::Router;\n", 1),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), expected, "{path}: {text}");
        }
    }
}
