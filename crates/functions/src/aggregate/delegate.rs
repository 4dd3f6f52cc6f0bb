//! One of DataFusion's aggregates under another name, with lenient arguments and another result type.
//!
//! Arguments are converted batch by batch before the inner function sees them ([`Delegate::accepts`]), so that
//! `avg(varchar_column)` works and texts that are no numbers count as NULL. Partial states are the inner function's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DECIMAL128_MAX_SCALE, DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Operator, ReversedUDAF, Signature,
    Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;
use datafusion::scalar::ScalarValue;

use crate::define::canonical;

/// Converts the first argument of a batch to what the inner function takes.
pub(super) type Convert = fn(&ArrayRef) -> Result<ArrayRef>;

/// The declaration of a delegating aggregate.
pub(super) struct Delegate {
    name: &'static str,
    aliases: Vec<String>,
    signature: Signature,
    inner: Arc<AggregateUDF>,
    /// The types of the arguments after the first, and how many of them may be left out.
    rest: Vec<DataType>,
    optional: usize,
    /// The type in which the inner function gets a first argument of a type.
    accepts: fn(&DataType) -> DataType,
    convert: Convert,
    returns: fn(&DataType) -> Option<DataType>,
    default: Option<ScalarValue>,
    order: AggregateOrderSensitivity,
    /// Digits that the inner function computes beyond a decimal result, for it cuts where SQL rounds.
    guard_digits: i8,
}

impl Delegate {
    /// A delegate of one argument that is passed on unchanged.
    pub(super) fn new(name: &'static str, inner: Arc<AggregateUDF>) -> Delegate {
        Delegate {
            name,
            aliases: vec![],
            signature: Signature::user_defined(Volatility::Immutable),
            inner,
            rest: vec![],
            optional: 0,
            accepts: DataType::clone,
            convert: |array| Ok(Arc::clone(array)),
            returns: |_| None,
            default: None,
            order: AggregateOrderSensitivity::Insensitive,
            guard_digits: 0,
        }
    }

    pub(super) fn aliases(mut self, aliases: &[&str]) -> Delegate {
        self.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        self
    }

    /// Converts the first argument to `accepts(type)` where that is another type.
    pub(super) fn accepts(mut self, accepts: fn(&DataType) -> DataType, convert: Convert) -> Delegate {
        self.accepts = accepts;
        self.convert = convert;
        self
    }

    /// The result type for an accepted argument type; `None` keeps the inner function's.
    pub(super) fn returns(mut self, returns: fn(&DataType) -> Option<DataType>) -> Delegate {
        self.returns = returns;
        self
    }

    /// Rounds a decimal result half away from zero where the inner function cuts it.
    pub(super) fn rounded(mut self) -> Delegate {
        self.guard_digits = 1;
        self
    }

    /// The result depends on the order of the rows.
    pub(super) fn ordered(mut self) -> Delegate {
        self.order = AggregateOrderSensitivity::HardRequirement;
        self
    }

    /// Constant arguments after the first, of which the last `optional` may be left out.
    pub(super) fn rest(mut self, types: &[DataType], optional: usize) -> Delegate {
        self.rest = types.to_vec();
        self.optional = optional;
        self
    }

    /// What the inner function gets for a second argument that is left out.
    pub(super) fn default(mut self, default: ScalarValue) -> Delegate {
        self.default = Some(default);
        self
    }

    /// The default of the second argument where it is left out.
    fn missing(&self, arguments: usize) -> Option<&ScalarValue> {
        self.default.as_ref().filter(|_| arguments < 2)
    }

    pub(super) fn build(self) -> Arc<AggregateUDF> {
        Arc::new(AggregateUDF::new_from_impl(self))
    }

    /// The types of the inner function's arguments.
    fn inner_types(&self, types: &[DataType]) -> Vec<DataType> {
        let mut types: Vec<DataType> = types.iter().map(canonical).collect();
        types[0] = (self.accepts)(&types[0]);
        types.extend(self.missing(types.len()).map(ScalarValue::data_type));
        types
    }

    fn result_type(&self, inner_types: &[DataType]) -> Result<DataType> {
        match (self.returns)(&inner_types[0]) {
            Some(data_type) => Ok(data_type),
            None => self.inner_result(inner_types),
        }
    }

    fn inner_result(&self, inner_types: &[DataType]) -> Result<DataType> {
        let fields: Vec<FieldRef> = inner_types
            .iter()
            .map(|data_type| Arc::new(Field::new("argument", data_type.clone(), true)) as _)
            .collect();
        Ok(self.inner.return_field(&fields)?.data_type().clone())
    }

    /// The type the inner function computes: a decimal in the wanted precision, anything else as it likes.
    fn computed_type(&self, inner_types: &[DataType]) -> Result<DataType> {
        match (self.returns)(&inner_types[0]) {
            Some(DataType::Decimal128(precision, scale)) => {
                Ok(DataType::Decimal128(precision, (scale + self.guard_digits).min(DECIMAL128_MAX_SCALE)))
            }
            _ => self.inner_result(inner_types),
        }
    }

    /// Runs `create` with the arguments as the inner function expects them.
    fn inner_args<T>(&self, args: &AccumulatorArgs, create: impl FnOnce(AccumulatorArgs) -> Result<T>) -> Result<T> {
        let mut exprs: Vec<Arc<dyn PhysicalExpr>> = args.exprs.to_vec();
        let types: Vec<DataType> = args.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let inner_types = self.inner_types(&types);
        let mut fields: Vec<FieldRef> = args.expr_fields.to_vec();
        fields[0] = Arc::new(fields[0].as_ref().clone().with_data_type(inner_types[0].clone()).with_nullable(true));
        if let Some(default) = self.missing(exprs.len()) {
            exprs.push(Arc::new(Literal::new(default.clone())));
            fields.push(Arc::new(Field::new("default", default.data_type(), true)));
        }
        create(AccumulatorArgs {
            return_field: Arc::new(Field::new(args.name, self.computed_type(&inner_types)?, true)),
            schema: args.schema,
            ignore_nulls: args.ignore_nulls,
            order_bys: args.order_bys,
            is_reversed: args.is_reversed,
            name: args.name,
            is_distinct: args.is_distinct,
            exprs: &exprs,
            expr_fields: &fields,
        })
    }

    fn conversion(&self, args: &AccumulatorArgs) -> Conversion {
        let given = args.expr_fields[0].data_type();
        Conversion {
            convert: ((self.accepts)(given) != *given).then_some(self.convert),
            missing: self.missing(args.exprs.len()).cloned(),
            result: args.return_field.data_type().clone(),
        }
    }
}

impl PartialEq for Delegate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Delegate {}

impl Hash for Delegate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Delegate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aggregate({})", self.name)
    }
}

impl AggregateUDFImpl for Delegate {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let all = 1 + self.rest.len();
        if !(all - self.optional..=all).contains(&types.len()) {
            let types: Vec<String> = types.iter().map(|data_type| data_type.to_string().to_lowercase()).collect();
            return plan_err!("no matching function with signature: {}({})", self.name, types.join(", "));
        }
        let rest = self.rest.iter().take(types.len() - 1).cloned();
        Ok(std::iter::once(canonical(&types[0])).chain(rest).collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.result_type(&self.inner_types(types))
    }

    fn is_nullable(&self) -> bool {
        self.inner.is_nullable()
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let inner = self.inner_args(&args, |inner| self.inner.accumulator(inner))?;
        Ok(Box::new(Converted { inner, conversion: self.conversion(&args) }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let inner = self.inner_args(&args, |inner| self.inner.create_sliding_accumulator(inner))?;
        Ok(Box::new(Converted { inner, conversion: self.conversion(&args) }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let types: Vec<DataType> = args.input_fields.iter().map(|field| field.data_type().clone()).collect();
        let inner_types = self.inner_types(&types);
        let fields: Vec<FieldRef> = inner_types
            .iter()
            .map(|data_type| Arc::new(Field::new(args.name, data_type.clone(), true)) as FieldRef)
            .collect();
        self.inner.state_fields(StateFieldsArgs {
            name: args.name,
            input_fields: &fields,
            return_field: Arc::new(Field::new(args.name, self.computed_type(&inner_types)?, true)),
            ordering_fields: args.ordering_fields,
            is_distinct: args.is_distinct,
        })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner_args(&args, |inner| Ok(self.inner.groups_accumulator_supported(inner))).unwrap_or(false)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let inner = self.inner_args(&args, |inner| self.inner.create_groups_accumulator(inner))?;
        Ok(Box::new(Converted { inner, conversion: self.conversion(&args) }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.order
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.inner.reverse_udf() {
            ReversedUDAF::Identical => ReversedUDAF::Identical,
            _ => ReversedUDAF::NotSupported,
        }
    }

    fn simplify_expr_op_literal(
        &self,
        function: &AggregateFunction,
        arg: &Expr,
        op: Operator,
        literal: &Expr,
        arg_is_left: bool,
    ) -> Result<Option<Expr>> {
        // Only integers keep their type in the inner function's rewrite.
        match literal {
            Expr::Literal(scalar, _) if scalar.data_type().is_integer() => {
                self.inner.simplify_expr_op_literal(function, arg, op, literal, arg_is_left)
            }
            _ => Ok(None),
        }
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.inner.default_value(data_type)?.cast_to(data_type)
    }
}

/// What happens to a batch before, and to a result after, the inner function.
#[derive(Debug)]
struct Conversion {
    convert: Option<Convert>,
    missing: Option<ScalarValue>,
    result: DataType,
}

impl Conversion {
    fn arguments(&self, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let mut values = values.to_vec();
        if let Some(convert) = self.convert {
            values[0] = convert(&values[0])?;
        }
        if let Some(missing) = &self.missing {
            values.insert(1, missing.to_array_of_size(values[0].len())?);
        }
        Ok(values)
    }
}

/// An accumulator of the inner function between the conversions.
#[derive(Debug)]
struct Converted<A> {
    inner: A,
    conversion: Conversion,
}

impl Accumulator for Converted<Box<dyn Accumulator>> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&self.conversion.arguments(values)?)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.inner.evaluate()?.cast_to(&self.conversion.result)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&self.conversion.arguments(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

impl GroupsAccumulator for Converted<Box<dyn GroupsAccumulator>> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.inner.update_batch(&self.conversion.arguments(values)?, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let result = self.inner.evaluate(emit_to)?;
        if *result.data_type() == self.conversion.result {
            return Ok(result);
        }
        Ok(cast(&result, &self.conversion.result)?)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], groups: usize) -> Result<()> {
        self.inner.merge_batch(values, group_indices, groups)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(&self.conversion.arguments(values)?, filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}
