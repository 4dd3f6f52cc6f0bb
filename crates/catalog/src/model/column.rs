//! Columns and their SQL types.

use base::ids::ColumnId;
use base::{Error, ErrorKind, Result, limits};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `STRING` is `VARCHAR` of this many bytes, as in StarRocks.
pub const STRING_BYTES: u32 = 65_533;

/// A column type of a native table. Lengths count bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SqlType {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    /// 38 decimal digits, stored as DECIMAL(38, 0).
    LargeInt,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: i8,
    },
    Date,
    /// Microseconds, without time zone.
    DateTime,
    Char(u32),
    Varchar(u32),
    Json,
    Varbinary(u32),
}

impl SqlType {
    /// The type with this upper-case name and these arguments.
    ///
    /// # Errors
    /// `Unsupported` for types of StarRocks that Viewmill lacks, `Invalid` for unknown names and arguments out of range.
    pub fn from_name(name: &str, args: &[u64]) -> Result<Self> {
        let wrong = |why: String| Error::invalid(why).with("type", name);
        let length = |default: u32| match args {
            [] => Ok(default),
            [n] if (1..=u64::from(limits::VARCHAR_BYTES_MAX)).contains(n) => Ok(*n as u32),
            _ => Err(wrong(format!("a length must be 1 to {}", limits::VARCHAR_BYTES_MAX))),
        };
        Ok(match name {
            "BOOLEAN" | "BOOL" => SqlType::Boolean,
            // MySQL's display width is accepted and means nothing, as in StarRocks.
            "TINYINT" => SqlType::TinyInt,
            "SMALLINT" => SqlType::SmallInt,
            "INT" | "INTEGER" => SqlType::Int,
            "BIGINT" => SqlType::BigInt,
            "LARGEINT" => SqlType::LargeInt,
            "FLOAT" => SqlType::Float,
            "DOUBLE" => SqlType::Double,
            "DECIMAL" | "DECIMALV3" | "DECIMAL32" | "DECIMAL64" | "DECIMAL128" | "NUMERIC" => {
                let (precision, scale) = match args {
                    [] => (10, 0),
                    [p] => (*p, 0),
                    [p, s, ..] => (*p, *s),
                };
                if !(1..=38).contains(&precision) || scale > precision {
                    return Err(wrong("a decimal has 1 to 38 digits, of which the scale is a part".to_string()));
                }
                SqlType::Decimal { precision: precision as u8, scale: scale as i8 }
            }
            "DATE" => SqlType::Date,
            "DATETIME" => SqlType::DateTime,
            "CHAR" if args.first().is_some_and(|n| *n > 255) => {
                return Err(wrong("CHAR has at most 255 bytes, use VARCHAR".to_string()));
            }
            "CHAR" => SqlType::Char(length(1)?),
            "VARCHAR" => SqlType::Varchar(length(1)?),
            "STRING" | "TEXT" => SqlType::Varchar(STRING_BYTES),
            "JSON" => SqlType::Json,
            "BINARY" | "VARBINARY" => SqlType::Varbinary(length(limits::VARCHAR_BYTES_MAX)?),
            "ARRAY" | "MAP" | "STRUCT" | "BITMAP" | "HLL" | "PERCENTILE" | "VARIANT" | "DECIMAL256" => {
                return Err(Error::unsupported("this column type is not supported yet").with("type", name));
            }
            "TIMESTAMP" => return Err(wrong("there is no TIMESTAMP type, use DATETIME".to_string())),
            _ => return Err(wrong("unknown column type".to_string())),
        })
    }

    /// The name without arguments, lower case: `DATA_TYPE` of information_schema.columns.
    pub fn base_name(self) -> &'static str {
        match self {
            SqlType::Boolean => "boolean",
            SqlType::TinyInt => "tinyint",
            SqlType::SmallInt => "smallint",
            SqlType::Int => "int",
            SqlType::BigInt => "bigint",
            SqlType::LargeInt => "largeint",
            SqlType::Float => "float",
            SqlType::Double => "double",
            SqlType::Decimal { .. } => "decimal",
            SqlType::Date => "date",
            SqlType::DateTime => "datetime",
            SqlType::Char(_) => "char",
            SqlType::Varchar(_) => "varchar",
            SqlType::Json => "json",
            SqlType::Varbinary(_) => "varbinary",
        }
    }

    pub fn is_text(self) -> bool {
        matches!(self, SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Json)
    }

    /// Bytes of a value in a sort key; `None` for types that end a short key.
    pub fn fixed_bytes(self) -> Option<usize> {
        Some(match self {
            SqlType::Boolean | SqlType::TinyInt => 1,
            SqlType::SmallInt => 2,
            SqlType::Int | SqlType::Date => 4,
            SqlType::BigInt | SqlType::DateTime => 8,
            SqlType::LargeInt | SqlType::Decimal { .. } => 16,
            SqlType::Char(n) => n as usize,
            _ => return None,
        })
    }

    /// Whether a column of this type may be part of a key, partition or sort key.
    pub fn can_be_key(self) -> bool {
        !matches!(self, SqlType::Float | SqlType::Double | SqlType::Json | SqlType::Varbinary(_))
    }
}

impl fmt::Display for SqlType {
    /// As DESC and SHOW CREATE TABLE print it: StarRocks' spelling, but decimals as MySQL has them, for tools that read them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqlType::TinyInt => f.write_str("tinyint(4)"),
            SqlType::SmallInt => f.write_str("smallint(6)"),
            SqlType::Int => f.write_str("int(11)"),
            SqlType::BigInt => f.write_str("bigint(20)"),
            SqlType::LargeInt => f.write_str("largeint(40)"),
            SqlType::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            SqlType::Char(n) => write!(f, "char({n})"),
            SqlType::Varchar(n) => write!(f, "varchar({n})"),
            SqlType::Varbinary(n) => write!(f, "varbinary({n})"),
            other => f.write_str(other.base_name()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DefaultValue {
    /// Cast to the column's type when used; checked when the column is defined.
    Literal(String),
    CurrentTimestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub id: ColumnId,
    /// As the user wrote it; compared without case.
    pub name: String,
    pub ty: SqlType,
    pub nullable: bool,
    pub default: Option<DefaultValue>,
    pub comment: String,
}

impl Column {
    /// The name under which expressions see the column.
    pub fn folded(&self) -> String {
        base::names::fold_column(&self.name)
    }
}

/// Finds a column by name without case.
///
/// # Errors
/// `UnknownColumn`.
pub fn find<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column> {
    let folded = base::names::fold_column(name);
    columns
        .iter()
        .find(|c| c.folded() == folded)
        .ok_or_else(|| Error::new(ErrorKind::UnknownColumn, format!("Unknown column '{name}' in 'field list'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_printed_as_starrocks_does() {
        let cases: &[(&str, &[u64], &str)] = &[
            ("INT", &[], "int(11)"),
            ("INT", &[5], "int(11)"),
            ("STRING", &[], "varchar(65533)"),
            ("DECIMAL", &[], "decimal(10,0)"),
            ("DECIMAL", &[18, 2], "decimal(18,2)"),
            ("VARCHAR", &[], "varchar(1)"),
            ("DATETIME", &[], "datetime"),
        ];
        for (name, args, printed) in cases {
            assert_eq!(SqlType::from_name(name, args).unwrap().to_string(), *printed);
        }
        for (name, args) in [("DECIMAL", &[39u64, 0][..]), ("CHAR", &[256]), ("NOSUCH", &[]), ("ARRAY", &[])] {
            assert!(SqlType::from_name(name, args).is_err(), "{name}");
        }
    }
}
