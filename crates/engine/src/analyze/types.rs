//! SQL type names to Arrow types.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, TimeUnit};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType as Sql, ExactNumberInfo, ObjectName};

use super::kind::{DATETIME, TEXT};

/// Plans MySQL's and StarRocks' type names.
pub fn type_planner() -> Arc<dyn TypePlanner> {
    Arc::new(Types)
}

#[derive(Debug)]
struct Types;

impl TypePlanner for Types {
    // `plan_type_field` hands on to this; there is no metadata to add.
    #[allow(deprecated)]
    fn plan_type(&self, sql_type: &Sql) -> Result<Option<DataType>> {
        Ok(Some(match sql_type {
            Sql::Boolean | Sql::Bool => DataType::Boolean,
            Sql::TinyInt(_) => DataType::Int8,
            Sql::SmallInt(_) | Sql::TinyIntUnsigned(_) => DataType::Int16,
            Sql::Int(_) | Sql::Integer(_) | Sql::MediumInt(_) => DataType::Int32,
            Sql::SmallIntUnsigned(_) | Sql::MediumIntUnsigned(_) => DataType::Int32,
            Sql::BigInt(_) | Sql::IntUnsigned(_) | Sql::IntegerUnsigned(_) => DataType::Int64,
            Sql::Signed | Sql::SignedInteger | Sql::Unsigned | Sql::UnsignedInteger => DataType::Int64,
            Sql::BigIntUnsigned(_) | Sql::HugeInt => DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0),
            Sql::Float(_) | Sql::Float4 => DataType::Float32,
            Sql::Real | Sql::Double(_) | Sql::DoublePrecision | Sql::Float8 | Sql::Float64 => DataType::Float64,
            Sql::Decimal(info) | Sql::Dec(info) | Sql::Numeric(info) => decimal(info)?,
            Sql::Date | Sql::Date32 => DataType::Date32,
            Sql::Datetime(_) | Sql::Timestamp(..) | Sql::TimestampNtz { .. } => DATETIME,
            Sql::Time(..) => DataType::Time64(TimeUnit::Microsecond),
            Sql::Char(_) | Sql::Character(_) | Sql::Varchar(_) | Sql::CharVarying(_) | Sql::CharacterVarying(_) => TEXT,
            Sql::Nvarchar(_) | Sql::String(_) | Sql::Text | Sql::TinyText | Sql::MediumText | Sql::LongText => TEXT,
            Sql::JSON => TEXT,
            Sql::Binary(_) | Sql::Varbinary(_) | Sql::Blob(_) | Sql::Bytes(_) => DataType::Binary,
            Sql::Custom(name, arguments) => return custom(name, arguments),
            _ => return Ok(None),
        }))
    }
}

/// DECIMAL without digits is DECIMAL(10, 0).
fn decimal(info: &ExactNumberInfo) -> Result<DataType> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (10, 0),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    let legal =
        (1..=u64::from(DECIMAL128_MAX_PRECISION)).contains(&precision) && (0..=precision as i64).contains(&scale);
    if !legal {
        return plan_err!(
            "DECIMAL({precision}, {scale}): the precision is 1 to {DECIMAL128_MAX_PRECISION}, the scale at most the precision"
        );
    }
    Ok(DataType::Decimal128(precision as u8, scale as i8))
}

fn custom(name: &ObjectName, arguments: &[String]) -> Result<Option<DataType>> {
    Ok(match name.to_string().to_lowercase().as_str() {
        "largeint" => Some(DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)),
        "string" | "json" => Some(TEXT),
        "year" => Some(DataType::Int16),
        "datev1" | "datev2" => Some(DataType::Date32),
        "decimalv2" | "decimal32" | "decimal64" | "decimal128" => {
            let number = |i: usize| arguments.get(i).and_then(|digits| digits.trim().parse().ok());
            let info = match (number(0), number(1)) {
                (None, _) => ExactNumberInfo::None,
                (Some(precision), scale) => ExactNumberInfo::PrecisionAndScale(precision, scale.unwrap_or(0) as i64),
            };
            Some(decimal(&info)?)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::MySqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    #[test]
    fn type_names_of_mysql_and_starrocks() {
        for (sql, arrow) in [
            ("SIGNED", DataType::Int64),
            ("UNSIGNED INTEGER", DataType::Int64),
            ("INT(11)", DataType::Int32),
            ("TINYINT(1)", DataType::Int8),
            ("LARGEINT", DataType::Decimal128(38, 0)),
            ("STRING", TEXT),
            ("CHAR(3)", TEXT),
            ("VARCHAR(65533)", TEXT),
            ("JSON", TEXT),
            ("DATETIME", DATETIME),
            ("DATETIME(6)", DATETIME),
            ("DECIMAL", DataType::Decimal128(10, 0)),
            ("DECIMAL(10,2)", DataType::Decimal128(10, 2)),
            ("DECIMAL64(9, 3)", DataType::Decimal128(9, 3)),
            ("DOUBLE", DataType::Float64),
            ("VARBINARY", DataType::Binary),
        ] {
            let parsed = Parser::new(&MySqlDialect {}).try_with_sql(sql).unwrap().parse_data_type().unwrap();
            let planned = Types.plan_type_field(&parsed).unwrap().map(|field| field.data_type().clone());
            assert_eq!(planned, Some(arrow), "{sql}");
        }
        let wide = Parser::new(&MySqlDialect {}).try_with_sql("DECIMAL(40,2)").unwrap().parse_data_type().unwrap();
        assert!(Types.plan_type_field(&wide).is_err());
    }
}
