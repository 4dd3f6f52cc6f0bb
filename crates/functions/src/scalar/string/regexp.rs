//! Regular expressions: `regexp`, `regexp_extract`, `regexp_replace` ... A pattern matches anywhere in the text and is
//! case-sensitive.
//!
//! A constant pattern is compiled once per batch, and one that does not compile is an error; patterns that differ per
//! row are compiled when they change, and give NULL if they do not compile.

use datafusion::arrow::array::StringViewArray;
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, Operator, binary_expr, try_cast};
use regex::Regex;

use super::part::{lists, text_list};
use crate::call::{Call, Column};
use crate::define::{Def, TEXT, is_text};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("vm_regexp", 2..=2, DataType::Boolean, |call| {
            let texts = call.text(0)?;
            let mut patterns = Patterns::new(call.text(1)?)?;
            call.truths(|row| Some(patterns.get(row)?.is_match(texts.get(row)?)))
        })
        .aliases(&["regexp", "rlike"])
        .simplify(simplify_regexp),
        Def::new("regexp_extract", 2..=3, TEXT, regexp_extract),
        Def::new("regexp_extract_all", 2..=3, text_list(), regexp_extract_all),
        Def::new("regexp_replace", 3..=3, TEXT, regexp_replace),
        Def::new("regexp_split", 2..=2, text_list(), |call| {
            let texts = call.text(0)?;
            let mut patterns = Patterns::new(call.text(1)?)?;
            lists(call, |row| Some(patterns.get(row)?.split(texts.get(row)?).collect()))
        }),
        Def::new("regexp_count", 2..=2, DataType::Int32, |call| {
            let texts = call.text(0)?;
            let mut patterns = Patterns::new(call.text(1)?)?;
            call.values::<Int32Type>(|row| Some(patterns.get(row)?.find_iter(texts.get(row)?).count() as i32))
        }),
    ]
}

/// A constant pattern is left to DataFusion's operator, which turns simple ones into LIKE.
fn simplify_regexp(mut args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
    let constant = matches!(&args[1], Expr::Literal(pattern, _) if pattern.try_as_str().is_some());
    if !constant || !is_text(&info.get_data_type(&args[0])?) {
        return Ok(ExprSimplifyResult::Original(args));
    }
    let pattern = try_cast(args.remove(1), info.get_data_type(&args[0])?);
    Ok(ExprSimplifyResult::Simplified(binary_expr(args.remove(0), Operator::RegexMatch, pattern)))
}

/// The compiled patterns of an argument.
struct Patterns {
    texts: Column<StringViewArray>,
    last: Option<(String, Option<Regex>)>,
}

impl Patterns {
    fn new(texts: Column<StringViewArray>) -> Result<Patterns> {
        let last = match texts.constant() {
            Some(Some(pattern)) => match Regex::new(pattern) {
                Ok(regex) => Some((pattern.to_owned(), Some(regex))),
                Err(error) => return exec_err!("invalid regular expression '{pattern}': {error}"),
            },
            _ => None,
        };
        Ok(Patterns { texts, last })
    }

    fn get(&mut self, row: usize) -> Option<&Regex> {
        let pattern = self.texts.get(row)?;
        if self.last.as_ref().is_none_or(|(last, _)| last != pattern) {
            self.last = Some((pattern.to_owned(), Regex::new(pattern).ok()));
        }
        self.last.as_ref().and_then(|(_, regex)| regex.as_ref())
    }
}

/// The group (1 by default) of the first match; an empty text if there is none.
fn regexp_extract(call: &Call) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let mut patterns = Patterns::new(call.text(1)?)?;
    let groups = call.has(2).then(|| call.int(2)).transpose()?;
    call.slices(|row| {
        let (text, regex) = (texts.get(row)?, patterns.get(row)?);
        let group = groups.as_ref().map_or(Some(1), |groups| groups.get(row))?;
        let captures = regex.captures(text);
        let found = captures.as_ref().and_then(|captures| captures.get(usize::try_from(group).ok()?));
        Some(found.map_or("", |found| &text[found.range()]))
    })
}

fn regexp_extract_all(call: &Call) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let mut patterns = Patterns::new(call.text(1)?)?;
    let groups = call.has(2).then(|| call.int(2)).transpose()?;
    lists(call, |row| {
        let (text, regex) = (texts.get(row)?, patterns.get(row)?);
        let group = usize::try_from(groups.as_ref().map_or(Some(1), |groups| groups.get(row))?).ok()?;
        let all = regex.captures_iter(text);
        Some(all.filter_map(|captures| captures.get(group).map(|found| &text[found.range()])).collect())
    })
}

/// Every match; `\1` in the replacement is the first group.
fn regexp_replace(call: &Call) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let mut patterns = Patterns::new(call.text(1)?)?;
    let replacements = call.text(2)?;
    let constant = replacements.constant().flatten().map(expandable);
    call.texts(|row, out| {
        let replacement = replacements.get(row)?;
        let text = texts.get(row)?;
        let regex = patterns.get(row)?;
        let expanded = match &constant {
            Some(constant) => regex.replace_all(text, constant.as_str()),
            None => regex.replace_all(text, expandable(replacement).as_str()),
        };
        out.push_str(&expanded);
        Some(())
    })
}

/// The replacement as the regex crate writes it: `${1}` for `\1`, `$$` for `$`, and `\\` for a backslash.
fn expandable(replacement: &str) -> String {
    let mut out = String::with_capacity(replacement.len());
    let mut chars = replacement.chars();
    while let Some(char) = chars.next() {
        match (char, chars.clone().next()) {
            ('\\', Some(digit @ '0'..='9')) => {
                out.extend(["${", digit.to_string().as_str(), "}"]);
                chars.next();
            }
            ('\\', Some('\\')) => {
                out.push('\\');
                chars.next();
            }
            ('$', _) => out.push_str("$$"),
            (other, _) => out.push(other),
        }
    }
    out
}
