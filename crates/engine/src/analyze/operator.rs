//! Plans binary operators with MySQL's implicit conversions, when the types of both sides are known.

use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::{Column, DFSchema, Result, TableReference};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, binary_expr};
use datafusion::sql::sqlparser::ast::BinaryOperator as Sql;

use super::arithmetic::{Arithmetic, arithmetic, bits};
use super::compare::{compare, is_comparison};
use super::conversion::Typed;
use super::kernel::Kernels;
use super::kind::Kind;

/// The planners to put in front of DataFusion's.
pub fn expr_planners(kernels: &Kernels) -> Vec<Arc<dyn ExprPlanner>> {
    vec![Arc::new(Operators { kernels: kernels.clone() })]
}

#[derive(Debug)]
struct Operators {
    kernels: Kernels,
}

enum Meaning {
    Compare(Operator),
    Compute(Arithmetic),
    Bits(Operator),
    Logic(Operator),
    Xor,
}

fn meaning(op: &Sql) -> Option<Meaning> {
    use Meaning as M;
    Some(match op {
        Sql::Eq => M::Compare(Operator::Eq),
        Sql::NotEq => M::Compare(Operator::NotEq),
        Sql::Lt => M::Compare(Operator::Lt),
        Sql::LtEq => M::Compare(Operator::LtEq),
        Sql::Gt => M::Compare(Operator::Gt),
        Sql::GtEq => M::Compare(Operator::GtEq),
        Sql::Spaceship => M::Compare(Operator::IsNotDistinctFrom),
        Sql::Plus => M::Compute(Arithmetic::Add),
        Sql::Minus => M::Compute(Arithmetic::Subtract),
        Sql::Multiply => M::Compute(Arithmetic::Multiply),
        Sql::Divide => M::Compute(Arithmetic::Divide),
        Sql::MyIntegerDivide => M::Compute(Arithmetic::IntDivide),
        Sql::Modulo => M::Compute(Arithmetic::Modulo),
        Sql::BitwiseAnd => M::Bits(Operator::BitwiseAnd),
        Sql::BitwiseOr => M::Bits(Operator::BitwiseOr),
        Sql::BitwiseXor | Sql::PGExp => M::Bits(Operator::BitwiseXor),
        Sql::PGBitwiseShiftLeft => M::Bits(Operator::BitwiseShiftLeft),
        Sql::PGBitwiseShiftRight => M::Bits(Operator::BitwiseShiftRight),
        Sql::And => M::Logic(Operator::And),
        Sql::Or | Sql::StringConcat => M::Logic(Operator::Or),
        Sql::Xor => M::Xor,
        _ => return None,
    })
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, raw: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let Some(meaning) = meaning(&raw.op) else { return Ok(PlannerResult::Original(raw)) };
        let kernels = &self.kernels;
        let planned = match meaning {
            Meaning::Logic(op) => {
                binary_expr(condition(raw.left, schema, kernels)?, op, condition(raw.right, schema, kernels)?)
            }
            Meaning::Xor => binary_expr(
                condition(raw.left, schema, kernels)?,
                Operator::NotEq,
                condition(raw.right, schema, kernels)?,
            ),
            Meaning::Compare(op) => compare(kernels, typed(raw.left, schema)?, op, typed(raw.right, schema)?),
            Meaning::Bits(op) => bits(kernels, typed(raw.left, schema)?, op, typed(raw.right, schema)?),
            Meaning::Compute(op) => {
                let (left, right) = (typed(raw.left, schema)?, typed(raw.right, schema)?);
                // Intervals, times and nested values keep DataFusion's arithmetic.
                if left.kind() == Kind::Other || right.kind() == Kind::Other {
                    return Ok(PlannerResult::Original(RawBinaryExpr {
                        left: left.expr,
                        op: raw.op,
                        right: right.expr,
                    }));
                }
                arithmetic(kernels, left, op, right)
            }
        };
        Ok(PlannerResult::Planned(planned))
    }

    /// `a.b` where `a` is a column without fields means a table `a`, so that the error says what is unknown.
    fn plan_compound_identifier(
        &self,
        field: &Field,
        _qualifier: Option<&TableReference>,
        nested_names: &[String],
    ) -> Result<PlannerResult<Vec<Expr>>> {
        if field.data_type().is_nested() {
            return Ok(PlannerResult::Original(vec![]));
        }
        let column = Column::new(Some(TableReference::bare(field.name().as_str())), nested_names.join("."));
        Ok(PlannerResult::Planned(Expr::Column(column)))
    }
}

fn typed(expr: Expr, schema: &DFSchema) -> Result<Typed> {
    let data_type = expr.get_type(schema)?;
    Ok(Typed::new(expr, data_type))
}

fn condition(expr: Expr, schema: &DFSchema, kernels: &Kernels) -> Result<Expr> {
    if is_condition(&expr) {
        return Ok(expr);
    }
    Ok(typed(expr, schema)?.truth(kernels))
}

/// Boolean by its form; saves asking long chains for their type at every level.
fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => is_comparison(binary.op) || binary.op.is_logic_operator(),
        Expr::Not(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::InList(_)
        | Expr::Between(_)
        | Expr::Like(_)
        | Expr::Exists(_)
        | Expr::InSubquery(_) => true,
        _ => false,
    }
}
