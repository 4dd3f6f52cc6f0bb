//! Times of day and durations, which are texts `[-]HH:MM:SS`: `timediff`, `sec_to_time`, `time_to_sec`, `time_format`.

use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::format::Pattern;
use crate::calendar::{HOUR, SECOND};
use crate::call::Call;
use crate::cast::{parse_datetime_us, parse_time_us, push_time};
use crate::define::{Def, TEXT};

/// The longest duration, 838:59:59.
const DURATION_MAX: i64 = 839 * HOUR - SECOND;

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("time_to_sec", 1..=1, DataType::Int64, |call| {
            let times = call.text(0)?;
            call.values::<Int64Type>(|row| Some(parse_time_us(times.get(row)?)? / SECOND))
        }),
        Def::new("sec_to_time", 1..=1, TEXT, |call| {
            let seconds = call.int(0)?;
            call.texts(|row, out| {
                push_time(out, seconds.get(row)?.saturating_mul(SECOND).clamp(-DURATION_MAX, DURATION_MAX));
                Some(())
            })
        }),
        Def::new("timediff", 2..=2, TEXT, timediff),
        Def::new("time_format", 2..=2, TEXT, time_format),
    ]
}

/// Both arguments are moments, or both are durations.
fn timediff(call: &Call) -> Result<ColumnarValue> {
    let (a, b) = (call.text(0)?, call.text(1)?);
    call.texts(|row, out| {
        let (a, b) = (a.get(row)?, b.get(row)?);
        let difference = match (parse_datetime_us(a), parse_datetime_us(b)) {
            (Some(a), Some(b)) => a - b,
            (None, None) => parse_time_us(a)? - parse_time_us(b)?,
            _ => return None,
        };
        push_time(out, difference.clamp(-DURATION_MAX, DURATION_MAX));
        Some(())
    })
}

fn time_format(call: &Call) -> Result<ColumnarValue> {
    let (times, patterns) = (call.text(0)?, call.text(1)?);
    call.texts(|row, out| {
        let time = parse_time_us(times.get(row)?)?;
        if time < 0 {
            out.push('-');
        }
        Pattern::compile(patterns.get(row)?)?.print(time.abs(), out);
        Some(())
    })
}
