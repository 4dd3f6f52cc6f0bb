//! Catalogs of other systems. So far only the registry of their kinds, which CREATE EXTERNAL CATALOG asks.

pub mod registry;
