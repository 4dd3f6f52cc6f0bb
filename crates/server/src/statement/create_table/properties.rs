//! PROPERTIES of tables and partitions: a closed list. Each one has its effect, or the client is told that it has none.

use base::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

const COMPRESSION: &str = "compression";
/// What storage uses for tables that do not say.
const COMPRESSION_DEFAULT: &str = "ZSTD";
const REPLICATION_NUM: &str = "replication_num";
const STORAGE_VOLUME: &str = "storage_volume";
/// The only place that holds data.
const STORAGE_VOLUME_BUILTIN: &str = "builtin_storage_volume";

/// Properties of StarRocks about things that Viewmill does by itself or has no need of.
const WITHOUT_EFFECT: &[&str] = &[
    "base_compaction_forbidden_time_ranges",
    "bloom_filter_columns",
    "bloom_filter_fpp",
    "bucket_size",
    "colocate_with",
    "datacache.enable",
    "datacache.partition_duration",
    "default.replication_num",
    "default.storage_medium",
    "enable_persistent_index",
    "enable_async_write_back",
    "fast_schema_evolution",
    "cloud_native_fast_schema_evolution_v2",
    "file_bundling",
    "foreign_key_constraints",
    "in_memory",
    "light_schema_change",
    "mutable_bucket_num",
    "persistent_index_type",
    "replicated_storage",
    "storage_cooldown_time",
    "storage_cooldown_ttl",
    "storage_medium",
    "unique_constraints",
    "write_quorum",
];

/// Properties whose missing effect users would notice.
const UNSUPPORTED: &[&str] = &[
    "enable_change_data_capture",
    "flat_json.enable",
    "partition_live_number",
    "partition_retention_condition",
    "partition_ttl",
    "partition_ttl_number",
    "query_timeout",
    "table_query_timeout",
];

/// Checks a table's properties and completes them with the defaults that SHOW CREATE TABLE prints. Those without effect are
/// added to `notes`.
///
/// # Errors
/// `Invalid` for unknown properties and wrong values, `Unsupported` for those that would matter.
pub(in crate::statement) fn check_table(
    pairs: &[(String, String)],
    notes: &mut Vec<String>,
) -> Result<BTreeMap<String, String>> {
    let mut kept = BTreeMap::from([
        (COMPRESSION.to_string(), COMPRESSION_DEFAULT.to_string()),
        (REPLICATION_NUM.to_string(), "1".to_string()),
        (STORAGE_VOLUME.to_string(), STORAGE_VOLUME_BUILTIN.to_string()),
    ]);
    check_set(pairs, notes)?;
    kept.extend(pairs.iter().cloned());
    Ok(kept)
}

/// Checks the properties that `ALTER TABLE … SET` changes.
///
/// # Errors
/// As [`check_table`].
pub(in crate::statement) fn check_set(pairs: &[(String, String)], notes: &mut Vec<String>) -> Result<()> {
    for (key, value) in pairs {
        match key.as_str() {
            COMPRESSION => check_compression(value)?,
            key => check_other(key, value, notes)?,
        }
    }
    Ok(())
}

/// Checks the properties of a partition, none of which has an effect.
///
/// # Errors
/// As [`check_table`].
pub(in crate::statement) fn check_partition(pairs: &[(String, String)], notes: &mut Vec<String>) -> Result<()> {
    pairs.iter().try_for_each(|(key, value)| check_other(key, value, notes))
}

fn check_other(key: &str, value: &str, notes: &mut Vec<String>) -> Result<()> {
    match key {
        REPLICATION_NUM => check_replication(value, notes),
        STORAGE_VOLUME if value == STORAGE_VOLUME_BUILTIN => Ok(()),
        STORAGE_VOLUME => {
            let message = format!("there is only one storage volume, {STORAGE_VOLUME_BUILTIN}");
            Err(Error::invalid(message).with("storage_volume", value))
        }
        _ if WITHOUT_EFFECT.contains(&key) => {
            notes.push(format!("property {key}"));
            Ok(())
        }
        _ if UNSUPPORTED.contains(&key) || key.starts_with("dynamic_partition.") => {
            Err(Error::unsupported("this property is not supported yet").with("property", key))
        }
        _ => Err(Error::invalid(format!("Unknown properties: {{{key}={value}}}"))),
    }
}

/// One copy is what every table has: copies are the object store's business.
fn check_replication(value: &str, notes: &mut Vec<String>) -> Result<()> {
    match value.trim().parse::<u16>() {
        Ok(1) => Ok(()),
        Ok(copies) if copies > 0 => {
            notes.push(format!("property {REPLICATION_NUM} = {copies}"));
            Ok(())
        }
        _ => Err(Error::invalid("replication_num must be a number of at least 1").with("replication_num", value)),
    }
}

/// Every wrong clause of a definition is an analysis error to clients, whatever storage calls it.
fn check_compression(value: &str) -> Result<()> {
    storage::write::check_compression(value).map_err(|e| match e.kind() {
        ErrorKind::WrongValue => Error::invalid(e.to_string()),
        _ => e,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, value: &str) -> Result<(BTreeMap<String, String>, Vec<String>)> {
        let mut notes = Vec::new();
        let kept = check_table(&[(key.to_string(), value.to_string())], &mut notes)?;
        Ok((kept, notes))
    }

    #[test]
    fn a_property_acts_or_warns_or_fails() {
        for (key, value, warns) in [
            ("compression", "zstd(3)", false),
            ("compression", "LZ4", false),
            ("replication_num", "1", false),
            ("replication_num", "3", true),
            ("storage_volume", "builtin_storage_volume", false),
            ("storage_medium", "SSD", true),
            ("bloom_filter_columns", "a,b", true),
        ] {
            let (kept, notes) = check(key, value).unwrap();
            assert_eq!((kept[key].as_str(), !notes.is_empty()), (value, warns), "{key} = {value}");
        }
        for (key, value, kind) in [
            ("compression", "ZLIB", ErrorKind::Invalid),
            ("replication_num", "0", ErrorKind::Invalid),
            ("storage_volume", "other", ErrorKind::Invalid),
            ("no_such_property", "1", ErrorKind::Invalid),
            ("dynamic_partition.enable", "true", ErrorKind::Unsupported),
            ("partition_ttl", "1 DAY", ErrorKind::Unsupported),
        ] {
            assert_eq!(check(key, value).unwrap_err().kind(), kind, "{key} = {value}");
        }
    }
}
