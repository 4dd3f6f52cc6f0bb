//! The answer to a Stream Load: StarRocks' JSON, key by key in its order.

use crate::quality::Counts;
use base::Error;
use serde_json::{Map, Value, json};

/// What became of the load.
#[derive(Debug)]
pub enum Status {
    /// Committed and visible.
    Success,
    /// The label is taken, by a running or by a finished load.
    LabelAlreadyExists { running: bool, message: String },
    /// Nothing was loaded.
    Fail(Error),
}

/// Times of the parts, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    pub total_ms: u64,
    pub begin_ms: u64,
    pub plan_ms: u64,
    pub read_ms: u64,
    pub write_ms: u64,
    pub commit_ms: u64,
}

#[derive(Debug)]
pub struct Response {
    /// `None` if the load never began.
    pub txn: Option<u64>,
    pub label: String,
    pub status: Status,
    pub counts: Counts,
    /// Of the body as received.
    pub bytes: u64,
    pub times: Times,
    /// Where the bad rows can be read.
    pub error_url: Option<String>,
    pub rejected_path: Option<String>,
    pub warnings: Vec<String>,
}

impl Response {
    /// A load that failed before it began.
    pub fn refused(label: String, error: Error) -> Self {
        Response {
            txn: None,
            label,
            status: Status::Fail(error),
            counts: Counts::default(),
            bytes: 0,
            times: Times::default(),
            error_url: None,
            rejected_path: None,
            warnings: Vec::new(),
        }
    }

    pub fn is_success(&self) -> bool {
        matches!(self.status, Status::Success)
    }

    /// The body of the HTTP response, indented by four spaces.
    pub fn to_json(&self) -> String {
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| {
            out.insert(key.to_string(), value);
        };
        put("TxnId", self.txn.map_or(json!(-1), |txn| json!(txn)));
        put("Label", json!(self.label));
        match &self.status {
            Status::Success => {
                put("Status", json!("Success"));
                put("Message", json!("OK"));
            }
            Status::LabelAlreadyExists { running, message } => {
                put("Status", json!("Label Already Exists"));
                put("ExistingJobStatus", json!(if *running { "RUNNING" } else { "FINISHED" }));
                put("Message", json!(message));
            }
            Status::Fail(error) => {
                put("Status", json!("Fail"));
                put("Message", json!(error.to_string()));
            }
        }
        for (key, value) in [
            ("NumberTotalRows", self.counts.total),
            ("NumberLoadedRows", self.counts.loaded),
            ("NumberFilteredRows", self.counts.filtered),
            ("NumberUnselectedRows", self.counts.unselected),
            ("LoadBytes", self.bytes),
            ("LoadTimeMs", self.times.total_ms),
            ("BeginTxnTimeMs", self.times.begin_ms),
            ("StreamLoadPlanTimeMs", self.times.plan_ms),
            ("ReadDataTimeMs", self.times.read_ms),
            ("WriteDataTimeMs", self.times.write_ms),
            ("CommitAndPublishTimeMs", self.times.commit_ms),
        ] {
            put(key, json!(value));
        }
        for (key, value) in [("ErrorURL", &self.error_url), ("RejectedRecordPath", &self.rejected_path)] {
            if let Some(value) = value {
                put(key, json!(value));
            }
        }
        if !self.warnings.is_empty() {
            put("Warnings", json!(self.warnings));
        }
        pretty(&Value::Object(out))
    }
}

/// JSON as StarRocks indents it.
fn pretty(value: &Value) -> String {
    let mut text = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, format);
    serde::Serialize::serialize(value, &mut serializer).expect("a JSON value can be written to memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ErrorKind;

    fn response(status: Status) -> Response {
        Response { status, txn: Some(7), ..Response::refused("l".to_string(), Error::internal("x")) }
    }

    fn keys(response: &Response) -> Vec<String> {
        let value: Value = serde_json::from_str(&response.to_json()).unwrap();
        value.as_object().unwrap().keys().cloned().collect()
    }

    const NUMBERS: [&str; 11] = [
        "NumberTotalRows",
        "NumberLoadedRows",
        "NumberFilteredRows",
        "NumberUnselectedRows",
        "LoadBytes",
        "LoadTimeMs",
        "BeginTxnTimeMs",
        "StreamLoadPlanTimeMs",
        "ReadDataTimeMs",
        "WriteDataTimeMs",
        "CommitAndPublishTimeMs",
    ];

    #[test]
    fn keys_are_in_starrocks_order() {
        let start = ["TxnId", "Label", "Status", "Message"];
        assert_eq!(keys(&response(Status::Success)), [&start[..], &NUMBERS].concat());
        let taken = Status::LabelAlreadyExists { running: true, message: "m".to_string() };
        let start = ["TxnId", "Label", "Status", "ExistingJobStatus", "Message"];
        assert_eq!(keys(&response(taken)), [&start[..], &NUMBERS].concat());
        let full = Response {
            error_url: Some("u".to_string()),
            rejected_path: Some("p".to_string()),
            warnings: vec!["w".to_string()],
            ..response(Status::Success)
        };
        assert_eq!(keys(&full)[15..], ["ErrorURL", "RejectedRecordPath", "Warnings"]);
    }

    #[test]
    fn text_is_escaped_and_indented() {
        let text = response(Status::Fail(Error::new(ErrorKind::BadData, "a \"b\"\n"))).to_json();
        assert!(text.starts_with("{\n    \"TxnId\": 7,\n    \"Label\": \"l\",\n    \"Status\": \"Fail\",\n"), "{text}");
        assert!(text.contains("\"Message\": \"a \\\"b\\\"\\n\""), "{text}");
        assert!(Response::refused("l".to_string(), Error::internal("x")).to_json().contains("\"TxnId\": -1,"));
    }
}
