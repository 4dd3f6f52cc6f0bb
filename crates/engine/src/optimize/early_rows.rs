//! Lets scans drop rows by the keys of a join, before they are decoded, sent around and looked up.
//!
//! A hash join knows its build side's keys before it reads the other side, and DataFusion hands them to the scans there as
//! a dynamic filter. Scans use it to skip row groups only, unless they evaluate filters row by row while they decode. That
//! pays off where few rows match and costs where most do, so it is chosen for each scan: below a join whose build side
//! keeps a small part of its rows.

use crate::table::native_source::NativeSource;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use std::sync::Arc;

/// The part of its rows that a filter of a selective build side keeps at most, as far as it can be estimated.
const KEPT_MAX: f64 = 0.35;

#[derive(Debug)]
pub(super) struct EarlyRows;

impl PhysicalOptimizerRule for EarlyRows {
    fn name(&self) -> &'static str {
        "early_rows"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        below(plan, false)
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The plan with its scans switched; `selective` if a join above hands down the keys of a selective build side.
fn below(plan: Arc<dyn ExecutionPlan>, selective: bool) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        return Ok(if selective { early(scan).unwrap_or(plan) } else { plan });
    }
    let build_is_selective = match plan.downcast_ref::<HashJoinExec>() {
        Some(join) => is_selective(join.left())?,
        None => false,
    };
    let mut children = Vec::new();
    for (i, child) in plan.children().into_iter().enumerate() {
        let is_probe = i == 1;
        children.push(below(Arc::clone(child), selective || (is_probe && build_is_selective))?);
    }
    if children.is_empty() {
        return Ok(plan);
    }
    plan.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep))
}

/// Whether a filter in the plan keeps a small part of its rows.
fn is_selective(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let mut found = false;
    plan.apply(|node| {
        if let Some(filter) = node.downcast_ref::<FilterExec>() {
            let (after, before) = (rows(node)?, rows(filter.input())?);
            found |= match (after, before) {
                (Some(after), Some(before)) => after as f64 <= KEPT_MAX * before as f64,
                // A filter on aggregates is rarely there to keep most of them.
                _ => true,
            };
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

fn rows(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<usize>> {
    Ok(match StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new())?.num_rows {
        Precision::Exact(rows) | Precision::Inexact(rows) => Some(rows),
        Precision::Absent => None,
    })
}

/// The scan with filters evaluated row by row, if it has a dynamic one.
fn early(scan: &DataSourceExec) -> Option<Arc<dyn ExecutionPlan>> {
    let (config, source) = NativeSource::of(scan)?;
    if !is_dynamic(&source.filter()?) {
        return None;
    }
    let source = Arc::new(source.with_early_rows());
    let config = FileScanConfigBuilder::from(config.clone()).with_source(source).build();
    Some(DataSourceExec::from_data_source(config))
}

fn is_dynamic(predicate: &Arc<dyn PhysicalExpr>) -> bool {
    predicate.exists(|expr| Ok(expr.is::<DynamicFilterPhysicalExpr>())).unwrap_or(false)
}
