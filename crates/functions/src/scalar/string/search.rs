//! Finding texts in texts: `locate`, `instr`, `starts_with`, `find_in_set`, `field`, `strcmp`, `elt`.

use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, lit, try_cast};

use super::{byte_position, count, size};
use crate::call::Call;
use crate::define::{Def, TEXT, is_text};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("locate", 2..=3, DataType::Int32, |call| locate(call, 0, 1)),
        Def::new("instr", 2..=2, DataType::Int32, |call| locate(call, 1, 0)),
        Def::new("strpos", 2..=3, DataType::Int32, strpos).aliases(&["position"]),
        Def::new("starts_with", 2..=2, DataType::Boolean, |call| test(call, |text, part| text.starts_with(part)))
            .simplify(simplify_starts_with),
        Def::new("ends_with", 2..=2, DataType::Boolean, |call| test(call, |text, part| text.ends_with(part))),
        Def::new("find_in_set", 2..=2, DataType::Int32, |call| {
            let (texts, sets) = (call.text(0)?, call.text(1)?);
            call.values::<Int32Type>(|row| {
                let (text, set) = (texts.get(row)?, sets.get(row)?);
                let found = if text.contains(',') { None } else { set.split(',').position(|member| member == text) };
                Some(found.map_or(0, |index| index as i32 + 1))
            })
        }),
        Def::new("strcmp", 2..=2, DataType::Int32, |call| {
            let (a, b) = (call.text(0)?, call.text(1)?);
            call.values::<Int32Type>(|row| Some(a.get(row)?.cmp(b.get(row)?) as i32))
        }),
        Def::new("field", 2..=usize::MAX, DataType::Int32, field),
        Def::new("elt", 2..=usize::MAX, TEXT, |call| {
            let numbers = call.int(0)?;
            let texts = (1..call.len()).map(|index| call.text(index)).collect::<Result<Vec<_>>>()?;
            call.slices(|row| texts.get(size(numbers.get(row)?).checked_sub(1)?)?.get(row))
        }),
    ]
}

/// `LIKE 'prefix%'`, with which files are pruned.
fn simplify_starts_with(mut args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
    let text_type = info.get_data_type(&args[0])?;
    let prefix = match &args[1] {
        Expr::Literal(prefix, _) if is_text(&text_type) => prefix.try_as_str().flatten(),
        _ => None,
    };
    let Some(prefix) = prefix else {
        return Ok(ExprSimplifyResult::Original(args));
    };
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for char in prefix.chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    let pattern = try_cast(lit(pattern), text_type);
    Ok(ExprSimplifyResult::Simplified(args.remove(0).like(pattern)))
}

fn test(call: &Call, holds: impl Fn(&str, &str) -> bool) -> Result<ColumnarValue> {
    let (texts, parts) = (call.text(0)?, call.text(1)?);
    call.truths(|row| Some(holds(texts.get(row)?, parts.get(row)?)))
}

/// The position of a part in a text, in characters from 1, searched from argument 2 on; 0 if it is not there.
fn locate(call: &Call, part: usize, text: usize) -> Result<ColumnarValue> {
    let (parts, texts) = (call.text(part)?, call.text(text)?);
    let starts = call.has(2).then(|| call.int(2)).transpose()?;
    call.values::<Int32Type>(|row| {
        let (part, text) = (parts.get(row)?, texts.get(row)?);
        let Some(skipped) = starts.as_ref().map_or(Some(1), |starts| starts.get(row))?.checked_sub(1) else {
            return Some(0);
        };
        let Ok(skipped) = usize::try_from(skipped) else {
            return Some(0);
        };
        if skipped > count(text) {
            return Some(0);
        }
        let from = byte_position(text, skipped);
        Some(text[from..].find(part).map_or(0, |at| (count(&text[..from + at]) + 1) as i32))
    })
}

/// `strpos(text, part[, n])`: the position of the n-th occurrence, from the end if n is negative.
fn strpos(call: &Call) -> Result<ColumnarValue> {
    let (texts, parts) = (call.text(0)?, call.text(1)?);
    let numbers = call.has(2).then(|| call.int(2)).transpose()?;
    call.values::<Int32Type>(|row| {
        let (text, part) = (texts.get(row)?, parts.get(row)?);
        let number = numbers.as_ref().map_or(Some(1), |numbers| numbers.get(row))?;
        let Some(nth) = usize::try_from(number.unsigned_abs()).ok()?.checked_sub(1) else {
            return Some(0);
        };
        let found = match number {
            1.. => text.match_indices(part).nth(nth),
            _ => text.rmatch_indices(part).nth(nth),
        };
        Some(found.map_or(0, |(at, _)| (count(&text[..at]) + 1) as i32))
    })
}

/// The position of the first argument among the others; texts are compared as texts, everything else as numbers.
fn field(call: &Call) -> Result<ColumnarValue> {
    if (0..call.len()).all(|index| is_text(&call.argument_type(index)) || call.argument_type(index) == DataType::Null) {
        let texts = (0..call.len()).map(|index| call.text(index)).collect::<Result<Vec<_>>>()?;
        return call
            .values::<Int32Type>(|row| Some(position(texts[0].get(row), texts[1..].iter().map(|t| t.get(row)))));
    }
    let numbers = (0..call.len()).map(|index| call.double(index)).collect::<Result<Vec<_>>>()?;
    call.values::<Int32Type>(|row| Some(position(numbers[0].get(row), numbers[1..].iter().map(|n| n.get(row)))))
}

fn position<T: PartialEq>(wanted: Option<T>, mut others: impl Iterator<Item = Option<T>>) -> i32 {
    if wanted.is_none() {
        return 0;
    }
    others.position(|other| other == wanted).map_or(0, |index| index as i32 + 1)
}
