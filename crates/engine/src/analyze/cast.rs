//! CAST, CONVERT, COLLATE, character set introducers and typed literals.
//!
//! Every cast is a TRY_CAST: a value that cannot be cast is NULL, as in StarRocks. What a cast means for the type of its
//! operand is decided in [`super::conversion`], when types are known.

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{CharacterLength, DataType, Expr, ObjectName, ObjectNamePart};

use super::{marker, node};

/// Character sets and the collations that begin with them. Text is UTF-8 and compares by bytes whatever they say.
const CHARACTER_SETS: &[&str] =
    &["ascii", "binary", "gb2312", "gbk", "latin1", "ucs2", "utf16", "utf32", "utf8", "utf8mb3", "utf8mb4"];

/// Rewrites the four forms; operands are rewritten already.
///
/// # Errors
/// `Invalid` for an unknown character set or collation, `Unsupported` for FORMAT and ARRAY.
pub(super) fn rewrite(expr: &mut Expr) -> Result<()> {
    let replacement = match expr {
        Expr::Cast { array: true, .. } | Expr::Cast { format: Some(_), .. } => {
            return Err(Error::unsupported("CAST with FORMAT or ARRAY is not supported"));
        }
        Expr::Cast { expr: operand, data_type, .. } => cast(node::take(operand), data_type.clone()),
        Expr::Convert { expr: operand, data_type: Some(data_type), .. } => cast(node::take(operand), data_type.clone()),
        Expr::Convert { expr: operand, charset: Some(charset), .. } => {
            check_character_set(&charset.to_string())?;
            node::take(operand)
        }
        Expr::Collate { expr: operand, collation } => {
            check_collation(collation)?;
            node::take(operand)
        }
        Expr::Prefixed { prefix, value } => {
            check_character_set(prefix.value.trim_start_matches('_'))?;
            node::take(value)
        }
        _ => return Ok(()),
    };
    *expr = replacement;
    Ok(())
}

fn cast(operand: Expr, data_type: DataType) -> Expr {
    let cast = |data_type| node::call(marker::CAST, vec![node::cast(operand.clone(), data_type)]);
    match data_type {
        // `BINARY x`: text compares by bytes anyway.
        DataType::Binary(None) => operand,
        DataType::Char(Some(CharacterLength::IntegerLength { length, .. }))
        | DataType::Character(Some(CharacterLength::IntegerLength { length, .. })) => {
            node::call("left", vec![cast(DataType::Text), node::number(length)])
        }
        other => cast(other),
    }
}

/// `DATE '2024-01-01'` and `TIMESTAMP '...'` accept what MySQL accepts as text of a date.
pub(super) fn typed_string(expr: &mut Expr) {
    let Expr::TypedString(literal) = expr else { return };
    let name = match literal.data_type {
        DataType::Date => "vm_to_date",
        DataType::Datetime(_) | DataType::Timestamp(..) => "vm_to_datetime",
        _ => return,
    };
    if let Some(text) = literal.value.clone().into_string() {
        *expr = node::call(name, vec![node::text(text)]);
    }
}

fn check_character_set(name: &str) -> Result<()> {
    let known = CHARACTER_SETS.iter().any(|known| known.eq_ignore_ascii_case(name));
    if known { Ok(()) } else { Err(Error::invalid(format!("Unknown character set: '{name}'"))) }
}

fn check_collation(collation: &ObjectName) -> Result<()> {
    let name = collation.0.last().and_then(ObjectNamePart::as_ident).map_or("", |ident| ident.value.as_str());
    let set = name.split('_').next().unwrap_or(name);
    let known = CHARACTER_SETS.iter().any(|known| known.eq_ignore_ascii_case(set));
    if known { Ok(()) } else { Err(Error::invalid(format!("Unknown collation: '{name}'"))) }
}
