//! Which crate may depend on which: the picture in ARCHITECTURE.md, checked against `cargo metadata`.

use serde_json::Value;
use std::process::Command;

/// Workspace crates and the workspace crates they may use, in all kinds of dependencies.
const EDGES: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("sql", &["base"]),
    ("catalog", &["base"]),
    ("storage", &["base", "catalog"]),
    ("functions", &["base"]),
    ("connector", &["base", "catalog"]),
    ("engine", &["base", "sql", "catalog", "storage"]),
    ("load", &["base", "sql", "catalog", "storage", "engine"]),
    ("mv", &["base", "sql", "catalog", "engine"]),
    ("server", &["base", "sql", "catalog", "storage", "functions", "connector", "engine", "load", "mv"]),
    ("xtask", &[]),
    ("sql-tests", &[]),
    ("benchmarks", &["sql-tests"]),
];

/// Tests may use more, as long as nothing points upward in what is shipped.
const TEST_EDGES: &[(&str, &[&str])] =
    &[("engine", &["functions"]), ("load", &["functions"]), ("mv", &["functions", "storage"])];

/// Crates from outside that only these workspace crates may name, and why.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("axum", &["server"], "only server knows HTTP"),
    ("hyper", &["server"], "only server knows HTTP"),
    ("hyper-util", &["server"], "only server knows HTTP"),
    ("http-body-util", &["server"], "only server knows HTTP"),
    ("mysql_common", &["server"], "only server knows the MySQL protocol"),
    ("mysql_async", &["server", "sql-tests"], "only server and tests are MySQL clients"),
    ("clap", &["server"], "only server has a command line"),
    ("sqlparser", &["sql"], "other crates see syntax trees through sql"),
    ("datafusion", &["functions", "connector", "engine", "load", "mv", "server"], "lower crates know no query engine"),
    ("parquet", &["storage"], "only storage knows the file format"),
    ("imbl", &["catalog"], "only catalog has snapshots that are changed in place"),
];

/// What `cargo metadata` says about the workspace.
pub(crate) fn metadata() -> Result<Value, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(crate::root())
        .output()
        .map_err(|e| format!("could not run cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata gave no JSON: {e}"))
}

pub(crate) fn check(metadata: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(allowed) = find(EDGES, name) else {
            complaints.push(format!("{name}: a new crate needs a row in crates/xtask/src/tidy/edges.rs and an ADR"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let only_tests = dependency["kind"].as_str() == Some("dev");
            if find(EDGES, to).is_some() {
                let for_tests = only_tests && find(TEST_EDGES, name).is_some_and(|more| more.contains(&to));
                if !allowed.contains(&to) && !for_tests {
                    complaints.push(format!("{name}: must not depend on {to}, see ARCHITECTURE.md"));
                }
            } else if let Some((_, owners, why)) = RESERVED.iter().find(|(outside, ..)| *outside == to)
                && !owners.contains(&name)
                && !only_tests
            {
                complaints.push(format!("{name}: must not depend on {to}: {why}"));
            }
        }
    }
    complaints
}

fn find<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, allowed)| *allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn complaints(from: &str, to: &str, kind: Option<&str>) -> usize {
        check(&json!({"packages": [{"name": from, "dependencies": [{"name": to, "kind": kind}]}]})).len()
    }

    #[test]
    fn dependencies_follow_the_picture() {
        for (from, to, kind, expected) in [
            ("engine", "storage", None, 0),
            ("storage", "engine", None, 1),
            ("engine", "functions", None, 1),
            ("engine", "functions", Some("dev"), 0),
            ("base", "catalog", Some("dev"), 1),
            ("server", "axum", None, 0),
            ("load", "axum", None, 1),
            ("catalog", "datafusion", None, 1),
            ("catalog", "serde", None, 0),
            ("newcrate", "serde", None, 1),
        ] {
            assert_eq!(complaints(from, to, kind), expected, "{from} -> {to} {kind:?}");
        }
    }
}
