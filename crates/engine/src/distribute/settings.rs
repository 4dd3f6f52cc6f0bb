//! A session's settings on their way to the nodes: what differs from the settings that every node starts with.

use datafusion::common::config::ConfigOptions;
use datafusion::common::{DataFusionError, Result, config_datafusion_err};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;

const HEADER: HeaderName = HeaderName::from_static("x-viewmill-settings");
/// Settings of DataFusion; the others travel by themselves.
const PREFIX: &str = "datafusion.";

/// Headers that carry what `session` has changed.
pub(super) fn to_headers(session: &ConfigOptions, base: &ConfigOptions) -> Result<HeaderMap> {
    let known = values(base);
    let changed: BTreeMap<String, String> =
        values(session).into_iter().filter(|(key, value)| known.get(key) != Some(value)).collect();
    let text = serde_json::to_string(&changed).map_err(|e| DataFusionError::External(Box::new(e)))?;
    let value = HeaderValue::from_str(&text).map_err(|e| config_datafusion_err!("settings cannot be sent: {e}"))?;
    Ok(HeaderMap::from_iter([(HEADER, value)]))
}

/// Applies them to the settings a node starts with.
///
/// # Errors
/// If the headers have no settings: without them a query could return other rows.
pub(super) fn apply(headers: &HeaderMap, options: &mut ConfigOptions) -> Result<()> {
    let value = headers.get(HEADER).ok_or_else(|| config_datafusion_err!("a plan came without settings"))?;
    let changed: BTreeMap<String, String> =
        serde_json::from_slice(value.as_bytes()).map_err(|e| DataFusionError::External(Box::new(e)))?;
    changed.iter().try_for_each(|(key, value)| options.set(key, value))
}

fn values(options: &ConfigOptions) -> BTreeMap<String, String> {
    let entries = options.entries().into_iter().filter(|e| e.key.starts_with(PREFIX));
    entries.filter_map(|e| Some((e.key, e.value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_changes_arrives() {
        let base = ConfigOptions::default();
        let mut session = base.clone();
        session.execution.time_zone = Some("+08:00".to_string());
        session.set("datafusion.execution.batch_size", "17").unwrap();
        session.optimizer.prefer_hash_join = false;
        let mut arrived = base.clone();
        apply(&to_headers(&session, &base).unwrap(), &mut arrived).unwrap();
        assert_eq!(values(&arrived), values(&session));
        assert!(apply(&HeaderMap::new(), &mut arrived).is_err());
    }
}
