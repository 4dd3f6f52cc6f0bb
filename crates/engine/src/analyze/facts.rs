//! What expressions may ask of the session: given once per statement, so that a statement sees one moment.

use std::collections::BTreeMap;

use base::session_variable::SessionVariables;
use base::{Error, ErrorKind, Result};
use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone, Utc};
use datafusion::scalar::ScalarValue;

/// Facts of the session that expressions can ask for.
#[derive(Debug, Clone, Copy)]
pub struct SessionFacts<'a> {
    pub database: Option<&'a str>,
    pub catalog: &'a str,
    pub user: &'a str,
    /// Where the client connects from.
    pub host: &'a str,
    /// The role in effect; empty for none.
    pub role: &'a str,
    pub connection_id: u64,
    pub variables: &'a SessionVariables,
    /// What `@@global.name` reads.
    pub global_variables: &'a SessionVariables,
    /// `@name` by lower-case name.
    pub user_variables: &'a BTreeMap<String, ScalarValue>,
    /// The statement's moment, microseconds since 1970 UTC.
    pub now_us: i64,
    /// Empty before the first query.
    pub last_query_id: &'a str,
    /// `CURRENT_VERSION()`: Viewmill's version, a space and the commit.
    pub current_version: &'a str,
    pub last_insert_id: u64,
    /// Rows of the previous SELECT.
    pub found_rows: u64,
    /// Rows changed by the previous statement, -1 after a SELECT.
    pub row_count: i64,
}

impl SessionFacts<'_> {
    /// The statement's moment on the clock of the session's time zone.
    ///
    /// # Errors
    /// `WrongValue` if `time_zone` holds no known zone.
    pub fn local_now(&self) -> Result<NaiveDateTime> {
        let utc = self.utc_now()?;
        Ok(self.zone()?.at(utc))
    }

    pub(super) fn utc_now(&self) -> Result<NaiveDateTime> {
        DateTime::<Utc>::from_timestamp_micros(self.now_us)
            .map(|moment| moment.naive_utc())
            .ok_or_else(|| Error::internal("the statement's time is out of range").with("now_us", self.now_us))
    }

    /// The session's `time_zone`, with SYSTEM replaced by the server's.
    pub(super) fn zone_name(&self) -> Result<&str> {
        let name = self.variables.get("time_zone")?;
        if name.eq_ignore_ascii_case("system") { self.variables.get("system_time_zone") } else { Ok(name) }
    }

    fn zone(&self) -> Result<Zone> {
        let name = self.zone_name()?;
        Zone::parse(name)
            .ok_or_else(|| Error::new(ErrorKind::WrongValue, format!("Unknown or incorrect time zone: '{name}'")))
    }

    pub(super) fn pipes_as_concat(&self) -> bool {
        self.variables.has_sql_mode("PIPES_AS_CONCAT") || self.variables.has_sql_mode("ANSI")
    }

    pub(super) fn only_full_group_by(&self) -> bool {
        self.variables.has_sql_mode("ONLY_FULL_GROUP_BY") || self.variables.has_sql_mode("ANSI")
    }
}

enum Zone {
    Named(chrono_tz::Tz),
    Fixed(FixedOffset),
}

impl Zone {
    /// `Europe/Paris`, `UTC`, `+08:00`, `-5:30`.
    fn parse(name: &str) -> Option<Zone> {
        let name = name.trim();
        let Some(sign) = name.chars().next().filter(|c| matches!(c, '+' | '-')) else {
            return name.parse().or_else(|_| name.to_uppercase().parse()).ok().map(Zone::Named);
        };
        let (hours, minutes) = name[1..].split_once(':')?;
        let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
        FixedOffset::east_opt(if sign == '-' { -seconds } else { seconds }).map(Zone::Fixed)
    }

    fn at(&self, utc: NaiveDateTime) -> NaiveDateTime {
        match self {
            Zone::Named(zone) => zone.from_utc_datetime(&utc).naive_local(),
            Zone::Fixed(offset) => offset.from_utc_datetime(&utc).naive_local(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets() {
        let utc = DateTime::<Utc>::from_timestamp(1_706_745_600, 0).unwrap().naive_utc();
        for (name, local) in [
            ("UTC", Some("2024-02-01 00:00:00")),
            ("+08:00", Some("2024-02-01 08:00:00")),
            ("-5:30", Some("2024-01-31 18:30:00")),
            ("America/New_York", Some("2024-01-31 19:00:00")),
            ("utc", Some("2024-02-01 00:00:00")),
            ("Mars", None),
            ("+", None),
        ] {
            let found = Zone::parse(name).map(|zone| zone.at(utc).to_string());
            assert_eq!(found.as_deref(), local, "{name}");
        }
    }
}
