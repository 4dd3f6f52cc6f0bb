//! The analyzer rule that runs before DataFusion's type coercion: conversions that are no binary operators.
//!
//! IN, BETWEEN, LIKE, CASE, CAST, conditions, join keys and UNION are brought to MySQL's types; the markers that stood for
//! them during planning disappear. Afterwards DataFusion's own coercion finds nothing left that it would cast strictly.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::expr::{InList, InSubquery, Like, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Between, Case, Expr, ExprSchemable, LogicalPlan, Operator, Projection, Union, binary_expr, lit,
};
use datafusion::optimizer::AnalyzerRule;

use super::compare::{compare, is_comparison};
use super::conversion::Typed;
use super::kernel::Kernels;
use super::kind::{self, Kind};
use super::marker;
use super::operator::expr_planners;
use super::predicate_subquery::PredicateSubqueries;
use super::types::type_planner;

/// The rules to run before DataFusion's analyzer rules.
pub fn analyzer_rules(kernels: &Kernels) -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    vec![Arc::new(PredicateSubqueries), Arc::new(Coercion { kernels: kernels.clone() })]
}

/// Gives a session these semantics: operators, type names, coercion and the functions behind them.
///
/// The function library itself is registered by the caller, after this.
#[must_use]
pub fn install(mut builder: SessionStateBuilder, kernels: &Kernels) -> SessionStateBuilder {
    let mut planners = expr_planners(kernels);
    planners.extend(builder.expr_planners().take().unwrap_or_default());
    let mut rules = analyzer_rules(kernels);
    rules.extend(builder.analyzer().take().unwrap_or_default().rules);
    let mut scalars = builder.scalar_functions().take().unwrap_or_default();
    scalars.extend(marker::functions());
    builder
        .with_expr_planners(planners)
        .with_type_planner(type_planner())
        .with_analyzer_rules(rules)
        .with_scalar_functions(scalars)
}

/// Does to a planned expression that is in no plan what the analyzer rule does to plans.
pub fn finish_expr(expr: Expr, schema: &DFSchema, kernels: &Kernels) -> Result<Expr> {
    Rewrite { kernels, schema }.tree(expr)
}

#[derive(Debug)]
struct Coercion {
    kernels: Kernels,
}

impl AnalyzerRule for Coercion {
    fn name(&self) -> &str {
        "mysql_coercion"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| self.node(plan).map(Transformed::yes)).map(|done| done.data)
    }
}

impl Coercion {
    fn node(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let mut schema = merge_schema(&plan.inputs());
        if let LogicalPlan::TableScan(scan) = &plan {
            schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
        }
        let rewrite = Rewrite { kernels: &self.kernels, schema: &schema };
        let names = NamePreserver::new(&plan);
        let plan = plan
            .map_expressions(|expr| {
                let name = names.save(&expr);
                rewrite.tree(expr).map(|expr| Transformed::yes(name.restore(expr)))
            })?
            .data;
        match plan {
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Join(mut join) => {
                let on = std::mem::take(&mut join.on);
                join.on = on.into_iter().map(|(l, r)| rewrite.join_key(l, r)).collect::<Result<_>>()?;
                LogicalPlan::Join(join).recompute_schema()
            }
            other => other.recompute_schema(),
        }
    }

    /// Brings the inputs of a UNION to the types that their columns have in common.
    fn union(&self, union: Union) -> Result<LogicalPlan> {
        let columns = union.schema.fields().len();
        let common: Vec<DataType> = (0..columns)
            .map(|i| {
                kind::unify(
                    union.inputs.iter().filter_map(|input| input.schema().fields().get(i)).map(|f| f.data_type()),
                )
            })
            .collect();
        let mut inputs = Vec::with_capacity(union.inputs.len());
        for input in union.inputs {
            inputs.push(self.cast_columns(input, &common)?);
        }
        Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))
    }

    fn cast_columns(&self, input: Arc<LogicalPlan>, types: &[DataType]) -> Result<Arc<LogicalPlan>> {
        let schema = Arc::clone(input.schema());
        if schema.fields().iter().zip(types).all(|(field, wanted)| field.data_type() == wanted) {
            return Ok(input);
        }
        let exprs = schema
            .iter()
            .zip(types)
            .map(|((qualifier, field), wanted)| {
                let column = Expr::from((qualifier, field));
                if field.data_type() == wanted {
                    return column;
                }
                let typed = Typed { expr: column, data_type: field.data_type().clone() };
                typed.cast(wanted, &self.kernels).alias_qualified(qualifier.cloned(), field.name())
            })
            .collect();
        Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, input)?)))
    }
}

struct Rewrite<'a> {
    kernels: &'a Kernels,
    schema: &'a DFSchema,
}

impl Rewrite<'_> {
    fn tree(&self, expr: Expr) -> Result<Expr> {
        expr.transform_up(|expr| self.one(expr).map(Transformed::yes)).map(|done| done.data)
    }

    /// An expression whose operands are rewritten.
    fn one(&self, expr: Expr) -> Result<Expr> {
        Ok(match expr {
            Expr::BinaryExpr(binary) if is_comparison(binary.op) => {
                compare(self.kernels, self.typed(*binary.left)?, binary.op, self.typed(*binary.right)?)
            }
            Expr::ScalarFunction(call) => self.call(call)?,
            Expr::InList(list) => self.in_list(list)?,
            Expr::Between(between) => self.between(between)?,
            Expr::Like(like) => self.like(like)?,
            Expr::Case(case) if case.expr.is_none() => self.case(case)?,
            Expr::InSubquery(question) => self.in_subquery(question)?,
            Expr::TryCast(cast) => {
                let target = cast.field.data_type().clone();
                self.typed(*cast.expr)?.cast(&target, self.kernels)
            }
            Expr::Not(inner) => Expr::Not(Box::new(self.truth(*inner)?)),
            // Not DataFusion's IS TRUE: its logical and its physical form disagree on whether it can be NULL.
            Expr::IsTrue(inner) => self.is(*inner, Operator::IsNotDistinctFrom, true)?,
            Expr::IsNotTrue(inner) => self.is(*inner, Operator::IsDistinctFrom, true)?,
            Expr::IsFalse(inner) => self.is(*inner, Operator::IsNotDistinctFrom, false)?,
            Expr::IsNotFalse(inner) => self.is(*inner, Operator::IsDistinctFrom, false)?,
            Expr::IsUnknown(inner) => Expr::IsUnknown(Box::new(self.truth(*inner)?)),
            Expr::IsNotUnknown(inner) => Expr::IsNotUnknown(Box::new(self.truth(*inner)?)),
            other => other,
        })
    }

    fn typed(&self, expr: Expr) -> Result<Typed> {
        let data_type = expr.get_type(self.schema)?;
        Ok(Typed::new(expr, data_type))
    }

    fn truth(&self, expr: Expr) -> Result<Expr> {
        Ok(self.typed(expr)?.truth(self.kernels))
    }

    fn is(&self, expr: Expr, op: Operator, truth: bool) -> Result<Expr> {
        Ok(binary_expr(self.truth(expr)?, op, lit(truth)))
    }

    fn call(&self, mut call: ScalarFunction) -> Result<Expr> {
        let name = call.func.name();
        if name == marker::CASE {
            return self.case_from_marker(call.args);
        }
        if name == marker::CAST && call.args.len() == 1 {
            return Ok(call.args.remove(0));
        }
        if call.args.len() == 1 && (name == marker::NUMERIC || name == self.kernels.not_zero.name()) {
            let numeric = name == marker::NUMERIC;
            if let Some(arg) = call.args.pop() {
                let arg = self.typed(arg)?;
                return Ok(if numeric { arg.number(self.kernels).expr } else { arg.truth(self.kernels) });
            }
        }
        Ok(Expr::ScalarFunction(call))
    }

    fn case_from_marker(&self, args: Vec<Expr>) -> Result<Expr> {
        let mut when_then = Vec::with_capacity(args.len() / 2);
        let mut otherwise = None;
        let mut args = args.into_iter();
        while let Some(first) = args.next() {
            match args.next() {
                Some(result) => when_then.push((Box::new(first), Box::new(result))),
                None => otherwise = Some(Box::new(first)),
            }
        }
        self.case(Case::new(None, when_then, otherwise))
    }

    fn case(&self, case: Case) -> Result<Expr> {
        let mut types = Vec::new();
        for result in case.when_then_expr.iter().map(|(_, result)| result).chain(&case.else_expr) {
            types.push(result.get_type(self.schema)?);
        }
        let common = kind::unify(types.iter());
        let result =
            |expr: Expr| Ok::<_, datafusion::error::DataFusionError>(self.typed(expr)?.cast(&common, self.kernels));
        let mut when_then = Vec::with_capacity(case.when_then_expr.len());
        for (when, then) in case.when_then_expr {
            when_then.push((Box::new(self.truth(*when)?), Box::new(result(*then)?)));
        }
        let otherwise = case.else_expr.map(|expr| result(*expr).map(Box::new)).transpose()?;
        Ok(Expr::Case(Case::new(None, when_then, otherwise)))
    }

    fn between(&self, between: Between) -> Result<Expr> {
        let low =
            compare(self.kernels, self.typed((*between.expr).clone())?, Operator::GtEq, self.typed(*between.low)?);
        let high = compare(self.kernels, self.typed(*between.expr)?, Operator::LtEq, self.typed(*between.high)?);
        let both = low.and(high);
        Ok(if between.negated { Expr::Not(Box::new(both)) } else { both })
    }

    /// A list of constants stays a list if all can be compared with one form of the left side.
    fn in_list(&self, list: InList) -> Result<Expr> {
        let left = self.typed(*list.expr)?;
        let mut items = Vec::with_capacity(list.list.len());
        for item in list.list {
            items.push(self.typed(item)?);
        }
        let same = |item: &Typed| item.kind() == left.kind() && item.kind() != Kind::Date || item.kind() == Kind::Null;
        if items.iter().all(same) {
            let items = items.into_iter().map(|item| item.expr).collect();
            return Ok(Expr::InList(InList::new(Box::new(left.expr), items, list.negated)));
        }
        let compared: Vec<Expr> =
            items.into_iter().map(|item| compare(self.kernels, left.clone(), Operator::Eq, item)).collect();
        if let Some((left, items)) = common_left(&compared) {
            return Ok(Expr::InList(InList::new(Box::new(left), items, list.negated)));
        }
        let any = balanced_or(compared);
        Ok(if list.negated { Expr::Not(Box::new(any)) } else { any })
    }

    fn like(&self, mut like: Like) -> Result<Expr> {
        for side in [&mut like.expr, &mut like.pattern] {
            let typed = self.typed(std::mem::replace(side.as_mut(), lit(ScalarValue::Null)))?;
            **side = match typed.kind() {
                Kind::Text | Kind::Null => typed.expr,
                _ => typed.text(self.kernels),
            };
        }
        Ok(Expr::Like(like))
    }

    fn in_subquery(&self, mut question: InSubquery) -> Result<Expr> {
        let left = self.typed(*question.expr)?;
        let plan = Arc::clone(&question.subquery.subquery);
        let Some((qualifier, field)) = plan.schema().iter().next() else {
            question.expr = Box::new(left.expr);
            return Ok(Expr::InSubquery(question));
        };
        let right = Typed { expr: Expr::from((qualifier, field)), data_type: field.data_type().clone() };
        if left.data_type == right.data_type {
            question.expr = Box::new(left.expr);
            return Ok(Expr::InSubquery(question));
        }
        let (left, right) = match comparison_coercion(&left.data_type, &right.data_type) {
            Some(common) if !differ(&left, &right) => (left.native(&common), right.native(&common)),
            _ => self.comparable(left, right),
        };
        question.expr = Box::new(left);
        // A name of its own: the column may be asked for beside its cast.
        let projection = Projection::try_new(vec![right.alias("vm_value")], plan)?;
        question.subquery.subquery = Arc::new(LogicalPlan::Projection(projection));
        Ok(Expr::InSubquery(question))
    }

    fn join_key(&self, left: Expr, right: Expr) -> Result<(Expr, Expr)> {
        let (left, right) = (self.typed(left)?, self.typed(right)?);
        Ok(if differ(&left, &right) { self.comparable(left, right) } else { (left.expr, right.expr) })
    }

    /// Two values of different kinds in the type in which they are compared.
    fn comparable(&self, left: Typed, right: Typed) -> (Expr, Expr) {
        let kernels = self.kernels;
        let (a, b) = (left.kind(), right.kind());
        let text = a == Kind::Text || b == Kind::Text;
        match (text, a.is_temporal() || b.is_temporal()) {
            (_, true) if text || a.is_temporal() && b.is_temporal() => {
                (left.datetime(kernels), right.datetime(kernels))
            }
            (true, _) => (left.double(kernels), right.double(kernels)),
            _ if a == Kind::Float || b == Kind::Float => (left.double(kernels), right.double(kernels)),
            _ => (left.bigint(kernels), right.bigint(kernels)),
        }
    }
}

/// Whether DataFusion would not compare the two as MySQL does.
fn differ(left: &Typed, right: &Typed) -> bool {
    use Kind as K;
    match (left.kind(), right.kind()) {
        (a, b) if a == b => false,
        (K::Null | K::Other, _) | (_, K::Null | K::Other) => false,
        (K::Int, K::Decimal) | (K::Decimal, K::Int) | (K::Int, K::Float) | (K::Float, K::Int) => false,
        _ => true,
    }
}

/// `x = 1`, `x = 2` as `x` and `[1, 2]`, if all compare the same expression with a literal.
fn common_left(compared: &[Expr]) -> Option<(Expr, Vec<Expr>)> {
    let mut common: Option<&Expr> = None;
    let mut items = Vec::with_capacity(compared.len());
    for expr in compared {
        let Expr::BinaryExpr(binary) = expr else { return None };
        if binary.op != Operator::Eq || !matches!(*binary.right, Expr::Literal(..)) {
            return None;
        }
        if common.is_some_and(|left| *left != *binary.left) {
            return None;
        }
        common = Some(&binary.left);
        items.push((*binary.right).clone());
    }
    common.map(|left| (left.clone(), items))
}

fn balanced_or(mut exprs: Vec<Expr>) -> Expr {
    while exprs.len() > 1 {
        let mut rest = exprs.into_iter();
        let mut pairs = Vec::new();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => binary_expr(left, Operator::Or, right),
                None => left,
            });
        }
        exprs = pairs;
    }
    exprs.pop().unwrap_or_else(|| lit(false))
}
