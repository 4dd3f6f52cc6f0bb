//! EXPLAIN and EXPLAIN ANALYZE: one line a row.

use super::query::{Physical, PlannedQuery};
use crate::distribute;
use base::Result;
use datafusion::physical_plan::displayable;
use futures::TryStreamExt;
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
        let physical = self.physical().await?;
        let mut lines = Vec::new();
        if detail == Detail::Verbose {
            let optimized = self.optimized()?;
            lines.push("LOGICAL PLAN".to_string());
            lines.extend(optimized.display_indent_schema().to_string().lines().map(str::to_string));
        }
        if detail == Detail::Analyze {
            let started = Instant::now();
            let stream = self.stream(&physical)?;
            let rows = stream.try_fold(0, |rows, batch| async move { Ok(rows + batch.num_rows()) }).await?;
            lines.push(format!("RESULT: rows={rows}, time={:.1} ms", started.elapsed().as_secs_f64() * 1000.0));
        }
        let text = operators(&physical, detail).await?;
        lines.extend(self.scope.notes.lock().iter().cloned());
        lines.push("PHYSICAL PLAN".to_string());
        lines.extend(text.lines().map(str::to_string));
        Ok(lines)
    }
}

async fn operators(physical: &Physical, detail: Detail) -> Result<String> {
    let plan = &physical.plan;
    Ok(match detail {
        Detail::Analyze => distribute::with_metrics(plan).await?,
        _ if physical.route.is_some() => distribute::stages(plan.as_ref()),
        _ => displayable(plan.as_ref()).indent(detail == Detail::Verbose).to_string(),
    })
}
