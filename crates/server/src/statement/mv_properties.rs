//! PROPERTIES of materialized views: a closed list, for CREATE and ALTER alike.
//! Test: sql-tests/mv/properties.test

use crate::session::Session;
use base::{Error, Result};
use std::collections::BTreeMap;

/// Properties of StarRocks about things that Viewmill does by itself, has no need of, or does in one way only.
const WITHOUT_EFFECT: &[&str] = &[
    "auto_refresh_partitions_limit",
    "bloom_filter_columns",
    "colocate_with",
    "datacache.enable",
    "enable_query_rewrite",
    "force_external_table_query_rewrite",
    "foreign_key_constraints",
    "mv_rewrite_staleness_second",
    "partition_refresh_number",
    "partition_refresh_strategy",
    "query_rewrite_consistency",
    "replication_num",
    "resource_group",
    "storage_medium",
    "storage_volume",
    "transparent_mv_rewrite_mode",
    "unique_constraints",
    "warehouse",
];

/// Properties whose missing effect users would notice.
const UNSUPPORTED: &[&str] =
    &["excluded_refresh_tables", "excluded_trigger_tables", "partition_ttl", "partition_ttl_number"];

/// The properties to keep. Those without effect are told to the client.
///
/// # Errors
/// `Invalid` for unknown properties and wrong values, `Unsupported` for those that would matter.
pub(super) fn check(pairs: Vec<(String, String)>, session: &mut Session) -> Result<BTreeMap<String, String>> {
    for (key, value) in &pairs {
        match key.as_str() {
            "compression" => storage::write::check_compression(value)?,
            // A refresh that looks at partitions gives the same rows as a whole one.
            "refresh_mode" if value.eq_ignore_ascii_case("pct") => {
                session.note_without_effect(format_args!("property {key}"));
            }
            "refresh_mode" => {
                return Err(Error::unsupported("this refresh_mode is not supported yet").with("value", value));
            }
            known if WITHOUT_EFFECT.contains(&known) || known.starts_with("session.") => {
                session.note_without_effect(format_args!("property {key}"));
            }
            known if UNSUPPORTED.contains(&known) => {
                return Err(Error::unsupported("this property is not supported yet").with("property", key));
            }
            _ => return Err(Error::invalid(format!("Unknown properties: {{{key}={value}}}"))),
        }
    }
    Ok(pairs.into_iter().collect())
}
