//! How a scalar function is declared: one [`Def`] per function, turned into a DataFusion function by [`Def::build`].
//!
//! All functions share one signature rule: any argument types, brought to the few types Viewmill stores
//! ([`canonical`]); the kernels cast leniently. So a declaration needs a name, the number of arguments, the result type
//! and a kernel.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::call::Call;

/// SQL's DATETIME.
pub(crate) const DATETIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
/// SQL's DATE.
pub(crate) const DATE: DataType = DataType::Date32;
/// SQL's VARCHAR, as functions return it.
pub(crate) const TEXT: DataType = DataType::Utf8View;

/// What is known about the arguments when a call is planned.
pub(crate) struct Known<'a> {
    pub(crate) types: Vec<DataType>,
    scalars: &'a [Option<&'a ScalarValue>],
}

impl Known<'_> {
    /// The text of a constant string argument.
    pub(crate) fn text(&self, index: usize) -> Option<&str> {
        self.scalars.get(index).copied().flatten().and_then(|scalar| scalar.try_as_str().flatten())
    }

    /// The text of an argument that was written as a literal. Computed constants have the type our functions return,
    /// so this does not change when the optimiser computes an argument.
    pub(crate) fn literal(&self, index: usize) -> Option<&str> {
        match self.scalars.get(index).copied().flatten() {
            Some(ScalarValue::Utf8(text)) => text.as_deref(),
            _ => None,
        }
    }

    /// The value of a constant integer argument.
    pub(crate) fn int(&self, index: usize) -> Option<i64> {
        let scalar = self.scalars.get(index).copied().flatten()?;
        match scalar.cast_to(&DataType::Int64) {
            Ok(ScalarValue::Int64(value)) => value,
            _ => None,
        }
    }
}

/// The result type of a function.
pub(crate) enum Returns {
    Type(DataType),
    Of(fn(&Known) -> Result<DataType>),
}

pub(crate) type Kernel = fn(&Call) -> Result<ColumnarValue>;
pub(crate) type Simplify = fn(Vec<Expr>, &SimplifyContext) -> Result<ExprSimplifyResult>;
pub(crate) type Preimage = fn(&[Expr], &Expr, &SimplifyContext) -> Result<PreimageResult>;

/// The declaration of one scalar function.
pub(crate) struct Def {
    name: &'static str,
    aliases: Vec<String>,
    arity: RangeInclusive<usize>,
    returns: Returns,
    kernel: Kernel,
    signature: Signature,
    monotonic: Option<usize>,
    lazy: bool,
    simplify: Option<Simplify>,
    preimage: Option<Preimage>,
}

impl Def {
    /// A function whose result type does not depend on the arguments.
    pub(crate) fn new(name: &'static str, arity: RangeInclusive<usize>, returns: DataType, kernel: Kernel) -> Def {
        Def::returning(name, arity, Returns::Type(returns), kernel)
    }

    /// A function whose result type is computed from the arguments.
    pub(crate) fn of(
        name: &'static str,
        arity: RangeInclusive<usize>,
        returns: fn(&Known) -> Result<DataType>,
        kernel: Kernel,
    ) -> Def {
        Def::returning(name, arity, Returns::Of(returns), kernel)
    }

    fn returning(name: &'static str, arity: RangeInclusive<usize>, returns: Returns, kernel: Kernel) -> Def {
        Def {
            name,
            aliases: vec![],
            arity,
            returns,
            kernel,
            signature: Signature::user_defined(Volatility::Immutable),
            monotonic: None,
            lazy: false,
            simplify: None,
            preimage: None,
        }
    }

    pub(crate) fn aliases(mut self, aliases: &[&str]) -> Def {
        self.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        self
    }

    /// Every row gets its own value even for constant arguments.
    pub(crate) fn volatile(mut self) -> Def {
        self.signature = Signature::user_defined(Volatility::Volatile);
        self
    }

    /// The result never decreases while the argument grows and the others are constant; holds for DATE and DATETIME
    /// arguments, whose order is the order of their values.
    pub(crate) fn monotonic(mut self, argument: usize) -> Def {
        self.monotonic = Some(argument);
        self
    }

    /// Rewrites a call into an expression that the optimiser knows.
    pub(crate) fn simplify(mut self, simplify: Simplify) -> Def {
        self.simplify = Some(simplify);
        self
    }

    /// Arguments after the first are not always evaluated.
    pub(crate) fn lazy(mut self) -> Def {
        self.lazy = true;
        self
    }

    /// The range of the argument for which the result is a given constant, so that filters on the result prune files.
    pub(crate) fn preimage(mut self, preimage: Preimage) -> Def {
        self.preimage = Some(preimage);
        self
    }

    pub(crate) fn build(self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(self))
    }
}

/// The type in which arguments of a type reach the kernels.
pub(crate) fn canonical(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, value) => canonical(value),
        DataType::Timestamp(_, _) => DATETIME,
        DataType::Date64 => DATE,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other => other.clone(),
    }
}

/// Whether a type is one of the three string types.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

// Functions are found by name, so the name is their identity.
impl PartialEq for Def {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Def {}

impl Hash for Def {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Def {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.name)
    }
}

impl ScalarUDFImpl for Def {
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
        if !self.arity.contains(&types.len()) {
            let types: Vec<String> = types.iter().map(|data_type| data_type.to_string().to_lowercase()).collect();
            return plan_err!("no matching function with signature: {}({})", self.name, types.join(", "));
        }
        Ok(types.iter().map(canonical).collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let scalars = vec![None; types.len()];
        match &self.returns {
            Returns::Type(data_type) => Ok(data_type.clone()),
            Returns::Of(compute) => compute(&Known { types: types.to_vec(), scalars: &scalars }),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let data_type = match &self.returns {
            Returns::Type(data_type) => data_type.clone(),
            Returns::Of(compute) => {
                let types = args.arg_fields.iter().map(|field| canonical(field.data_type())).collect();
                compute(&Known { types, scalars: args.scalar_arguments })?
            }
        };
        Ok(Arc::new(Field::new(self.name, data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let per_row = self.signature.volatility == Volatility::Volatile;
        (self.kernel)(&Call::new(&args, per_row))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match self.simplify {
            Some(simplify) => simplify(args, info),
            None => Ok(ExprSimplifyResult::Original(args)),
        }
    }

    fn preimage(&self, args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
        match self.preimage {
            Some(preimage) => preimage(args, literal, info),
            None => Ok(PreimageResult::None),
        }
    }

    fn short_circuits(&self) -> bool {
        self.lazy
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        if !self.lazy {
            return None;
        }
        let (first, rest) = args.split_first()?;
        Some((vec![first], rest.iter().collect()))
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        let Some(argument) = self.monotonic else {
            return Ok(SortProperties::Unordered);
        };
        let others_constant = inputs
            .iter()
            .enumerate()
            .all(|(index, input)| index == argument || input.sort_properties == SortProperties::Singleton);
        match inputs.get(argument) {
            Some(input) if others_constant && is_temporal(&input.range.data_type()) => Ok(input.sort_properties),
            _ => Ok(SortProperties::Unordered),
        }
    }
}

fn is_temporal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(_, _))
}
