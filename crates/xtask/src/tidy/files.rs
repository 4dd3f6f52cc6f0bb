//! How files are named, how long they are, how they begin.

use super::tree::{File, Tree};

const LINES_MAX: usize = 500;
/// Names that say nothing, and so collect everything.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    tree.files.iter().flat_map(complaints).collect()
}

fn complaints(file: &File) -> Vec<String> {
    let path = &file.path;
    let mut complaints = Vec::new();
    let parts = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    for part in parts.filter(|part| EMPTY_NAMES.contains(part)) {
        complaints.push(format!("{path}: {part:?} says nothing about what is inside"));
    }
    if !file.is_rust() {
        return complaints;
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX && !file.is_test() {
        complaints.push(format!("{path}: {lines} lines, at most {LINES_MAX}; split it by idea"));
    }
    if !file.text.starts_with("//!") && file.name() != "tests.rs" && !file.path.contains("/tests/") {
        complaints.push(format!("{path}: begin with `//!`: what is this, who calls it, what does it promise"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_short_and_introduced() {
        let long = format!("//! x\n{}", "\n".repeat(LINES_MAX));
        for (path, text, expected) in [
            ("crates/a/src/plan.rs", "//! x\n", 0),
            ("crates/a/src/util.rs", "//! x\n", 1),
            ("crates/a/src/common/mod.rs", "//! x\n", 1),
            ("crates/a/src/plan.rs", "fn x() {}\n", 1),
            ("crates/a/src/plan.rs", long.as_str(), 1),
            ("crates/a/src/plan/tests.rs", long.as_str(), 0),
            ("scripts/setup.sh", "true\n", 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), expected, "{path}");
        }
    }
}
