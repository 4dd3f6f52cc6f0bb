//! Keeps DataFusion's physical filter pushdown away from nodes with two columns of one name.
//!
//! The rule looks columns up by name as filters pass through nodes. Below a join of tables that share column names, a
//! filter could land on the wrong column and rows were lost or kept wrongly (sql-tests/query/join_names.test). Filters
//! do not pass such a node here; the parts of a plan around it are optimised each for itself.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use std::collections::HashSet;
use std::sync::Arc;

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// The rule, kept from ambiguous names if it is one that pushes filters.
pub(super) fn guarded(rule: Rule) -> Rule {
    if rule.name().starts_with("FilterPushdown") { Arc::new(UnambiguousFilterPushdown(rule)) } else { rule }
}

#[derive(Debug)]
struct UnambiguousFilterPushdown(Rule);

impl PhysicalOptimizerRule for UnambiguousFilterPushdown {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        match self.part(plan, config)? {
            Part::Unambiguous(plan) => self.0.optimize(plan, config),
            Part::Done(plan) => Ok(plan),
        }
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

enum Part {
    /// Every node's columns have different names; not optimised yet, for the part may go on above.
    Unambiguous(Arc<dyn ExecutionPlan>),
    Done(Arc<dyn ExecutionPlan>),
}

impl UnambiguousFilterPushdown {
    fn part(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Part> {
        let mut parts = Vec::new();
        for child in plan.children() {
            parts.push(self.part(Arc::clone(child), config)?);
        }
        if parts.iter().all(|part| matches!(part, Part::Unambiguous(_))) {
            if has_unique_names(&plan) {
                return Ok(Part::Unambiguous(plan));
            }
            // Nothing comes to this node from above, and what it sends down goes by its children's names.
            return Ok(Part::Done(self.0.optimize(plan, config)?));
        }
        let mut children = Vec::with_capacity(parts.len());
        for part in parts {
            children.push(match part {
                Part::Unambiguous(child) => self.0.optimize(child, config)?,
                Part::Done(child) => child,
            });
        }
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        Ok(Part::Done(plan.replace_children(children, options)?))
    }
}

fn has_unique_names(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let schema = plan.schema();
    let mut names = HashSet::with_capacity(schema.fields().len());
    schema.fields().iter().all(|field| names.insert(field.name().as_str()))
}
