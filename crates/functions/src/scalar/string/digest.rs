//! Digests as lower-case hexadecimal text: `md5`, `sha1`, `sha2(text, bits)`; `crc32` as a number.

use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Result, plan_err};
use datafusion::functions::crypto;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use sha1::{Digest, Sha1};

use super::encode::push_hex;
use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("md5", 1..=usize::MAX, TEXT, md5).aliases(&["md5sum"]),
        Def::new("sha1", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                push_hex(out, &Sha1::digest(texts.get(row)?.as_bytes()), b"0123456789abcdef");
                Some(())
            })
        })
        .aliases(&["sha"]),
        Def::of(
            "sha2",
            2..=2,
            |known| match known.int(1) {
                Some(0 | 224 | 256 | 384 | 512) => Ok(TEXT),
                _ => plan_err!("sha2 needs the constant 224, 256, 384 or 512 as argument 2"),
            },
            sha2,
        ),
        Def::new("crc32", 1..=1, DataType::Int64, |call| {
            let texts = call.text(0)?;
            call.values::<Int64Type>(|row| texts.get(row).map(|text| i64::from(crc32fast::hash(text.as_bytes()))))
        }),
    ]
}

/// The digest of the concatenated arguments; NULL if any is.
fn md5(call: &Call) -> Result<ColumnarValue> {
    let parts = (0..call.len()).map(|index| call.text(index)).collect::<Result<Vec<_>>>()?;
    let joined =
        call.texts(|row, out| parts.iter().try_for_each(|part| part.get(row).map(|part| out.push_str(part))))?;
    digest(call, &crypto::md5(), joined, TEXT)
}

fn sha2(call: &Call) -> Result<ColumnarValue> {
    let function = match call.int(1)?.get(0) {
        Some(224) => crypto::sha224(),
        Some(384) => crypto::sha384(),
        Some(512) => crypto::sha512(),
        _ => crypto::sha256(),
    };
    let texts = call.text(0)?;
    let bytes =
        digest(call, &function, call.slices(|row| texts.get(row))?, DataType::Binary)?.into_array(call.rows())?;
    let bytes = bytes.as_binary::<i32>();
    call.texts(|row, out| {
        texts.get(row)?;
        push_hex(out, bytes.value(row), b"0123456789abcdef");
        Some(())
    })
}

/// Runs one of DataFusion's digests on texts.
fn digest(call: &Call, function: &ScalarUDF, texts: ColumnarValue, returns: DataType) -> Result<ColumnarValue> {
    function.invoke_with_args(ScalarFunctionArgs {
        arg_fields: vec![Arc::new(Field::new("text", TEXT, true))],
        return_field: Arc::new(Field::new("digest", returns, true)),
        args: vec![texts],
        ..call.arguments()
    })
}
