//! `> …` lines: what a reply must be.

use crate::http_client::Reply;
use crate::text::substitute;
use regex::Regex;
use serde_json::Value;
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) enum Expectation {
    /// `> 200`
    Status(u16),
    /// `> no reply`: the server closes the connection without an answer.
    NoReply,
    /// `> no success`: no answer at all, or one that does not say `Success`.
    NoSuccess,
    /// `> $.Status = "Success"`
    Equal(Path, String),
    /// `> $.Message ~ regular expression`
    Match(Path, String),
    /// `> $.ErrorURL present`
    Present(Path),
    /// `> $.ErrorURL absent`
    Absent(Path),
    /// `> $.ErrorURL -> url`: the value becomes `${url}`; a URL of this server loses its host.
    Bind(Path, String),
    /// `> keys TxnId Label …`: the keys of the JSON object in this order.
    Keys(Vec<String>),
    /// `> header name ~ regular expression`
    Header(String, String),
    /// `> body ~ regular expression`
    Body(String),
}

/// `$.a.b[0]`, split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    text: String,
    steps: Vec<String>,
}

impl Expectation {
    pub(crate) fn parse(text: &str) -> Result<Expectation, String> {
        if let Ok(status) = text.parse() {
            return Ok(Expectation::Status(status));
        }
        if text == "no reply" {
            return Ok(Expectation::NoReply);
        }
        if text == "no success" {
            return Ok(Expectation::NoSuccess);
        }
        if let Some(keys) = text.strip_prefix("keys ") {
            return Ok(Expectation::Keys(keys.split_whitespace().map(str::to_string).collect()));
        }
        if let Some(pattern) = text.strip_prefix("body ~ ") {
            return Ok(Expectation::Body(pattern.to_string()));
        }
        if let Some((name, pattern)) = text.strip_prefix("header ").and_then(|rest| rest.split_once(" ~ ")) {
            return Ok(Expectation::Header(name.to_string(), pattern.to_string()));
        }
        let (path, rest) = text.split_once(' ').ok_or_else(|| format!("unknown expectation {text:?}"))?;
        let path = Path::parse(path)?;
        match rest.split_once(' ').unwrap_or((rest, "")) {
            ("=", value) => Ok(Expectation::Equal(path, value.to_string())),
            ("~", pattern) => Ok(Expectation::Match(path, pattern.to_string())),
            ("->", name) => Ok(Expectation::Bind(path, name.to_string())),
            ("present", "") => Ok(Expectation::Present(path)),
            ("absent", "") => Ok(Expectation::Absent(path)),
            _ => Err(format!("unknown expectation {text:?}")),
        }
    }

    /// Checks the reply; variables are read and, by `->`, set.
    pub(crate) fn check(
        &self,
        reply: &Result<Reply, String>,
        variables: &mut HashMap<String, String>,
    ) -> Result<(), String> {
        let reply = match (self, reply) {
            (Expectation::NoReply | Expectation::NoSuccess, Err(_)) => return Ok(()),
            (Expectation::NoReply, Ok(reply)) => {
                return Err(format!("a reply with status {}: {}", reply.status, reply.text()));
            }
            (_, Err(why)) => return Err(why.clone()),
            (_, Ok(reply)) => reply,
        };
        match self {
            Expectation::NoReply => Ok(()),
            Expectation::NoSuccess if reply.text().contains("\"Success\"") => {
                Err(format!("a success: {}", reply.text()))
            }
            Expectation::NoSuccess => Ok(()),
            Expectation::Status(status) if reply.status == *status => Ok(()),
            Expectation::Status(status) => Err(format!("status {}, expected {status}: {}", reply.status, reply.text())),
            Expectation::Equal(path, expected) => {
                let expected = substitute(expected, variables);
                let value = path.find(reply)?;
                // Compared as JSON text: 1 and "1" are different.
                if value.as_ref().map(ToString::to_string).as_deref() == Some(expected.as_str()) {
                    return Ok(());
                }
                let got = value.map_or("nothing".to_string(), |v| v.to_string());
                Err(format!("{} is {got}, expected {expected}\n    {}", path.text, reply.text().trim_end()))
            }
            Expectation::Match(path, pattern) => {
                let value = path.find(reply)?.ok_or_else(|| format!("{} is absent: {}", path.text, reply.text()))?;
                match_text(&path.text, &plain(&value), &substitute(pattern, variables))
            }
            Expectation::Present(path) => {
                path.find(reply)?.map(|_| ()).ok_or_else(|| format!("{} is absent: {}", path.text, reply.text()))
            }
            Expectation::Absent(path) => match path.find(reply)? {
                None => Ok(()),
                Some(value) => Err(format!("{} is {value}, expected none", path.text)),
            },
            Expectation::Bind(path, name) => {
                let value = path.find(reply)?.ok_or_else(|| format!("{} is absent: {}", path.text, reply.text()))?;
                variables.insert(name.clone(), without_host(&plain(&value)));
                Ok(())
            }
            Expectation::Keys(expected) => {
                let json = json(reply)?;
                let keys: Vec<&String> = json.as_object().into_iter().flatten().map(|(key, _)| key).collect();
                let equal = keys.len() == expected.len() && keys.iter().zip(expected).all(|(k, e)| *k == e);
                equal.then_some(()).ok_or_else(|| format!("the keys are {keys:?}, expected {expected:?}"))
            }
            Expectation::Header(name, pattern) => {
                let value = reply.header(name).ok_or_else(|| format!("no header {name}"))?;
                match_text(name, value, pattern)
            }
            Expectation::Body(pattern) => match_text("the body", &reply.text(), &substitute(pattern, variables)),
        }
    }
}

impl Path {
    fn parse(text: &str) -> Result<Path, String> {
        let rest = text.strip_prefix('$').ok_or_else(|| format!("{text:?} is neither an expectation nor a $ path"))?;
        let steps = rest.split(['.', '[', ']']).filter(|step| !step.is_empty()).map(str::to_string).collect();
        Ok(Path { text: text.to_string(), steps })
    }

    fn find(&self, reply: &Reply) -> Result<Option<Value>, String> {
        let json = json(reply)?;
        let mut at = &json;
        for step in &self.steps {
            let next = match at {
                Value::Object(object) => object.get(step),
                Value::Array(array) => step.parse::<usize>().ok().and_then(|i| array.get(i)),
                _ => None,
            };
            match next {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at.clone()))
    }
}

fn json(reply: &Reply) -> Result<Value, String> {
    serde_json::from_slice(&reply.body).map_err(|e| format!("the body is not JSON ({e}): {}", reply.text()))
}

fn match_text(what: &str, text: &str, pattern: &str) -> Result<(), String> {
    let regex = Regex::new(pattern).map_err(|e| format!("{pattern:?} is not a regular expression: {e}"))?;
    regex.is_match(text).then_some(()).ok_or_else(|| format!("{what} is {text:?}, expected a match of {pattern}"))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `http://host:port/path` as `/path`, because requests go to the server under test anyway.
fn without_host(text: &str) -> String {
    match text.strip_prefix("http://").and_then(|rest| rest.split_once('/')) {
        Some((_, path)) => format!("/{path}"),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_hold_or_say_why() {
        let body = br#"{"Status":"Success","N":[{"a":1}],"ErrorURL":"http://h:1/api/x?f=1"}"#.to_vec();
        let headers = vec![("content-type".to_string(), "application/json".to_string())];
        let reply = Ok(Reply { status: 200, headers, body });
        let mut variables = HashMap::new();
        for (text, holds) in [
            ("200", true),
            ("404", false),
            ("$.Status = \"Success\"", true),
            ("$.Status = \"Fail\"", false),
            ("$.N[0].a = 1", true),
            ("$.Status ~ ^Succ", true),
            ("$.Status ~ ^Fail", false),
            ("$.x absent", true),
            ("$.Status absent", false),
            ("$.x present", false),
            ("keys Status N ErrorURL", true),
            ("keys N Status ErrorURL", false),
            ("header content-type ~ json", true),
            ("body ~ ErrorURL", true),
            ("no reply", false),
            ("no success", false),
            ("$.ErrorURL -> url", true),
        ] {
            let result = Expectation::parse(text).unwrap().check(&reply, &mut variables);
            assert_eq!(result.is_ok(), holds, "{text}: {result:?}");
        }
        assert_eq!(variables["url"], "/api/x?f=1");
    }
}
