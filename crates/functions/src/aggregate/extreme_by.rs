//! `max_by(x, y)` and `min_by(x, y)`: the x of the row with the largest or smallest y. Rows without y do not count.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, make_comparator};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

use crate::define::canonical;

pub(super) fn functions() -> Vec<Arc<AggregateUDF>> {
    let function = |name, wanted| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(ExtremeBy { name, wanted, signature }))
    };
    vec![function("max_by", Ordering::Greater), function("min_by", Ordering::Less)]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExtremeBy {
    name: &'static str,
    /// How a better key compares with the best so far.
    wanted: Ordering,
    signature: Signature,
}

impl AggregateUDFImpl for ExtremeBy {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [value, key] => Ok(vec![canonical(value), canonical(key)]),
            _ => plan_err!("{} takes a value and the key to compare", self.name),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types[0].clone())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |name, index: usize| {
            let data_type = args.input_fields[index].data_type().clone();
            Arc::new(Field::new(format_state_name(args.name, name), data_type, true)) as FieldRef
        };
        Ok(vec![field("value", 0), field("key", 1)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Best {
            wanted: self.wanted,
            value: ScalarValue::try_from(args.expr_fields[0].data_type())?,
            key: ScalarValue::try_from(args.expr_fields[1].data_type())?,
        }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The best row so far; without one the key is NULL.
#[derive(Debug)]
struct Best {
    wanted: Ordering,
    value: ScalarValue,
    key: ScalarValue,
}

impl Best {
    /// The row with the best key of a batch.
    fn best_row(&self, keys: &ArrayRef) -> Result<Option<usize>> {
        let compare = make_comparator(keys, keys, SortOptions::default())?;
        let known = (0..keys.len()).filter(|row| keys.is_valid(*row));
        Ok(known.reduce(|best, row| if compare(row, best) == self.wanted { row } else { best }))
    }
}

impl Accumulator for Best {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, keys] = values else {
            return plan_err!("a value and a key are expected");
        };
        let Some(row) = self.best_row(keys)? else {
            return Ok(());
        };
        let key = ScalarValue::try_from_array(keys, row)?;
        if self.key.is_null() || key.try_cmp(&self.key)? == self.wanted {
            self.value = ScalarValue::try_from_array(values, row)?;
            self.value.compact();
            self.key = key;
            self.key.compact();
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size() + self.key.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), self.key.clone()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
