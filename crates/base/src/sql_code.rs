//! The one table from error kind to MySQL errno, SQLSTATE and HTTP status.
//!
//! Numbers follow MySQL 8.0's server error reference where MySQL has the case; 1064 is StarRocks' code for every
//! analysis error.

use crate::ErrorKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlCode {
    pub errno: u16,
    pub sqlstate: &'static str,
    pub http_status: u16,
}

/// The codes that clients see for an error of this kind.
pub fn of(kind: ErrorKind) -> SqlCode {
    use ErrorKind as K;
    let (errno, sqlstate, http_status) = match kind {
        K::Parse | K::Invalid => (1064, "42000", 400),
        K::Unsupported => (1235, "42000", 501),
        K::UnknownDatabase => (1049, "42000", 404),
        K::UnknownTable => (1146, "42S02", 404),
        K::UnknownColumn => (1054, "42S22", 400),
        K::UnknownPartition => (1735, "HY000", 404),
        K::UnknownFunction => (1305, "42000", 400),
        K::UnknownVariable => (1193, "HY000", 400),
        K::UnknownCatalog => (5501, "42000", 404),
        K::UnknownThread => (1094, "HY000", 404),
        K::DatabaseExists => (1007, "HY000", 409),
        K::TableExists => (1050, "42S01", 409),
        K::DuplicateColumn => (1060, "42S21", 400),
        K::WrongObject => (1347, "HY000", 400),
        K::NoDatabase => (1046, "3D000", 400),
        K::AccessDenied => (1045, "28000", 401),
        K::Privilege => (1227, "42000", 403),
        K::WrongValue => (1231, "42000", 400),
        K::ColumnCount => (1136, "21S01", 400),
        K::SubqueryRows => (1242, "21000", 400),
        K::NullNotAllowed => (1048, "23000", 400),
        K::BadData => (1366, "HY000", 400),
        K::LabelExists => (1062, "23000", 409),
        K::Conflict => (1213, "40001", 409),
        K::Fenced => (1290, "HY000", 503),
        K::Unavailable | K::OutcomeUnknown => (1105, "HY000", 503),
        K::Timeout => (3024, "HY000", 504),
        K::Interrupted => (1317, "70100", 503),
        K::Exhausted => (1041, "HY000", 503),
        K::Corrupt | K::Internal => (1105, "HY000", 500),
        K::UnsupportedPrepared => (1295, "HY000", 400),
        K::UnknownCommand => (1047, "08S01", 400),
        K::PacketTooLarge => (1153, "08S01", 413),
    };
    SqlCode { errno, sqlstate, http_status }
}
