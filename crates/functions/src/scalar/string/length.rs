//! Lengths and first characters: `length` (bytes), `char_length` (characters), `ascii`, `null_or_empty`.

use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::count;
use crate::call::Call;
use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let number = |name, kernel| Def::new(name, 1..=1, DataType::Int32, kernel);
    vec![
        number("length", |call| measure(call, |text| text.len() as i32)).aliases(&["octet_length"]),
        number("char_length", |call| measure(call, |text| count(text) as i32)).aliases(&["character_length"]),
        number("bit_length", |call| measure(call, |text| text.len() as i32 * 8)),
        // The first byte, not the first character.
        number("ascii", |call| measure(call, |text| text.as_bytes().first().map_or(0, |byte| i32::from(*byte)))),
        Def::new("null_or_empty", 1..=1, DataType::Boolean, |call| {
            let texts = call.text(0)?;
            call.truths(|row| Some(texts.get(row).is_none_or(str::is_empty)))
        }),
    ]
}

fn measure(call: &Call, of: impl Fn(&str) -> i32) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    call.values::<Int32Type>(|row| texts.get(row).map(&of))
}
