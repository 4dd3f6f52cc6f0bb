//! Configuration of a server process: one table of keys, with StarRocks' names where StarRocks has the key.
//!
//! Precedence: `--set key=value`, then environment `VIEWMILL_<KEY>`, then the configuration file, then the default.

use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// One key of [`KEYS`]: how it is named, what it means, its default as text.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub default: &'static str,
    pub doc: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number between the bounds, both included.
    Integer(i64, i64),
    Text,
    Bool,
    /// Text that is never printed.
    Secret,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { name, kind, default, doc }
}

const PORT: Kind = Kind::Integer(0, 65_535);
/// Upper bounds are generous, and small enough that no unit a value is converted to can overflow.
const COUNT_MAX: i64 = 1_000_000_000;
const COUNT: Kind = Kind::Integer(1, COUNT_MAX);
/// A thousand years.
const SECONDS_MAX: i64 = 31_536_000_000;
const SECONDS: Kind = Kind::Integer(1, SECONDS_MAX);
const HOURS: Kind = Kind::Integer(1, SECONDS_MAX / 3600);
/// A year.
const MILLISECONDS_MAX: i64 = 31_536_000_000;
const MILLISECONDS: Kind = Kind::Integer(1, MILLISECONDS_MAX);
/// An exbibyte.
const MEBIBYTES_MAX: i64 = 1 << 40;
const MEBIBYTES: Kind = Kind::Integer(1, MEBIBYTES_MAX);

/// Every key a server knows; the reference page is made from it.
pub const KEYS: &[Key] = &[
    key(
        "bind_address",
        Kind::Text,
        "127.0.0.1",
        "address the MySQL and HTTP ports listen on; 0.0.0.0 for all interfaces",
    ),
    key("query_port", PORT, "9030", "port of the MySQL protocol; 0 picks a free one"),
    key("http_port", PORT, "8030", "port of HTTP: Stream Load, health, metrics; 0 picks a free one"),
    key(
        "rpc_port",
        PORT,
        "9020",
        "port for the other nodes of a cluster, 9060 on a compute node; not used by a single process; 0 picks a free one",
    ),
    key("be_http_port", PORT, "8040", "port of HTTP of a compute node: health, metrics; 0 picks a free one"),
    key(
        "stream_load_redirect",
        Kind::Bool,
        "true",
        "whether the front end of a cluster sends clients that load on to a compute node (307); false: it passes bodies on",
    ),
    key(
        "advertised_host",
        Kind::Text,
        "",
        "name or address under which clients and nodes reach a compute node; empty: bind_address, or where it reports from",
    ),
    key(
        "auth_token",
        Kind::Secret,
        "",
        "secret that all nodes of a cluster share; empty: nodes do not check each other",
    ),
    key(
        "distribute_min_mb",
        Kind::Integer(0, MEBIBYTES_MAX),
        "32",
        "queries that read fewer MiB of stored data run on the front end, others on compute nodes",
    ),
    key(
        "distribute_task_kb",
        Kind::Integer(1, COUNT_MAX),
        "16384",
        "stored data in KiB for which a query takes one more thread of the cluster, until it has them all",
    ),
    key("root_password", Kind::Secret, "", "password of the user root"),
    key(
        "qe_max_connection",
        Kind::Integer(1, 1_000_000),
        "4096",
        "MySQL connections open at once; one more is refused with 1040",
    ),
    key("mysql_server_version", Kind::Text, "8.0.33", "version that MySQL clients are told"),
    key("storage_url", Kind::Text, "", "s3://bucket/prefix where data and metadata live; empty: the data directory"),
    key("aws_s3_endpoint", Kind::Text, "", "host:port or URL of an S3-compatible store; empty: AWS"),
    key("aws_s3_region", Kind::Text, "us-east-1", "region of the bucket"),
    key("aws_s3_access_key", Kind::Text, "", "access key; empty: the AWS_* environment variables"),
    key("aws_s3_secret_key", Kind::Secret, "", "secret key that belongs to aws_s3_access_key"),
    key(
        "aws_s3_enable_path_style_access",
        Kind::Bool,
        "true",
        "address buckets as http://host/bucket, as most S3-compatible stores need",
    ),
    key(
        "mem_limit_mb",
        Kind::Integer(0, MEBIBYTES_MAX),
        "0",
        "memory in MiB, three quarters for queries, one for loads; 0: 60 % of the machine or its control group",
    ),
    key("spill_max_mb", MEBIBYTES, "102400", "disk that spilling queries may use, in MiB"),
    key("parallelism", Kind::Integer(0, 1024), "0", "threads that one query or load uses; 0: one per core"),
    key(
        "stream_load_default_timeout_second",
        Kind::Integer(1, 259_200),
        "600",
        "Stream Load's timeout when the request has no timeout header",
    ),
    key("streaming_load_max_mb", MEBIBYTES, "102400", "largest Stream Load body, in MiB"),
    key("stream_load_stall_timeout_second", SECONDS, "60", "a load whose client sends nothing for so long fails"),
    key("empty_load_as_error", Kind::Bool, "true", "a load that loads no row fails"),
    key("label_keep_max_second", SECONDS, "259200", "how long the labels of finished loads are remembered"),
    key("label_keep_max_num", COUNT, "100000", "how many finished loads are remembered at the most"),
    key("load_error_log_reserve_hours", HOURS, "48", "how long error logs of loads are kept"),
    key("task_runs_concurrency", Kind::Integer(1, 1024), "4", "refreshes that run at once"),
    key("task_runs_ttl_second", SECONDS, "604800", "how long finished task runs are listed"),
    key("task_runs_max_history_number", COUNT, "10000", "how many finished task runs are listed at the most"),
    key(
        "max_task_consecutive_fail_count",
        COUNT,
        "10",
        "failed refreshes in a row after which a materialized view becomes inactive",
    ),
    key(
        "mv_refresh_debounce_ms",
        Kind::Integer(0, MILLISECONDS_MAX),
        "1000",
        "a view that refreshes on change waits so long after a commit, so that a burst of loads costs one refresh",
    ),
    key(
        "mv_refresh_retry_base_ms",
        MILLISECONDS,
        "1000",
        "first wait before a failed refresh is repeated; doubles up to 5 minutes",
    ),
    key("compaction_interval_ms", MILLISECONDS, "5000", "how often partitions with many small files are looked for"),
    key("compaction_min_files", Kind::Integer(2, 10_000), "8", "small files in a partition that start a compaction"),
    key(
        "compaction_file_mb",
        Kind::Integer(1, 1 << 20),
        "128",
        "size that files are written and compacted up to, in MiB",
    ),
    key("gc_interval_ms", MILLISECONDS, "10000", "how often files that no version needs are deleted"),
    key(
        "gc_sweep_interval_second",
        SECONDS,
        "1800",
        "how often all data files are listed, to delete those of writes that ended without a commit",
    ),
    key("checkpoint_records", COUNT, "256", "metadata log records after which a checkpoint is written"),
    key(
        "graceful_exit_timeout_second",
        Kind::Integer(0, SECONDS_MAX),
        "30",
        "how long running work may go on after SIGTERM",
    ),
];

/// Validated settings of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    values: BTreeMap<&'static str, String>,
}

impl Default for Config {
    fn default() -> Self {
        Config { values: KEYS.iter().map(|k| (k.name, k.default.to_string())).collect() }
    }
}

impl Config {
    /// Reads file, environment and `--set` pairs in that order.
    ///
    /// # Errors
    /// `WrongValue` naming the key, where it was set and what it accepts.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        sets: &[String],
    ) -> Result<Self> {
        Config::default().overridden(file, environment, sets)
    }

    /// As [`Config::load`], over other defaults.
    pub fn overridden(
        self,
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        sets: &[String],
    ) -> Result<Self> {
        let mut config = self;
        if let Some(path) = file {
            config.read_file(path)?;
        }
        for (name, value) in environment {
            // Other VIEWMILL_ variables belong to tools, not to the server.
            if let Some(key) = name.strip_prefix("VIEWMILL_").map(str::to_lowercase).filter(|k| find(k).is_some()) {
                config.set(&key, &value).map_err(|e| e.with("set_by", &name))?;
            }
        }
        for pair in sets {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| Error::new(ErrorKind::WrongValue, "--set takes key=value").with("got", pair))?;
            config.set(key.trim(), value).map_err(|e| e.with("set_by", "--set"))?;
        }
        Ok(config)
    }

    /// Sets one key after checking name and value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let key = find(name).ok_or_else(|| {
            let error = Error::new(ErrorKind::WrongValue, "unknown configuration key, see viewmill config --reference");
            error.with("key", name)
        })?;
        let legal = match key.kind {
            Kind::Integer(min, max) => value.parse::<i64>().is_ok_and(|v| (min..=max).contains(&v)),
            Kind::Bool => matches!(value, "true" | "false"),
            Kind::Text | Kind::Secret => true,
        };
        if !legal {
            let error = Error::new(ErrorKind::WrongValue, format!("a configuration key needs {}", key.kind.describe()));
            return Err(error.with("key", name).with("value", value));
        }
        self.values.insert(key.name, value.to_string());
        Ok(())
    }

    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map(String::as_str).expect("only keys of KEYS are asked for")
    }

    pub fn integer(&self, name: &str) -> u64 {
        self.text(name).parse().expect("integer keys are checked when set")
    }

    pub fn bool(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// Every key with its value, secrets masked; for `ADMIN SHOW FRONTEND CONFIG`.
    pub fn shown(&self) -> impl Iterator<Item = (&'static Key, &str)> {
        KEYS.iter().map(|k| (k, if k.kind == Kind::Secret { "******" } else { self.text(k.name) }))
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        let at = |e: Error| e.with("file", path.display());
        let text = std::fs::read_to_string(path)
            .map_err(|e| at(Error::new(ErrorKind::WrongValue, "could not read the configuration file").caused_by(e)))?;
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| at(Error::new(ErrorKind::WrongValue, "not a TOML file").caused_by(e)))?;
        for (name, value) in table {
            let value = match value {
                toml::Value::String(text) => text,
                other => other.to_string(),
            };
            self.set(&name, &value).map_err(at)?;
        }
        Ok(())
    }
}

impl Kind {
    fn describe(self) -> String {
        match self {
            Kind::Integer(min, max) => format!("a whole number from {min} to {max}"),
            Kind::Bool => "true or false".to_string(),
            Kind::Text | Kind::Secret => "text".to_string(),
        }
    }
}

/// The reference page, in Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# Configuration\n\nEach key may stand in the file given by `--config` (`key = value`, TOML), in the environment as \
         `VIEWMILL_<KEY>`, or on the command line as `--set key=value`; the later of these wins.\n\n\
         | key | default | values | meaning |\n|---|---|---|---|\n",
    );
    for k in KEYS {
        out.push_str(&format!("| `{}` | `{}` | {} | {} |\n", k.name, k.default, k.kind.describe(), k.doc));
    }
    out
}

fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let environment = [("VIEWMILL_QUERY_PORT".to_string(), "1".to_string()), ("VIEWMILL_BIN".into(), "x".into())];
        let config = Config::load(None, environment.into_iter(), &["query_port=2".into()]).unwrap();
        assert_eq!(config.integer("query_port"), 2);
        assert_eq!(config.integer("http_port"), 8030);
    }

    #[test]
    fn wrong_values_name_the_key() {
        for (set, part) in [("query_port=x", "query_port"), ("nosuch=1", "nosuch"), ("query_port", "key=value")] {
            let error = Config::load(None, std::iter::empty(), &[set.into()]).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn every_number_may_be_as_large_as_it_can() {
        for k in KEYS {
            let Kind::Integer(_, max) = k.kind else { continue };
            let mut config = Config::default();
            config.set(k.name, &max.to_string()).unwrap();
            assert!(config.set(k.name, &i64::MAX.to_string()).is_err(), "{} has no bound", k.name);
            let value = config.integer(k.name);
            // What the server makes of them: bytes, milliseconds, and numbers of 32 bits.
            let (name, unit) = (k.name, k.name.rsplit('_').next().unwrap());
            let fits = match unit {
                "mb" => value.checked_mul(1 << 20).is_some_and(|bytes| i64::try_from(bytes).is_ok()),
                "second" => value.checked_mul(1000).and_then(|ms| i64::try_from(ms).ok()).is_some(),
                "hours" => value.checked_mul(3_600_000).and_then(|ms| i64::try_from(ms).ok()).is_some(),
                "ms" => i64::try_from(value).is_ok_and(|ms| ms.checked_add(253_402_300_799_000).is_some()),
                _ => u32::try_from(value).is_ok(),
            };
            assert!(fits, "{name} = {value}");
        }
    }

    #[test]
    fn every_default_is_legal() {
        let mut config = Config::default();
        for k in KEYS {
            config.set(k.name, k.default).unwrap();
        }
    }
}
