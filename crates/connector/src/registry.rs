//! The kinds of external catalogs, by the value of the property `type` in CREATE EXTERNAL CATALOG.

use base::Error;

/// Every kind that a catalog can have.
pub const KINDS: &[&str] = &[];

/// The error for a kind that is not in [`KINDS`]; it lists those that are.
pub fn unknown_kind(kind: &str) -> Error {
    let known = if KINDS.is_empty() { "none yet".to_string() } else { KINDS.join(", ") };
    Error::unsupported("external catalogs of this type are not supported").with("type", kind).with("supported", known)
}
