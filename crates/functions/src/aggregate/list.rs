//! DataFusion's aggregates as StarRocks names and types them.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Float16Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::functions_aggregate::approx_distinct::approx_distinct_udaf;
use datafusion::functions_aggregate::approx_percentile_cont::approx_percentile_cont_udaf;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::bool_and_or::{bool_and_udaf, bool_or_udaf};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
use datafusion::functions_aggregate::stddev::{stddev_pop_udaf, stddev_udaf};
use datafusion::functions_aggregate::string_agg::string_agg_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_aggregate::variance::{var_pop_udaf, var_samp_udaf};
use datafusion::logical_expr::AggregateUDF;
use datafusion::scalar::ScalarValue;

use super::delegate::Delegate;
use crate::cast;
use crate::define::{TEXT, is_text};

pub(super) fn functions() -> Vec<Arc<AggregateUDF>> {
    let delegates = vec![
        Delegate::new("sum", sum_udaf()).accepts(summable, to_summable).returns(|data_type| match data_type {
            DataType::Decimal128(_, scale) => Some(DataType::Decimal128(38, *scale)),
            _ => None,
        }),
        Delegate::new("avg", avg_udaf())
            .aliases(&["mean"])
            .accepts(averageable, to_averageable)
            .returns(|data_type| match data_type {
                DataType::Decimal128(_, scale) => Some(DataType::Decimal128(38, average_scale(*scale))),
                _ => None,
            })
            .rounded(),
        Delegate::new("stddev_pop", stddev_pop_udaf())
            .aliases(&["stddev", "std"])
            .accepts(|_| DataType::Float64, to_double),
        Delegate::new("stddev_samp", stddev_udaf()).accepts(|_| DataType::Float64, to_double),
        Delegate::new("var_pop", var_pop_udaf())
            .aliases(&["variance", "variance_pop", "var_population"])
            .accepts(|_| DataType::Float64, to_double),
        Delegate::new("var_samp", var_samp_udaf())
            .aliases(&["variance_samp", "var", "var_sample"])
            .accepts(|_| DataType::Float64, to_double),
        // The compression of StarRocks and the number of centroids here are the same trade of memory for accuracy.
        Delegate::new("percentile_approx", approx_percentile_cont_udaf())
            .accepts(|_| DataType::Float64, to_double)
            .rest(&[DataType::Float64, DataType::Int64], 1),
        Delegate::new("percentile_cont", percentile_cont_udaf())
            .accepts(|_| DataType::Float64, to_double)
            .rest(&[DataType::Float64], 0),
        Delegate::new("any_value", first_value_udaf()).aliases(&["arbitrary"]),
        Delegate::new("approx_count_distinct", approx_distinct_udaf())
            .aliases(&["ndv", "approx_count_distinct_hll_sketch"])
            .accepts(distinguishable, |array| Ok(Arc::new(cast::to_texts(array)?)))
            .returns(|_| Some(DataType::Int64)),
        Delegate::new("bool_or", bool_or_udaf()).aliases(&["boolor_agg"]).accepts(|_| DataType::Boolean, to_truth),
        Delegate::new("bool_and", bool_and_udaf()).aliases(&["booland_agg"]).accepts(|_| DataType::Boolean, to_truth),
        // No argument has the type FLOAT16, so every argument is converted.
        Delegate::new("count_if", count_udaf()).accepts(|_| DataType::Float16, true_or_null),
        Delegate::new("group_concat", string_agg_udaf())
            .aliases(&["string_agg"])
            .accepts(|_| TEXT, |array| Ok(Arc::new(cast::to_texts(array)?)))
            .rest(&[TEXT], 1)
            .default(ScalarValue::Utf8View(Some(",".to_owned())))
            .returns(|_| Some(TEXT))
            .ordered(),
    ];
    delegates.into_iter().map(Delegate::build).collect()
}

/// Integers are summed as BIGINT, decimals as they are, everything else as DOUBLE.
fn summable(data_type: &DataType) -> DataType {
    match data_type {
        integer if integer.is_integer() || *integer == DataType::Boolean => DataType::Int64,
        decimal @ DataType::Decimal128(_, _) => decimal.clone(),
        _ => DataType::Float64,
    }
}

fn to_summable(array: &ArrayRef) -> Result<ArrayRef> {
    match summable(array.data_type()) {
        DataType::Int64 => Ok(Arc::new(cast::to_bigints(array)?)),
        _ => to_double(array),
    }
}

fn averageable(data_type: &DataType) -> DataType {
    match data_type {
        decimal @ DataType::Decimal128(_, _) => decimal.clone(),
        _ => DataType::Float64,
    }
}

fn to_averageable(array: &ArrayRef) -> Result<ArrayRef> {
    to_double(array)
}

/// As the quotient of a DECIMAL: six more digits, at most 12 unless it has more already.
fn average_scale(scale: i8) -> i8 {
    scale.max((scale + 6).min(12))
}

fn to_double(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(Arc::new(cast::to_doubles(array)?))
}

fn to_truth(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(Arc::new(cast::to_truths(array)?))
}

/// A number where a condition holds, else NULL.
fn true_or_null(array: &ArrayRef) -> Result<ArrayRef> {
    let truths = cast::to_truths(array)?;
    let known = NullBuffer::new(truths.values().clone());
    let nulls = NullBuffer::union(Some(&known), truths.nulls());
    Ok(Arc::new(Float16Array::new(vec![Default::default(); truths.len()].into(), nulls)))
}

/// The distinct counter has no floating point types; their texts are as distinct as they are.
fn distinguishable(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Float32 | DataType::Float64 => TEXT,
        text if is_text(text) => data_type.clone(),
        other => other.clone(),
    }
}
