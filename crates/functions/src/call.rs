//! One invocation of a scalar function, as kernels see it: typed arguments in, rows out.
//!
//! Arguments are cast leniently ([`crate::cast`]) and may be constant or one value per row; [`Column`] hides the
//! difference. A call whose arguments are all constant is computed once and answered with a constant.

use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    NullBufferBuilder, PrimitiveArray, StringViewArray, StringViewBuilder, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use datafusion::scalar::ScalarValue;

use crate::cast;

/// An argument: an array with one value per row, or with a single value that holds for every row.
pub(crate) struct Column<A> {
    pub(crate) array: A,
    constant: bool,
}

impl<A: Array> Column<A> {
    fn position(&self, row: usize) -> Option<usize> {
        let position = if self.constant { 0 } else { row };
        self.array.is_valid(position).then_some(position)
    }
}

impl<T: ArrowPrimitiveType> Column<PrimitiveArray<T>> {
    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        Some(self.array.value(self.position(row)?))
    }
}

impl Column<BooleanArray> {
    pub(crate) fn get(&self, row: usize) -> Option<bool> {
        Some(self.array.value(self.position(row)?))
    }
}

impl Column<StringViewArray> {
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        Some(self.array.value(self.position(row)?))
    }

    /// The text of a constant argument; `None` if it differs per row, `Some(None)` if it is NULL.
    pub(crate) fn constant(&self) -> Option<Option<&str>> {
        self.constant.then(|| self.get(0))
    }
}

pub(crate) struct Call<'a> {
    args: &'a ScalarFunctionArgs,
    rows: usize,
    all_constant: bool,
}

impl<'a> Call<'a> {
    /// `per_row` asks for one result per row even if all arguments are constant.
    pub(crate) fn new(args: &'a ScalarFunctionArgs, per_row: bool) -> Call<'a> {
        let all_constant = !per_row && args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        Call { args, rows: if all_constant { 1 } else { args.number_rows }, all_constant }
    }

    /// The number of results to compute.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The number of arguments.
    pub(crate) fn len(&self) -> usize {
        self.args.args.len()
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.len()
    }

    pub(crate) fn argument_type(&self, index: usize) -> DataType {
        self.args.args[index].data_type()
    }

    pub(crate) fn return_type(&self) -> &DataType {
        self.args.return_type()
    }

    /// The session's time zone, if one is set.
    pub(crate) fn time_zone(&self) -> Option<&str> {
        self.args.config_options.execution.time_zone.as_deref()
    }

    /// An argument as it came. `true` beside it: one value for all rows.
    pub(crate) fn raw(&self, index: usize) -> Result<(ArrayRef, bool)> {
        match &self.args.args[index] {
            ColumnarValue::Array(array) => Ok((Arc::clone(array), false)),
            ColumnarValue::Scalar(scalar) => Ok((scalar.to_array_of_size(1)?, true)),
        }
    }

    /// The arguments as DataFusion gave them, to run another function.
    pub(crate) fn arguments(&self) -> ScalarFunctionArgs {
        ScalarFunctionArgs { number_rows: self.rows, ..self.args.clone() }
    }

    /// An argument as it came, with one value per row.
    pub(crate) fn expanded(&self, index: usize) -> Result<ArrayRef> {
        self.args.args[index].clone().into_array(self.rows)
    }

    fn column<A>(&self, index: usize, convert: fn(&dyn Array) -> Result<A>) -> Result<Column<A>> {
        let (array, constant) = self.raw(index)?;
        Ok(Column { array: convert(array.as_ref())?, constant })
    }

    pub(crate) fn text(&self, index: usize) -> Result<Column<StringViewArray>> {
        self.column(index, cast::to_texts)
    }

    pub(crate) fn int(&self, index: usize) -> Result<Column<Int64Array>> {
        self.column(index, cast::to_bigints)
    }

    pub(crate) fn double(&self, index: usize) -> Result<Column<Float64Array>> {
        self.column(index, cast::to_doubles)
    }

    pub(crate) fn datetime(&self, index: usize) -> Result<Column<TimestampMicrosecondArray>> {
        self.column(index, cast::to_datetimes)
    }

    pub(crate) fn date(&self, index: usize) -> Result<Column<Date32Array>> {
        self.column(index, cast::to_dates)
    }

    pub(crate) fn truth(&self, index: usize) -> Result<Column<BooleanArray>> {
        self.column(index, cast::to_truths)
    }

    /// Answers with an array of [`Call::rows`] values.
    pub(crate) fn finish(&self, array: ArrayRef) -> Result<ColumnarValue> {
        if self.all_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(array.as_ref(), 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    /// Answers NULL in every row.
    pub(crate) fn null(&self) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::try_from(self.return_type())?))
    }

    /// Answers with one number, date or moment per row.
    pub(crate) fn values<T: ArrowPrimitiveType>(
        &self,
        mut row: impl FnMut(usize) -> Option<T::Native>,
    ) -> Result<ColumnarValue> {
        let mut values = Vec::with_capacity(self.rows);
        let mut nulls = NullBufferBuilder::new(self.rows);
        for index in 0..self.rows {
            let value = row(index);
            nulls.append(value.is_some());
            values.push(value.unwrap_or_default());
        }
        self.finish(Arc::new(PrimitiveArray::<T>::new(values.into(), nulls.finish())))
    }

    /// An exact number (integer, decimal, boolean) as DECIMAL with `scale` digits after the point.
    pub(crate) fn decimal(&self, index: usize, scale: u8) -> Result<Column<Decimal128Array>> {
        let (array, constant) = self.raw(index)?;
        let target = DataType::Decimal128(38, scale as i8);
        let options = CastOptions { safe: true, ..Default::default() };
        // Arrow has no cast from BOOLEAN to DECIMAL.
        let array = match array.data_type() {
            DataType::Boolean => cast_with_options(&array, &DataType::Int8, &options)?,
            _ => array,
        };
        let array = cast_with_options(&array, &target, &options)?;
        Ok(Column { array: array.as_primitive::<Decimal128Type>().clone(), constant })
    }

    /// Answers with one DECIMAL of the call's result type per row, given unscaled; too many digits give NULL.
    pub(crate) fn decimals(&self, mut row: impl FnMut(usize) -> Option<i128>) -> Result<ColumnarValue> {
        let DataType::Decimal128(precision, scale) = *self.return_type() else {
            return internal_err!("a function without decimal result answers with decimals");
        };
        let limit = 10_i128.checked_pow(u32::from(precision)).unwrap_or(i128::MAX);
        let fits = |number: &i128| number.unsigned_abs() < limit.unsigned_abs();
        let array: Decimal128Array = (0..self.rows).map(|index| row(index).filter(fits)).collect();
        self.finish(Arc::new(array.with_precision_and_scale(precision, scale)?))
    }

    /// Answers with one boolean per row.
    pub(crate) fn truths(&self, row: impl FnMut(usize) -> Option<bool>) -> Result<ColumnarValue> {
        self.finish(Arc::new((0..self.rows).map(row).collect::<BooleanArray>()))
    }

    /// Answers with one text per row, which the closure writes into an empty buffer; `None` makes the row NULL.
    pub(crate) fn texts(&self, mut row: impl FnMut(usize, &mut String) -> Option<()>) -> Result<ColumnarValue> {
        let mut builder = StringViewBuilder::with_capacity(self.rows);
        let mut buffer = String::new();
        for index in 0..self.rows {
            buffer.clear();
            match row(index, &mut buffer) {
                Some(()) => builder.append_value(&buffer),
                None => builder.append_null(),
            }
        }
        self.finish(Arc::new(builder.finish()))
    }

    /// Answers with texts that are parts of an argument or constants; nothing is copied before the result.
    pub(crate) fn slices<'t>(&self, mut row: impl FnMut(usize) -> Option<&'t str>) -> Result<ColumnarValue> {
        let mut builder = StringViewBuilder::with_capacity(self.rows);
        for index in 0..self.rows {
            builder.append_option(row(index));
        }
        self.finish(Arc::new(builder.finish()))
    }
}
