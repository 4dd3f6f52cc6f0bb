//! Dates plus and minus intervals: `years_add` ... `microseconds_sub`, `add_months`, `timestampadd`, and `vm_date_add`,
//! which stands behind `dt + INTERVAL n UNIT`.
//!
//! A day that the target month does not have becomes the last of the month. A DATE stays a DATE for days and longer
//! units; everything else becomes DATETIME. Outside the years 0 to 9999 the result is NULL.

use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::unit::{Unit, call_unit, known_unit};
use crate::calendar::day_of;
use crate::call::Call;
use crate::define::{DATE, Def};

/// The `<unit>_add` and `<unit>_sub` functions of one unit.
macro_rules! add_and_sub {
    ($name:literal, $unit:ident) => {
        [
            Def::of(
                concat!($name, "_add"),
                2..=2,
                |known| Ok(Unit::$unit.result_type(&known.types[0])),
                |call| shift(call, Unit::$unit, [0, 1], 1),
            ),
            Def::of(
                concat!($name, "_sub"),
                2..=2,
                |known| Ok(Unit::$unit.result_type(&known.types[0])),
                |call| shift(call, Unit::$unit, [0, 1], -1),
            ),
        ]
    };
}

pub(super) fn functions() -> Vec<Def> {
    let [days_add, days_sub] = add_and_sub!("days", Day);
    let [months_add, months_sub] = add_and_sub!("months", Month);
    let mut functions = vec![
        days_add.aliases(&["date_add", "adddate"]),
        days_sub.aliases(&["date_sub", "subdate"]),
        months_add.aliases(&["add_months"]),
        months_sub,
        Def::of(
            "vm_date_add",
            3..=3,
            |known| Ok(known_unit(known, 2, "an interval")?.result_type(&known.types[0])),
            |call| shift(call, call_unit(call, 2, "an interval")?, [0, 1], 1),
        ),
        Def::of(
            "timestampadd",
            3..=3,
            |known| Ok(known_unit(known, 0, "timestampadd")?.result_type(&known.types[2])),
            |call| shift(call, call_unit(call, 0, "timestampadd")?, [2, 1], 1),
        ),
    ];
    let others = [
        add_and_sub!("years", Year),
        add_and_sub!("quarters", Quarter),
        add_and_sub!("weeks", Week),
        add_and_sub!("hours", Hour),
        add_and_sub!("minutes", Minute),
        add_and_sub!("seconds", Second),
        add_and_sub!("milliseconds", Millisecond),
        add_and_sub!("microseconds", Microsecond),
    ];
    functions.extend(others.into_iter().flatten());
    functions
}

/// Adds `sign` times argument `count` in units to argument `at`.
fn shift(call: &Call, unit: Unit, [at, count]: [usize; 2], sign: i64) -> Result<ColumnarValue> {
    let moments = call.datetime(at)?;
    let counts = call.int(count)?;
    let shifted = |row| unit.shift(moments.get(row)?, counts.get(row)?.checked_mul(sign)?);
    if *call.return_type() == DATE {
        return call.values::<Date32Type>(|row| shifted(row).map(day_of));
    }
    call.values::<TimestampMicrosecondType>(shifted)
}
