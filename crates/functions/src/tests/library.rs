//! The library as a whole: names, and functions that run where no optimiser did.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, StringViewArray};
use datafusion::arrow::datatypes::Field;
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs};

use crate::cast::to_texts;

#[test]
fn every_name_belongs_to_one_function_and_is_lower_case() {
    let functions = crate::all();
    let scalar = functions.scalar.iter().map(|function| (function.name().to_owned(), function.aliases().to_vec()));
    let aggregate =
        functions.aggregate.iter().map(|function| (function.name().to_owned(), function.aliases().to_vec()));
    let mut seen = HashSet::new();
    for (name, aliases) in scalar.chain(aggregate) {
        for name in std::iter::once(name).chain(aliases) {
            assert_eq!(name, name.to_lowercase());
            assert!(seen.insert(name.clone()), "{name} is defined twice");
        }
    }
}

#[test]
fn conditions_work_without_the_optimiser() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(0)]));
    let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), Some("b"), None]));
    let cases = [
        ("if", vec![&numbers, &texts, &numbers], ["a", "NULL", "0"]),
        ("coalesce", vec![&numbers, &texts], ["1", "b", "0"]),
        ("ifnull", vec![&texts, &numbers], ["a", "b", "0"]),
        ("isnull", vec![&texts], ["0", "0", "1"]),
    ];
    for (name, arrays, expected) in cases {
        let functions = crate::all().scalar;
        let function = functions.iter().find(|function| function.name() == name).expect("the function exists");
        let arg_fields: Vec<_> =
            arrays.iter().map(|array| Arc::new(Field::new("x", array.data_type().clone(), true))).collect();
        let scalar_arguments = vec![None; arrays.len()];
        let known = ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &scalar_arguments };
        let return_field = function.return_field_from_args(known).expect("the types fit");
        let result = function.invoke_with_args(ScalarFunctionArgs {
            args: arrays.into_iter().map(|array| ColumnarValue::Array(Arc::clone(array))).collect(),
            arg_fields,
            number_rows: 3,
            return_field,
            config_options: Arc::default(),
        });
        let array = result.and_then(|result| result.into_array(3)).expect("the call succeeds");
        let texts = to_texts(&array).expect("texts");
        let got: Vec<&str> = texts.iter().map(|text| text.unwrap_or("NULL")).collect();
        assert_eq!(got, expected, "{name}");
    }
}
