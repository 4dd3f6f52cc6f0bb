//! Which files a predicate can match, from the catalog's statistics alone.

use super::statistics::scalar;
use catalog::DataFile;
use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt64Array, new_null_array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use std::collections::HashSet;
use std::sync::Arc;
use storage::schema::field_id;

/// Whether each file may have matching rows.
pub(super) fn matching(
    state: &dyn Session,
    schema: &SchemaRef,
    filters: &[Expr],
    files: &[Arc<DataFile>],
) -> Result<Vec<bool>> {
    let Some(predicate) = conjunction(filters.iter().cloned()) else { return Ok(vec![true; files.len()]) };
    let df_schema = DFSchema::try_from(SchemaRef::clone(schema))?;
    let physical = state.create_physical_expr(predicate, &df_schema)?;
    // A predicate that cannot be turned into one on bounds prunes nothing.
    let builder = PruningPredicateBuilder::new().with_file_schema(SchemaRef::clone(schema));
    let Ok(pruning) = builder.try_build(physical) else {
        return Ok(vec![true; files.len()]);
    };
    if pruning.always_true() {
        return Ok(vec![true; files.len()]);
    }
    pruning.prune(&FileStatistics { schema, files })
}

struct FileStatistics<'a> {
    schema: &'a SchemaRef,
    files: &'a [Arc<DataFile>],
}

impl FileStatistics<'_> {
    fn bounds(&self, column: &Column, max: bool) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(&column.name).ok()?;
        let id = field_id(field)?;
        let none = ScalarValue::try_new_null(field.data_type()).ok()?;
        let bound = |file: &Arc<DataFile>| {
            let stats = file.columns.iter().find(|c| c.id == id)?;
            scalar(if max { stats.max.as_ref()? } else { stats.min.as_ref()? }, field.data_type())
        };
        let values: Vec<ScalarValue> = self.files.iter().map(|f| bound(f).unwrap_or_else(|| none.clone())).collect();
        if values.is_empty() {
            return Some(new_null_array(field.data_type(), 0));
        }
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for FileStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, true)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let id = field_id(self.schema.field_with_name(&column.name).ok()?)?;
        let nulls = |f: &Arc<DataFile>| f.columns.iter().find(|c| c.id == id).map(|c| c.nulls);
        Some(Arc::new(UInt64Array::from_iter(self.files.iter().map(nulls))))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.files.iter().map(|f| f.rows))))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
