//! Arrays, maps and structs as StarRocks prints them: `[1,2]`, `{1:"a"}`, `{"a":1}`.
//!
//! Within them strings and times are quoted, `"` and `\` get a `\` before them, numbers stay bare, NULL is `null`.

use crate::mysql::row_text::{self, Cell, Column, Frame};
use base::Result;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::DataType;

/// The function that prints a nested column's values, without a length.
///
/// # Errors
/// As [`row_text::cell`], for the types within.
pub(super) fn cell<'a>(array: &'a ArrayRef) -> Result<Cell<'a>> {
    Ok(match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            elements(list.values(), move |row| (offsets[row] as usize, offsets[row + 1] as usize))?
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets();
            elements(list.values(), move |row| (offsets[row] as usize, offsets[row + 1] as usize))?
        }
        DataType::FixedSizeList(_, size) => {
            let size = *size as usize;
            let list = array.as_fixed_size_list();
            let first = list.value_offset(0) as usize;
            elements(list.values(), move |row| (first + row * size, first + (row + 1) * size))?
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let offsets = map.value_offsets();
            let (keys, values) = (inner(map.keys())?, inner(map.values())?);
            Box::new(move |row, out| {
                out.push(b'{');
                for (i, entry) in (offsets[row] as usize..offsets[row + 1] as usize).enumerate() {
                    separate(out, i);
                    print(&keys, entry, out);
                    out.push(b':');
                    print(&values, entry, out);
                }
                out.push(b'}');
            })
        }
        _ => {
            let values = array.as_struct();
            let names = values.column_names().into_iter();
            let fields: Vec<(&str, Column<'a>)> =
                names.zip(values.columns()).map(|(name, column)| Ok((name, inner(column)?))).collect::<Result<_>>()?;
            Box::new(move |row, out| {
                out.push(b'{');
                for (i, (name, column)) in fields.iter().enumerate() {
                    separate(out, i);
                    quoted(out, name.as_bytes());
                    out.push(b':');
                    print(column, row, out);
                }
                out.push(b'}');
            })
        }
    })
}

/// Appends a string within double quotes.
pub(super) fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn elements<'a>(values: &'a ArrayRef, range: impl Fn(usize) -> (usize, usize) + Send + 'a) -> Result<Cell<'a>> {
    let values = inner(values)?;
    Ok(Box::new(move |row, out| {
        let (start, end) = range(row);
        out.push(b'[');
        for (i, element) in (start..end).enumerate() {
            separate(out, i);
            print(&values, element, out);
        }
        out.push(b']');
    }))
}

fn inner(array: &ArrayRef) -> Result<Column<'_>> {
    Ok(Column::new(array, row_text::cell(array, Frame::Bare)?))
}

fn print(column: &Column<'_>, row: usize, out: &mut Vec<u8>) {
    if column.is_null(row) {
        out.extend_from_slice(b"null");
    } else {
        column.write(row, out);
    }
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::builder::{Int32Builder, MapBuilder, StringBuilder};
    use datafusion::arrow::array::{Date32Array, FixedSizeListArray, Int32Array, ListArray, StringArray, StructArray};
    use datafusion::arrow::buffer::OffsetBuffer;
    use datafusion::arrow::datatypes::{Field, Int32Type};
    use std::sync::Arc;

    fn texts(array: ArrayRef) -> Vec<String> {
        let cell = cell(&array).unwrap();
        let print = |row| {
            let mut out = Vec::new();
            cell(row, &mut out);
            String::from_utf8(out).unwrap()
        };
        (0..array.len()).map(print).collect()
    }

    #[test]
    fn arrays() {
        let numbers = vec![Some(vec![Some(1), None, Some(-2)]), Some(vec![]), None, Some(vec![Some(7)])];
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>(numbers.clone());
        assert_eq!(texts(Arc::new(list.clone())), ["[1,null,-2]", "[]", "[]", "[7]"]);
        assert_eq!(texts(Arc::new(list.slice(3, 1))), ["[7]"]);
        let words = StringArray::from(vec![Some("a\"b"), Some("c\\d"), None]);
        let item = Arc::new(Field::new("item", DataType::Utf8, true));
        let list = ListArray::new(item, OffsetBuffer::from_lengths([3]), Arc::new(words), None);
        assert_eq!(texts(Arc::new(list)), [r#"["a\"b","c\\d",null]"#]);
        let pairs = vec![Some(vec![Some(1), Some(2)]), Some(vec![Some(3), Some(4)])];
        let fixed = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(pairs, 2);
        assert_eq!(texts(Arc::new(fixed.slice(1, 1))), ["[3,4]"]);
    }

    #[test]
    fn maps_and_structs() {
        let mut map = MapBuilder::new(None, Int32Builder::new(), StringBuilder::new());
        for (key, value) in [(1, Some("a")), (2, None)] {
            map.keys().append_value(key);
            map.values().append_option(value);
        }
        map.append(true).unwrap();
        map.append(true).unwrap();
        assert_eq!(texts(Arc::new(map.finish())), [r#"{1:"a",2:null}"#, "{}"]);
        let fields: Vec<(Arc<Field>, ArrayRef)> = vec![
            (Arc::new(Field::new("a", DataType::Int32, true)), Arc::new(Int32Array::from(vec![Some(1), None]))),
            (Arc::new(Field::new("d", DataType::Date32, true)), Arc::new(Date32Array::from(vec![0, 1]))),
        ];
        let texts = texts(Arc::new(StructArray::from(fields)));
        assert_eq!(texts, [r#"{"a":1,"d":"1970-01-01"}"#, r#"{"a":null,"d":"1970-01-02"}"#]);
    }
}
