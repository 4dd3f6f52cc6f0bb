//! Stream Loads of a cluster: one of the compute nodes takes the body.
//! Test: sql-tests/clients/cluster.py
//!
//! As StarRocks does it, the answer is 307 with the node's address. A client that does not wait for `100 Continue` sends
//! its body at once and would have sent it for nothing: for it, and with `stream_load_redirect=false`, the body is passed
//! on, and the node's answer passed back.

use super::State;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, CONNECTION, CONTENT_TYPE, EXPECT, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::load::LabelState;
use engine::distribute::Url;
use serde_json::json;
use std::time::{Duration, Instant};

/// Headers that belong to a connection, not to the load.
const NOT_FORWARDED: [HeaderName; 3] = [EXPECT, CONNECTION, header::TRANSFER_ENCODING];

/// Tells a node which of the two addresses the client knows.
pub(super) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const LABEL_POLL: Duration = Duration::from_millis(10);
const BEGIN_PATIENCE: Duration = Duration::from_millis(300);
const LABEL_PATIENCE: Duration = Duration::from_secs(5);

/// Sends the client to the node, or its body.
pub(super) async fn forward(
    state: &State,
    (node, address): (Url, String),
    database: &str,
    request: Request,
) -> Response {
    let path = request.uri().path_and_query().map_or("", |p| p.as_str());
    if request.headers().contains_key(EXPECT) && state.server.config.bool("stream_load_redirect") {
        let location = format!("http://{}{address}{path}", user_info(request.headers()));
        return (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response();
    }
    let url = format!("http://{address}{path}");
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    if let Some(host) = headers.remove(HOST) {
        headers.insert(FORWARDED_HOST, host);
    }
    for name in &NOT_FORWARDED {
        headers.remove(name);
    }
    let label = headers.get("label").cloned();
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    let sending = state.forwarding.put(&url).headers(headers).body(body).send();
    let lost = async {
        match &state.server.membership {
            Some(membership) => membership.url_lost(std::slice::from_ref(&node)).await,
            None => std::future::pending().await,
        }
    };
    let answer = tokio::select! {
        answer = sending => answer.map_err(|e| e.to_string()),
        _ = lost => Err("it does not report any more".to_string()),
    };
    match answer {
        Ok(answer) => passed_back(answer),
        Err(error) => {
            tracing::warn!(%node, error, "a load could not be passed on to a compute node");
            if let Some(label) = label.as_ref().and_then(|l| l.to_str().ok()) {
                label_settled(state, database, label).await;
            }
            let message = format!(
                "the compute node {address} does not answer; if the load had begun, get_load_state tells its end by label"
            );
            failed(&message)
        }
    }
}

/// Waits until the node's load under this label has ended, for a while: the client may use the label again.
async fn label_settled(state: &State, database: &str, label: &str) {
    let catalog = &state.server.catalog;
    let Ok(db) = catalog.snapshot().database(database).map(|d| d.id) else { return };
    let runs = || catalog.label_state(db, label) == Some(LabelState::Running);
    let begun = Instant::now();
    let ended = async {
        // The node has the request's headers and may be about to take the label.
        while runs() || begun.elapsed() < BEGIN_PATIENCE {
            tokio::time::sleep(LABEL_POLL).await;
        }
    };
    // After that the client is told that the label is in use.
    let _ = tokio::time::timeout(LABEL_PATIENCE, ended).await;
}

/// The first good answer of a node to a GET.
pub(super) async fn fetch(state: &State, addresses: Vec<String>, path: &str) -> Option<Response> {
    for address in addresses {
        let answer = state.forwarding.get(format!("http://{address}{path}")).timeout(FETCH_TIMEOUT).send().await;
        if let Ok(answer) = answer
            && answer.status().is_success()
        {
            return Some(passed_back(answer));
        }
    }
    None
}

fn passed_back(answer: reqwest::Response) -> Response {
    let status = answer.status();
    let content_type = answer.headers().get(CONTENT_TYPE).cloned();
    let mut response = (status, Body::from_stream(answer.bytes_stream())).into_response();
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

fn failed(message: &str) -> Response {
    let body = json!({ "Status": "Fail", "Message": message }).to_string();
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// `user:password@` of the request's credentials: many clients do not send their header to another port.
fn user_info(headers: &HeaderMap) -> String {
    let encoded = headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()?.split_once(' '));
    let decoded = encoded.and_then(|(_, encoded)| String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok());
    let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else { return String::new() };
    let mut url = Url::parse("http://h").expect("the constant is a URL");
    match (url.set_username(user), url.set_password(Some(password))) {
        (Ok(()), Ok(())) => format!("{}:{}@", url.username(), url.password().unwrap_or_default()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn credentials_are_escaped() {
        let mut headers = HeaderMap::new();
        assert_eq!(user_info(&headers), "");
        let value = format!("Basic {}", STANDARD.encode("me:p@ss/1"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        assert_eq!(user_info(&headers), "me:p%40ss%2F1@");
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic cm9vdDo="));
        assert_eq!(user_info(&headers), "root:@");
    }
}
