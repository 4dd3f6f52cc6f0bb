//! No file is forgotten: every Rust file is a module of its parent, and every statement, system table and endpoint names
//! the test that shows it working.

use super::tree::{File, Tree};

/// Folders of what a client can see, and the word that makes a file in them such a thing. Its first lines hold
/// `//! Test: sql-tests/…`.
const TESTED_FOLDERS: &[(&str, &str)] = &[
    ("crates/server/src/statement/", ": StatementKind"),
    ("crates/server/src/information_schema/", "Definition"),
    ("crates/server/src/http/", "fn route("),
];
const TEST_LINE: &str = "//! Test: ";

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let rust = || tree.files.iter().filter(|f| f.is_rust());
    let mut complaints: Vec<String> = rust().filter_map(|file| orphan(tree, file)).collect();
    let tested = |file: &&File| {
        TESTED_FOLDERS.iter().any(|(folder, word)| file.path.starts_with(folder) && file.text.contains(word))
    };
    complaints.extend(rust().filter(tested).flat_map(|file| untested(tree, file)));
    complaints
}

/// A complaint if no `mod` line names the file.
fn orphan(tree: &Tree, file: &File) -> Option<String> {
    let (folder, name) = (file.folder(), file.name());
    let is_root = matches!(name, "lib.rs" | "main.rs" | "build.rs") || folder.ends_with("/src/bin");
    let is_test_root = folder.ends_with("/tests") && !folder.contains("/src/");
    if is_root || is_test_root || !(folder.contains("/src") || folder.contains("/tests/")) {
        return None;
    }
    let (module, parent_folder) = match name {
        "mod.rs" => (folder.rsplit('/').next()?, folder.rsplit_once('/')?.0),
        _ => (name.strip_suffix(".rs")?, folder),
    };
    let parents = [
        format!("{parent_folder}/mod.rs"),
        format!("{parent_folder}.rs"),
        format!("{parent_folder}/lib.rs"),
        format!("{parent_folder}/main.rs"),
    ];
    let declared = parents.iter().filter_map(|path| tree.get(path)).any(|parent| declares(&parent.text, module));
    (!declared).then(|| format!("{}: no `mod {module};` names it, so it is not compiled", file.path))
}

fn declares(text: &str, module: &str) -> bool {
    let line = format!("mod {module};");
    text.lines().map(str::trim).any(|l| l == line || l.ends_with(&format!(" {line}")))
}

/// Complaints if a visible feature names no test, or one that is not there.
fn untested(tree: &Tree, file: &File) -> Vec<String> {
    if matches!(file.name(), "mod.rs" | "tests.rs") {
        return Vec::new();
    }
    let header = file.text.lines().take_while(|l| l.starts_with("//!"));
    let tests: Vec<&str> =
        header.filter_map(|l| l.strip_prefix(TEST_LINE)).flat_map(|l| l.split(", ")).map(str::trim).collect();
    if tests.is_empty() {
        return vec![format!("{}: name its test in the header: `{TEST_LINE}sql-tests/…`", file.path)];
    }
    let missing = tests.iter().filter(|test| !tree.has(test));
    missing.map(|test| format!("{}: its test {test} does not exist", file.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_module() {
        for (files, expected) in [
            (&[("crates/a/src/lib.rs", "pub mod plan;"), ("crates/a/src/plan.rs", "")][..], 0),
            (&[("crates/a/src/lib.rs", ""), ("crates/a/src/plan.rs", "")], 1),
            (&[("crates/a/src/lib.rs", "mod plan;"), ("crates/a/src/plan/mod.rs", "")], 0),
            (&[("crates/a/src/plan.rs", "#[cfg(test)]\nmod tests;"), ("crates/a/src/plan/tests.rs", "")], 1),
            (
                &[
                    ("crates/a/tests/it/main.rs", "mod x;"),
                    ("crates/a/tests/it/x.rs", ""),
                    ("crates/a/tests/it/y.rs", ""),
                ],
                1,
            ),
        ] {
            let tree = Tree::of(files);
            assert_eq!(check(&tree).len(), expected, "{files:?}");
        }
    }

    #[test]
    fn what_clients_see_has_a_test() {
        let module = ("crates/server/src/statement/mod.rs", "mod kill;");
        let parent = ("crates/server/src/lib.rs", "mod statement;");
        let test = ("sql-tests/statement/kill.test", "");
        for (header, expected) in [
            ("//! KILL\n//!\n//! Test: sql-tests/statement/kill.test\n", 0),
            ("//! KILL\n", 1),
            ("//! KILL\n//! Test: sql-tests/statement/nosuch.test\n", 1),
        ] {
            let text = format!("{header}const KIND: StatementKind;\n");
            let tree = Tree::of(&[parent, module, test, ("crates/server/src/statement/kill.rs", text.as_str())]);
            assert_eq!(check(&tree).len(), expected, "{header}");
        }
    }
}
