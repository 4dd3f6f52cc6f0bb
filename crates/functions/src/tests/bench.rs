use std::sync::Arc;
use std::time::Instant;
use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{Field, DataType};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ReturnFieldArgs};
use datafusion::scalar::ScalarValue;

fn time(name: &str, args: Vec<ColumnarValue>) {
    let lib = crate::all();
    let f = lib.scalar.iter().find(|f| f.name() == name).unwrap().clone();
    let fields: Vec<_> = args.iter().map(|a| Arc::new(Field::new("a", a.data_type(), true))).collect();
    let scalars: Vec<Option<&ScalarValue>> = args.iter().map(|a| match a { ColumnarValue::Scalar(s) => Some(s), _ => None }).collect();
    let rf = f.return_field_from_args(ReturnFieldArgs { arg_fields: &fields, scalar_arguments: &scalars }).unwrap();
    let n = 8192;
    let start = Instant::now();
    let reps = 200;
    for _ in 0..reps {
        let r = f.invoke_with_args(ScalarFunctionArgs { args: args.clone(), arg_fields: fields.clone(), number_rows: n, return_field: rf.clone(), config_options: Default::default() }).unwrap();
        std::hint::black_box(r);
    }
    println!("{name:20} {:8.1} ns/row", start.elapsed().as_nanos() as f64 / (reps * n) as f64);
}
#[test]
fn bench() {
    let n = 8192i64;
    let arr = |a: ArrayRef| ColumnarValue::Array(a);
    let lit = |s: &str| ColumnarValue::Scalar(ScalarValue::Utf8(Some(s.into())));
    let ts: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values((0..n).map(|i| 1_700_000_000_000_000 + i * 77_000_000)));
    let d: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..n).map(|i| format!("{:02}/{:02}/2014", i % 12 + 1, i % 28 + 1))));
    let t: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..n).map(|i| format!("{}:{:02}", i % 24, i % 60))));
    let dt: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..n).map(|i| format!("{:02}/{:02}/2014 {}:{:02}", i % 12 + 1, i % 28 + 1, i % 24, i % 60))));
    let iso: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..n).map(|i| format!("2014-{:02}-{:02} {:02}:{:02}:00", i % 12 + 1, i % 28 + 1, i % 24, i % 60))));
    let num: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..n).map(|i| format!("{}.{}", i % 100, i % 10))));
    let dbl: ArrayRef = Arc::new(Float64Array::from_iter_values((0..n).map(|i| i as f64 / 7.0)));
    for u in ["minute", "hour", "week", "month"] { print!("{u} "); time("date_trunc", vec![lit(u), arr(ts.clone())]); }
    time("concat_ws", vec![lit(" "), arr(d.clone()), arr(t.clone())]);
    time("concat", vec![arr(d.clone()), arr(t.clone())]);
    time("str_to_date", vec![arr(dt.clone()), lit("%m/%d/%Y %H:%i")]);
    time("date_format", vec![arr(ts.clone()), lit("%d %b %Y %H:%i")]);
    time("vm_to_datetime", vec![arr(iso.clone())]);
    time("vm_to_double", vec![arr(num.clone())]);
    time("vm_to_text", vec![arr(dbl.clone())]);
    time("vm_to_text", vec![arr(ts.clone())]);
    time("year", vec![arr(ts.clone())]);
    time("hour", vec![arr(ts.clone())]);
    time("vm_date_add", vec![arr(ts.clone()), ColumnarValue::Scalar(ScalarValue::Int64(Some(1))), lit("month")]);
    time("truncate", vec![arr(dbl.clone()), ColumnarValue::Scalar(ScalarValue::Int64(Some(1)))]);
    time("vm_div", vec![arr(dbl.clone()), arr(dbl.clone())]);
    time("substring", vec![arr(iso.clone()), ColumnarValue::Scalar(ScalarValue::Int64(Some(1))), ColumnarValue::Scalar(ScalarValue::Int64(Some(10)))]);
    time("upper", vec![arr(iso.clone())]);
}
