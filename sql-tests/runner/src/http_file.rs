//! The `.http` format: requests with expectations, and SQL lines between them. `sql-tests/README.md` describes it.

use crate::http_client::Sending;
use crate::http_expectation::Expectation;
use std::collections::HashMap;

/// One step of a file with the line it starts at.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) action: Action,
}

#[derive(Debug)]
pub(crate) enum Action {
    Request(Box<Exchange>),
    /// `sql STATEMENT`: must succeed.
    Statement(String),
    /// `query STATEMENT` or `eventually STATEMENT` with `= row` lines.
    Query {
        sql: String,
        rows: Vec<String>,
        eventually: bool,
    },
    /// `restart`: SIGKILL and a new server on the same directory.
    Restart,
}

/// A request whose variables are not replaced yet, and what its reply must be.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) title: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) sending: Sending,
    /// `user:password`; `None` sends no credentials.
    pub(crate) user: Option<String>,
    pub(crate) expectations: Vec<(usize, Expectation)>,
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let line = index + 1;
        parse_line(raw, line, &mut steps).map_err(|why| format!("line {line}: {why}"))?;
    }
    let unfinished = steps.iter().find_map(|step| match &step.action {
        Action::Request(e) if e.method.is_empty() => Some(format!("line {}: no request line follows", step.line)),
        Action::Request(e) if e.expectations.is_empty() => Some(format!("line {}: nothing is expected", step.line)),
        _ => None,
    });
    unfinished.map_or(Ok(steps), Err)
}

fn parse_line(raw: &str, line: usize, steps: &mut Vec<Step>) -> Result<(), String> {
    if let Some(title) = raw.strip_prefix("### ") {
        let exchange =
            Exchange { title: title.trim().to_string(), user: Some("root:".to_string()), ..Exchange::default() };
        steps.push(Step { line, action: Action::Request(Box::new(exchange)) });
        return Ok(());
    }
    if raw.trim().is_empty() || raw.starts_with('#') {
        return Ok(());
    }
    let (word, rest) = raw.split_once(' ').unwrap_or((raw, ""));
    let sql = rest.trim().to_string();
    match word {
        "sql" => steps.push(Step { line, action: Action::Statement(sql) }),
        "query" | "eventually" => {
            let eventually = word == "eventually";
            steps.push(Step { line, action: Action::Query { sql, rows: Vec::new(), eventually } });
        }
        "restart" => steps.push(Step { line, action: Action::Restart }),
        "=" => match steps.last_mut().map(|step| &mut step.action) {
            Some(Action::Query { rows, .. }) => rows.push(rest.to_string()),
            _ => return Err("= belongs below a query".to_string()),
        },
        _ => match steps.last_mut().map(|step| &mut step.action) {
            Some(Action::Request(exchange)) => parse_request_line(raw, line, exchange)?,
            _ => return Err(format!("{raw:?} belongs below a ### line")),
        },
    }
    Ok(())
}

fn parse_request_line(raw: &str, line: usize, exchange: &mut Exchange) -> Result<(), String> {
    if exchange.method.is_empty() {
        let (method, path) = raw.split_once(' ').ok_or("expected METHOD path")?;
        exchange.method = method.to_string();
        exchange.path = path.trim().to_string();
        return Ok(());
    }
    if let Some(text) = raw.strip_prefix("> ") {
        exchange.expectations.push((line, Expectation::parse(text.trim())?));
    } else if let Some(directive) = raw.strip_prefix('@') {
        parse_directive(directive, exchange)?;
    } else if raw.starts_with('<') {
        append_body(raw, &mut exchange.body)?;
    } else {
        let (name, value) =
            raw.split_once(':').ok_or("expected `name: value`, a body line, @directive or > expectation")?;
        exchange.headers.push((name.to_string(), value.trim().to_string()));
    }
    Ok(())
}

fn parse_directive(text: &str, exchange: &mut Exchange) -> Result<(), String> {
    let (word, value) = text.split_once(' ').unwrap_or((text, ""));
    let number = || value.trim().parse::<usize>().map_err(|_| format!("@{word} needs a number"));
    match word {
        "anonymous" => exchange.user = None,
        "user" => exchange.user = Some(value.trim().to_string()),
        "chunked" => exchange.sending = Sending::Chunked(number()?),
        "close-after" => exchange.sending = Sending::CloseAfter(number()?),
        "stall-after" => exchange.sending = Sending::StallAfter(number()?),
        _ => return Err(format!("unknown directive @{word}")),
    }
    Ok(())
}

/// `< text` one line, `<raw text` with escapes and no line end, `<hex 00ff`, `<repeat N text` with `{i}`.
fn append_body(raw: &str, body: &mut Vec<u8>) -> Result<(), String> {
    let (kind, text) = raw.split_once(' ').unwrap_or((raw, ""));
    match kind {
        "<" => {
            body.extend_from_slice(text.as_bytes());
            body.push(b'\n');
        }
        "<raw" => body.extend(unescape(text)?),
        "<hex" => {
            let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
            for pair in digits.chunks(2) {
                body.push(hex_byte(pair)?);
            }
        }
        "<repeat" => {
            let (count, line) = text.split_once(' ').ok_or("<repeat needs a count and a text")?;
            let count: usize = count.parse().map_err(|_| format!("{count:?} is not a count"))?;
            for i in 0..count {
                body.extend_from_slice(line.replace("{i}", &i.to_string()).as_bytes());
                body.push(b'\n');
            }
        }
        _ => return Err(format!("unknown body line {kind}")),
    }
    Ok(())
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'\\') => out.push(b'\\'),
            Some(b'x') => {
                let pair: Vec<u8> = bytes.by_ref().take(2).collect();
                out.push(hex_byte(&pair)?);
            }
            other => {
                return Err(format!("unknown escape \\{}", other.map_or(String::new(), |b| char::from(b).to_string())));
            }
        }
    }
    Ok(out)
}

fn hex_byte(pair: &[u8]) -> Result<u8, String> {
    let text = std::str::from_utf8(pair).map_err(|e| e.to_string())?;
    u8::from_str_radix(text, 16)
        .ok()
        .filter(|_| pair.len() == 2)
        .ok_or_else(|| format!("{text:?} is not a byte in hex"))
}

/// Every variable's `${name}` replaced in what is sent.
pub(crate) fn substituted(exchange: &Exchange, variables: &HashMap<String, String>) -> crate::http_client::Request {
    let replace = |text: &str| crate::text::substitute(text, variables);
    crate::http_client::Request {
        method: exchange.method.clone(),
        path: replace(&exchange.path),
        headers: exchange.headers.iter().map(|(n, v)| (n.clone(), replace(v))).collect(),
        body: exchange.body.clone(),
        sending: exchange.sending.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_steps() {
        let text = "# note\nsql CREATE TABLE t (a INT)\n### load\nPUT /x\nlabel: a\n@close-after 3\n< 1\n<raw 2\\n\n<hex 330a\n\
                    <repeat 2 {i}\n> 200\nquery SELECT 1\n= 1\nrestart\n";
        let steps = parse(text).unwrap();
        assert_eq!(steps.len(), 4);
        let Action::Request(exchange) = &steps[1].action else { panic!("a request") };
        assert_eq!(exchange.body, b"1\n2\n3\n0\n1\n");
        assert_eq!(exchange.sending, Sending::CloseAfter(3));
        assert_eq!(exchange.headers, [("label".to_string(), "a".to_string())]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, line) in [("= 1", "line 1"), ("### x\nGET /\n> nonsense", "line 3"), ("### x\nGET /", "line 1")] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(line), "{text:?}: {error}");
        }
    }
}
