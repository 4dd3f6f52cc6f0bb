//! The demo's Stream Load: the generated file as a streamed HTTP body, the way `curl -T` sends a file.

use super::crash_data::{CrashData, ROWS};
use super::script::{DATABASE, LOAD_HEADERS, TABLE};
use super::tour::Server;
use base::{Error, ErrorKind, Result};
use serde_json::Value;

/// What the server answered.
#[derive(Debug)]
pub(super) struct Response(Value);

impl Response {
    /// As the server wrote it, indented.
    pub(super) fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.0).expect("a JSON value can always be written")
    }

    pub(super) fn status(&self) -> &str {
        self.0["Status"].as_str().unwrap_or_default()
    }

    pub(super) fn message(&self) -> &str {
        self.0["Message"].as_str().unwrap_or_default()
    }

    pub(super) fn number(&self, key: &str) -> u64 {
        self.0[key].as_u64().unwrap_or_default()
    }
}

/// Sends the whole file; what the server says of it is the caller's to judge.
///
/// # Errors
/// `Unavailable` if the server does not answer with JSON.
pub(super) async fn load(server: &Server) -> Result<Response> {
    let url = format!("{}/api/{DATABASE}/{TABLE}/_stream_load", server.http_url());
    let chunks = CrashData::new(ROWS).map(Ok::<_, std::io::Error>);
    let mut request = reqwest::Client::new().put(&url).basic_auth("root", Some(&server.password));
    for (name, value) in LOAD_HEADERS {
        request = request.header(name, value);
    }
    let failed = |e: reqwest::Error| {
        Error::new(ErrorKind::Unavailable, "the server did not answer the stream load").with("url", &url).caused_by(e)
    };
    let response = request.body(reqwest::Body::wrap_stream(futures::stream::iter(chunks))).send().await;
    response.map_err(failed)?.json().await.map(Response).map_err(failed)
}
