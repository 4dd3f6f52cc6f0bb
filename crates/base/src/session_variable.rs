//! Session variables: one table, readable by `SELECT @@x` and `SHOW VARIABLES`, changed by `SET`.

use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `SET` of a variable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Viewmill acts on it.
    Acts,
    /// MySQL clients set it as a matter of course; remembered and shown, without effect (`SET` to a new value warns).
    Remembered,
    /// `SET` is an error.
    ReadOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Lower and upper bound, both included.
    Integer(i64, i64),
    /// Shown as 1/0 or ON/OFF as MySQL does for that variable; set by 0, 1, ON, OFF, TRUE, FALSE.
    Bool,
}

#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    pub default: &'static str,
    pub kind: Kind,
    pub effect: Effect,
}

const fn acts(name: &'static str, default: &'static str, kind: Kind) -> Variable {
    Variable { name, default, kind, effect: Effect::Acts }
}
const fn kept(name: &'static str, default: &'static str) -> Variable {
    Variable { name, default, kind: Kind::Text, effect: Effect::Remembered }
}
const fn fixed(name: &'static str, default: &'static str) -> Variable {
    Variable { name, default, kind: Kind::Text, effect: Effect::ReadOnly }
}

const NATURAL: Kind = Kind::Integer(0, i64::MAX);

/// Every variable, sorted by name. `version` and `version_comment` are filled in by the server at start.
pub const VARIABLES: &[Variable] = &[
    kept("auto_increment_increment", "1"),
    acts("autocommit", "1", Kind::Bool),
    acts("batch_size", "16384", Kind::Integer(64, 1_048_576)),
    kept("big_query_profile_threshold", "30s"),
    kept("catalog", "default_catalog"),
    kept("character_set_client", "utf8mb4"),
    kept("character_set_connection", "utf8mb4"),
    kept("character_set_database", "utf8mb4"),
    kept("character_set_filesystem", "binary"),
    kept("character_set_results", "utf8mb4"),
    kept("character_set_server", "utf8mb4"),
    fixed("character_set_system", "utf8mb3"),
    kept("collation_connection", "utf8mb4_general_ci"),
    kept("collation_database", "utf8mb4_general_ci"),
    kept("collation_server", "utf8mb4_general_ci"),
    kept("default_storage_engine", "InnoDB"),
    kept("disable_join_reorder", "0"),
    kept("dynamic_overwrite", "0"),
    acts("enable_insert_strict", "1", Kind::Bool),
    kept("enable_materialized_view_rewrite", "1"),
    kept("enable_profile", "0"),
    kept("enable_query_cache", "0"),
    kept("enable_spill", "1"),
    fixed("error_count", "0"),
    kept("exec_mem_limit", "2147483648"),
    kept("explicit_defaults_for_timestamp", "1"),
    kept("foreign_key_checks", "1"),
    kept("group_concat_max_len", "1024"),
    fixed("have_openssl", "DISABLED"),
    fixed("have_ssl", "DISABLED"),
    fixed("hostname", "viewmill"),
    kept("identity", "0"),
    kept("init_connect", ""),
    fixed("innodb_version", "8.0.33"),
    kept("insert_max_filter_ratio", "0"),
    acts("insert_timeout", "14400", NATURAL),
    acts("interactive_timeout", "28800", NATURAL),
    fixed("language", "/"),
    fixed("last_insert_id", "0"),
    fixed("license", "Apache License 2.0"),
    fixed("local_infile", "0"),
    fixed("lower_case_table_names", "0"),
    kept("materialized_view_rewrite_mode", "DEFAULT"),
    fixed("max_allowed_packet", "67108864"),
    acts("max_execution_time", "0", NATURAL),
    kept("max_join_size", "18446744073709551615"),
    kept("max_statement_time", "0"),
    kept("net_buffer_length", "16384"),
    kept("net_read_timeout", "60"),
    acts("net_write_timeout", "60", Kind::Integer(1, 31_536_000)),
    kept("optimizer_materialized_view_timelimit", "1000"),
    kept("optimizer_switch", "default"),
    kept("parallel_fragment_exec_instance_num", "1"),
    acts("parallelism", "0", Kind::Integer(0, 1024)),
    fixed("partial_revokes", "0"),
    kept("partial_update_mode", "auto"),
    fixed("performance_schema", "0"),
    kept("pipeline_dop", "0"),
    kept("plan_mode", "AUTO"),
    fixed("port", "9030"),
    kept("profiling", "0"),
    kept("query_cache_size", "0"),
    kept("query_cache_type", "OFF"),
    kept("query_mem_limit", "0"),
    acts("query_timeout", "300", NATURAL),
    kept("resource_group", ""),
    fixed("socket", ""),
    kept("spill_mode", "auto"),
    kept("sql_auto_is_null", "0"),
    acts("sql_mode", "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES", Kind::Text),
    kept("sql_quote_show_create", "1"),
    kept("sql_safe_updates", "0"),
    acts("sql_select_limit", "18446744073709551615", Kind::Text),
    kept("storage_engine", "InnoDB"),
    fixed("system_time_zone", "UTC"),
    acts("time_zone", "UTC", Kind::Text),
    kept("timestamp", "0"),
    kept("tmp_table_size", "16777216"),
    kept("transaction_isolation", "REPEATABLE-READ"),
    kept("transaction_read_only", "0"),
    kept("tx_isolation", "REPEATABLE-READ"),
    kept("tx_read_only", "0"),
    kept("unique_checks", "1"),
    kept("use_compute_nodes", "-1"),
    fixed("version", "8.0.33"),
    fixed("version_comment", "Viewmill"),
    fixed("version_compile_machine", "x86_64"),
    fixed("version_compile_os", "Linux"),
    acts("wait_timeout", "28800", NATURAL),
    kept("warehouse", "default_warehouse"),
    fixed("warning_count", "0"),
];

/// What a `SET` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    Done,
    /// Remembered, but Viewmill does not act on it: the client gets a warning.
    WithoutEffect,
}

/// A session's values; starts from defaults and the server's own facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionVariables {
    /// Shared until one of the copies changes: every statement takes one.
    values: Arc<BTreeMap<&'static str, String>>,
}

impl Default for SessionVariables {
    fn default() -> Self {
        SessionVariables { values: Arc::new(VARIABLES.iter().map(|v| (v.name, v.default.to_string())).collect()) }
    }
}

impl SessionVariables {
    /// The value as text; names are case-insensitive.
    ///
    /// # Errors
    /// `UnknownVariable` with the nearest known name.
    pub fn get(&self, name: &str) -> Result<&str> {
        let variable = find(name)?;
        Ok(self.values.get(variable.name).map_or(variable.default, String::as_str))
    }

    pub fn set(&mut self, name: &str, value: &str) -> Result<Assigned> {
        let variable = find(name)?;
        if variable.effect == Effect::ReadOnly {
            return Err(Error::new(ErrorKind::WrongValue, "the variable is read-only").with("variable", variable.name));
        }
        let value = variable.kind.normalize(value).ok_or_else(|| {
            let message = format!("Variable '{}' can't be set to the value of '{value}'", variable.name);
            Error::new(ErrorKind::WrongValue, message)
        })?;
        let changed =
            Arc::make_mut(&mut self.values).insert(variable.name, value.clone()).is_none_or(|old| old != value);
        let without = changed && variable.effect == Effect::Remembered;
        Ok(if without { Assigned::WithoutEffect } else { Assigned::Done })
    }

    pub fn set_default(&mut self, name: &str) -> Result<Assigned> {
        let default = find(name)?.default;
        self.set(name, default)
    }

    /// Sets a fact of the server (its version, its port), read-only for clients.
    pub fn set_fact(&mut self, name: &str, value: &str) {
        if let Ok(variable) = find(name) {
            Arc::make_mut(&mut self.values).insert(variable.name, value.to_string());
        }
    }

    /// A numeric variable's value; 0 for one that is not a number.
    pub fn integer(&self, name: &str) -> u64 {
        self.get(name).ok().and_then(|v| v.parse().ok()).unwrap_or(0)
    }

    pub fn bool(&self, name: &str) -> bool {
        self.get(name).is_ok_and(|v| v == "1")
    }

    pub fn has_sql_mode(&self, mode: &str) -> bool {
        self.get("sql_mode").is_ok_and(|modes| modes.split(',').any(|m| m.trim().eq_ignore_ascii_case(mode)))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static Variable, &str)> {
        VARIABLES.iter().map(|v| (v, self.values.get(v.name).map_or(v.default, String::as_str)))
    }
}

impl Kind {
    fn normalize(self, value: &str) -> Option<String> {
        let value = value.trim();
        match self {
            Kind::Text => Some(value.to_string()),
            Kind::Integer(min, max) => {
                let number: f64 = value.parse().ok()?;
                let whole = number.trunc() as i64;
                (number.fract() == 0.0 && (min..=max).contains(&whole)).then(|| whole.to_string())
            }
            Kind::Bool => match value.to_ascii_lowercase().as_str() {
                "1" | "on" | "true" => Some("1".to_string()),
                "0" | "off" | "false" => Some("0".to_string()),
                _ => None,
            },
        }
    }
}

impl PartialEq<&str> for Variable {
    fn eq(&self, other: &&str) -> bool {
        self.name.eq_ignore_ascii_case(other)
    }
}

fn find(name: &str) -> Result<&'static Variable> {
    VARIABLES.iter().find(|v| **v == name).ok_or_else(|| {
        let mut message = format!("Unknown system variable '{name}'");
        if let Some(near) = nearest(name) {
            message.push_str(&format!(", the most similar variables are '{near}'"));
        }
        Error::new(ErrorKind::UnknownVariable, message)
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let distance = |candidate: &str| crate::names::edit_distance(&name, candidate);
    VARIABLES.iter().map(|v| (distance(v.name), v.name)).min().filter(|(d, _)| *d <= 3).map(|(_, n)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_normalized() {
        let mut v = SessionVariables::default();
        v.set("AUTOCOMMIT", "OFF").unwrap();
        assert!(!v.bool("autocommit"));
        assert_eq!(v.set("query_timeout", "x").unwrap_err().kind(), ErrorKind::WrongValue);
        assert_eq!(v.set("version", "9").unwrap_err().kind(), ErrorKind::WrongValue);
        assert_eq!(v.set("net_read_timeout", "600").unwrap(), Assigned::WithoutEffect);
        let error = v.get("query_timeot").unwrap_err();
        assert!(error.to_string().contains("query_timeout"), "{error}");
    }

    #[test]
    fn names_are_unique_and_sorted() {
        assert!(VARIABLES.windows(2).all(|w| w[0].name < w[1].name));
    }
}
