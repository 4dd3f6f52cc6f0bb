//! JSON paths: `$.a.b[0]`, `a.b[*]`, `$."a.b"`, `$`.

use std::borrow::Cow;

use serde_json::Value;

#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
    /// `[*]`: every element.
    All,
}

/// A parsed path.
#[derive(Debug, PartialEq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    /// `None` if the text is no path.
    pub(super) fn parse(text: &str) -> Option<Path> {
        let text = text.trim();
        let (mut rest, mut at_key) = match text.strip_prefix('$') {
            Some(rest) => (rest, false),
            None => (text, true),
        };
        let mut steps = vec![];
        while !rest.is_empty() {
            if let Some(index) = rest.strip_prefix('[').filter(|_| !at_key || steps.is_empty()) {
                let (inside, after) = index.split_once(']')?;
                steps.push(subscript(inside.trim())?);
                (rest, at_key) = (after, false);
                continue;
            }
            let key = if at_key { rest } else { rest.strip_prefix('.')? };
            let (name, after) = match key.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => key.split_at(key.find(['.', '[']).unwrap_or(key.len())),
            };
            if name.is_empty() {
                return None;
            }
            steps.push(Step::Key(name.to_owned()));
            (rest, at_key) = (after, false);
        }
        Some(Path(steps))
    }

    /// The value the path leads to.
    pub(super) fn find<'v>(&self, value: &'v Value) -> Option<Cow<'v, Value>> {
        find(value, &self.0)
    }
}

fn subscript(inside: &str) -> Option<Step> {
    match inside {
        "*" => Some(Step::All),
        quoted if quoted.starts_with(['"', '\'']) => {
            let quote = quoted.chars().next()?;
            Some(Step::Key(quoted.strip_prefix(quote)?.strip_suffix(quote)?.to_owned()))
        }
        index => index.parse().ok().map(Step::Index),
    }
}

fn find<'v>(value: &'v Value, steps: &[Step]) -> Option<Cow<'v, Value>> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(Cow::Borrowed(value));
    };
    match step {
        Step::Key(key) => match value {
            Value::Object(members) => find(members.get(key)?, rest),
            // A key of an array means that key of every element that has it.
            Value::Array(items) => {
                collect(items, steps).filter(|found| found.as_array().is_some_and(|all| !all.is_empty()))
            }
            _ => None,
        },
        Step::Index(index) => find(value.as_array()?.get(*index)?, rest),
        Step::All => collect(value.as_array()?, rest),
    }
}

/// What the steps lead to in each element that has it.
fn collect<'v>(items: &'v [Value], steps: &[Step]) -> Option<Cow<'v, Value>> {
    let found = items.iter().filter_map(|item| find(item, steps)).map(Cow::into_owned);
    Some(Cow::Owned(Value::Array(found.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let document: Value =
            serde_json::from_str(r#"{"a":{"b":[1,{"c":"x"}]},"k.1":true,"n":null}"#).expect("valid JSON");
        let cases = [
            ("$", Some(document.to_string())),
            ("$.a.b[0]", Some("1".to_owned())),
            ("a.b[1].c", Some("\"x\"".to_owned())),
            ("$.\"k.1\"", Some("true".to_owned())),
            ("$['k.1']", Some("true".to_owned())),
            ("$.a.b[*].c", Some("[\"x\"]".to_owned())),
            ("$.n", Some("null".to_owned())),
            ("$.a.b[2]", None),
            ("$.x", None),
            ("$.a.b.c", Some("[\"x\"]".to_owned())),
            ("$.a.", None),
            ("$a", None),
            ("$.a[", None),
        ];
        for (path, expected) in cases {
            let found = Path::parse(path).and_then(|path| path.find(&document).map(|value| value.to_string()));
            assert_eq!(found, expected, "{path}");
        }
    }
}
