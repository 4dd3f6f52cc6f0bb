//! HTTP Basic authentication against the server's users.

use crate::mysql::PasswordHash;
use crate::server::{ROOT, Server};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use base::{Error, ErrorKind, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The user that the request's credentials belong to.
///
/// # Errors
/// `AccessDenied` without credentials or with wrong ones.
pub fn user(server: &Server, headers: &HeaderMap) -> Result<String> {
    credentials(server, headers.get(AUTHORIZATION).and_then(|h| h.to_str().ok()))
}

/// As [`user`], for the value of the header.
pub(crate) fn credentials(server: &Server, header: Option<&str>) -> Result<String> {
    let denied = |message: &str| Error::new(ErrorKind::AccessDenied, message.to_string());
    let encoded = header.and_then(|h| h.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let (_, encoded) = encoded.ok_or_else(|| denied("no valid Basic authorization"))?;
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|b| String::from_utf8(b).ok());
    let decoded = decoded.ok_or_else(|| denied("no valid Basic authorization"))?;
    let (user, password) = decoded.split_once(':').ok_or_else(|| denied("no valid Basic authorization"))?;
    if user == ROOT && server.root_password == PasswordHash::of(password) {
        return Ok(user.to_string());
    }
    Err(denied(&format!("Access denied for user '{user}'")))
}
