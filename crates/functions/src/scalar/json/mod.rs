//! JSON, which is stored as text: `get_json_string(json, path)`, `json_query`, `json_exists` ...
//!
//! A path is `$.a.b[0]` or `a.b[0]`; keys with special characters are quoted: `$."a.b"`. Invalid JSON, an invalid path
//! and a missing value are NULL.

mod path;
mod print;

use datafusion::arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::cast::{bigint_from_double, parse_bigint, parse_double};
use crate::define::{Def, TEXT, is_text};
use path::Path;
use print::print;

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("parse_json", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.slices(|row| texts.get(row).filter(|text| serde_json::from_str::<Value>(text).is_ok()))
        }),
        Def::new("json_query", 2..=2, TEXT, |call| texts(call, |value| Some(print(value)))),
        Def::new("get_json_string", 2..=2, TEXT, |call| texts(call, text_of)).aliases(&["get_json_object"]),
        Def::new("get_json_int", 2..=2, DataType::Int64, |call| {
            let mut found = Lookup::new(call)?;
            call.values::<Int64Type>(|row| found.get(row, integer_of))
        })
        .aliases(&["get_json_bigint"]),
        Def::new("get_json_double", 2..=2, DataType::Float64, |call| {
            let mut found = Lookup::new(call)?;
            call.values::<Float64Type>(|row| found.get(row, double_of))
        }),
        Def::new("get_json_bool", 2..=2, DataType::Boolean, |call| {
            let mut found = Lookup::new(call)?;
            call.truths(|row| found.get(row, |value| value.as_bool().or_else(|| Some(double_of(value)? != 0.0))))
        }),
        Def::new("json_exists", 2..=2, DataType::Boolean, |call| {
            let mut found = Lookup::new(call)?;
            let texts = call.text(0)?;
            call.truths(|row| texts.get(row).map(|_| found.get(row, |_| Some(())).is_some()))
        }),
        Def::new("json_length", 1..=2, DataType::Int32, |call| {
            let mut found = Lookup::new(call)?;
            call.values::<Int32Type>(|row| found.get(row, |value| Some(size_of(value))))
        }),
        Def::new("json_keys", 1..=2, TEXT, |call| {
            texts(call, |value| {
                let keys: Vec<Value> = value.as_object()?.keys().map(|key| Value::from(key.as_str())).collect();
                Some(print(&Value::from(keys)))
            })
        }),
        Def::new("json_object", 0..=usize::MAX, TEXT, json_object),
        Def::new("json_array", 0..=usize::MAX, TEXT, json_array),
    ]
}

/// The documents of argument 0 and the paths of argument 1; without paths the whole document is meant.
struct Lookup {
    documents: crate::call::Column<datafusion::arrow::array::StringViewArray>,
    paths: Option<crate::call::Column<datafusion::arrow::array::StringViewArray>>,
    last: Option<(String, Option<Path>)>,
}

impl Lookup {
    fn new(call: &Call) -> Result<Lookup> {
        let paths = call.has(1).then(|| call.text(1)).transpose()?;
        Ok(Lookup { documents: call.text(0)?, paths, last: None })
    }

    /// What `read` makes of the value that the path of a row leads to.
    fn get<T>(&mut self, row: usize, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let Some(paths) = &self.paths else {
            return read(&serde_json::from_str(self.documents.get(row)?).ok()?);
        };
        let path = paths.get(row)?;
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            self.last = Some((path.to_owned(), Path::parse(path)));
        }
        let (_, compiled) = self.last.as_ref()?;
        let document: Value = serde_json::from_str(self.documents.get(row)?).ok()?;
        read(compiled.as_ref()?.find(&document)?.as_ref())
    }
}

fn texts(call: &Call, read: fn(&Value) -> Option<String>) -> Result<ColumnarValue> {
    let mut found = Lookup::new(call)?;
    call.texts(|row, out| {
        out.push_str(&found.get(row, read)?);
        Some(())
    })
}

/// A JSON string without its quotes, anything else as JSON.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(print(other)),
    }
}

fn integer_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| bigint_from_double(number.as_f64()?)),
        Value::String(text) => parse_bigint(text),
        Value::Bool(truth) => Some(i64::from(*truth)),
        _ => None,
    }
}

fn double_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => parse_double(text),
        Value::Bool(truth) => Some(f64::from(*truth)),
        _ => None,
    }
}

/// Elements or members; 1 for anything else.
fn size_of(value: &Value) -> i32 {
    match value {
        Value::Array(items) => items.len() as i32,
        Value::Object(members) => members.len() as i32,
        _ => 1,
    }
}

/// `json_object(key, value, ...)`; NULL if a key is NULL or has no value.
fn json_object(call: &Call) -> Result<ColumnarValue> {
    let columns = columns(call)?;
    call.texts(|row, out| {
        let mut members = Map::new();
        for pair in columns.chunks(2) {
            let [key, value] = pair else {
                return None;
            };
            members.insert(text_of(&key(row))?, value(row));
        }
        out.push_str(&print(&Value::Object(members)));
        Some(())
    })
}

fn json_array(call: &Call) -> Result<ColumnarValue> {
    let columns = columns(call)?;
    call.texts(|row, out| {
        let items: Vec<Value> = columns.iter().map(|column| column(row)).collect();
        out.push_str(&print(&Value::Array(items)));
        Some(())
    })
}

type JsonColumn = Box<dyn Fn(usize) -> Value>;

/// Every argument as JSON: numbers and booleans as such, the rest as strings.
fn columns(call: &Call) -> Result<Vec<JsonColumn>> {
    let column = |index| -> Result<JsonColumn> {
        Ok(match call.argument_type(index) {
            DataType::Boolean => {
                let truths = call.truth(index)?;
                Box::new(move |row| truths.get(row).map_or(Value::Null, Value::from))
            }
            integer if integer.is_integer() => {
                let numbers = call.int(index)?;
                Box::new(move |row| numbers.get(row).map_or(Value::Null, Value::from))
            }
            number if number.is_numeric() && !is_text(&number) => {
                let numbers = call.double(index)?;
                Box::new(move |row| numbers.get(row).map_or(Value::Null, Value::from))
            }
            _ => {
                let texts = call.text(index)?;
                Box::new(move |row| texts.get(row).map_or(Value::Null, Value::from))
            }
        })
    };
    (0..call.len()).map(column).collect()
}
