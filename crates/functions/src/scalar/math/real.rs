//! Functions of DOUBLE: roots, powers, logarithms, trigonometry.

use datafusion::arrow::datatypes::{DataType, Float64Type, Int32Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let one = |name, kernel| Def::new(name, 1..=1, DataType::Float64, kernel);
    let two = |name, kernel| Def::new(name, 2..=2, DataType::Float64, kernel);
    vec![
        one("sqrt", |call| compute(call, f64::sqrt)).aliases(&["dsqrt"]),
        one("cbrt", |call| compute(call, f64::cbrt)),
        one("square", |call| compute(call, |x| x * x)),
        one("exp", |call| compute(call, f64::exp)).aliases(&["dexp"]),
        one("ln", |call| compute(call, f64::ln)).aliases(&["dlog1"]),
        one("log2", |call| compute(call, f64::log2)),
        one("log10", |call| compute(call, f64::log10)).aliases(&["dlog10"]),
        one("sin", |call| compute(call, f64::sin)),
        one("cos", |call| compute(call, f64::cos)),
        one("tan", |call| compute(call, f64::tan)),
        one("cot", |call| compute(call, |x| x.tan().recip())),
        one("asin", |call| compute(call, f64::asin)),
        one("acos", |call| compute(call, f64::acos)),
        one("atan", |call| compute(call, f64::atan)),
        one("sinh", |call| compute(call, f64::sinh)),
        one("cosh", |call| compute(call, f64::cosh)),
        one("tanh", |call| compute(call, f64::tanh)),
        one("degrees", |call| compute(call, f64::to_degrees)),
        one("radians", |call| compute(call, f64::to_radians)),
        two("power", |call| compute_two(call, f64::powf)).aliases(&["pow", "dpow", "fpow"]),
        two("atan2", |call| compute_two(call, f64::atan2)),
        // The base comes first; a base of 1 has no logarithm.
        Def::new("log", 1..=2, DataType::Float64, |call| match call.len() {
            1 => compute(call, f64::ln),
            _ => compute_two(call, |base, x| if base > 0.0 && x > 0.0 { x.ln() / base.ln() } else { f64::NAN }),
        }),
        Def::new("pi", 0..=0, DataType::Float64, |call| call.values::<Float64Type>(|_| Some(std::f64::consts::PI))),
        Def::new("e", 0..=0, DataType::Float64, |call| call.values::<Float64Type>(|_| Some(std::f64::consts::E))),
        Def::new("sign", 1..=1, DataType::Int32, |call| {
            let numbers = call.double(0)?;
            call.values::<Int32Type>(|row| {
                numbers.get(row).filter(|x| !x.is_nan()).map(|x| i32::from(x > 0.0) - i32::from(x < 0.0))
            })
        })
        .aliases(&["signum"]),
    ]
}

fn compute(call: &Call, of: impl Fn(f64) -> f64) -> Result<ColumnarValue> {
    let numbers = call.double(0)?;
    call.values::<Float64Type>(|row| Some(of(numbers.get(row)?)).filter(|result| result.is_finite()))
}

fn compute_two(call: &Call, of: impl Fn(f64, f64) -> f64) -> Result<ColumnarValue> {
    let (a, b) = (call.double(0)?, call.double(1)?);
    call.values::<Float64Type>(|row| Some(of(a.get(row)?, b.get(row)?)).filter(|result| result.is_finite()))
}
