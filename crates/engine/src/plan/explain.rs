//! EXPLAIN and EXPLAIN ANALYZE: one line a row.

use super::query::PlannedQuery;
use base::Result;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::displayable;
use futures::TryStreamExt;
use std::sync::Arc;
use std::time::Instant;

/// How much EXPLAIN tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The operators that would run, and what pruning left.
    Plan,
    /// Also the optimised logical plan.
    Verbose,
    /// Runs the query and adds rows, time, bytes and spills of each operator.
    Analyze,
}

impl PlannedQuery {
    pub async fn explain(&self, detail: Detail) -> Result<Vec<String>> {
        let (plan, task) = self.physical().await?;
        let mut lines = Vec::new();
        if detail == Detail::Verbose {
            let optimized = self.optimized()?;
            lines.push("LOGICAL PLAN".to_string());
            lines.extend(optimized.display_indent_schema().to_string().lines().map(str::to_string));
        }
        let text = if detail == Detail::Analyze {
            let started = Instant::now();
            let stream = self.stream(Arc::clone(&plan), task)?;
            let rows = stream.try_fold(0, |rows, batch| async move { Ok(rows + batch.num_rows()) }).await?;
            lines.push(format!("RESULT: rows={rows}, time={:.1} ms", started.elapsed().as_secs_f64() * 1000.0));
            DisplayableExecutionPlan::with_metrics(plan.as_ref()).indent(true).to_string()
        } else {
            displayable(plan.as_ref()).indent(detail == Detail::Verbose).to_string()
        };
        lines.extend(self.scope.notes.lock().iter().cloned());
        lines.push("PHYSICAL PLAN".to_string());
        lines.extend(text.lines().map(str::to_string));
        Ok(lines)
    }
}
