//! Table columns to file columns by field id: names in a file are those of the day it was written.

use catalog::{Column as TableColumn, DefaultValue};
use datafusion::arrow::datatypes::{Field, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};
use datafusion::scalar::ScalarValue;
use std::collections::HashMap;
use std::sync::Arc;
use storage::schema::field_id;

/// Values of columns that are younger than a file, by folded name.
pub(crate) type Defaults = Arc<HashMap<String, ScalarValue>>;

/// What old files show for a column that was added later.
pub(crate) fn defaults(columns: &[TableColumn]) -> Defaults {
    let default = |c: &TableColumn| match &c.default {
        Some(DefaultValue::Literal(text)) => {
            let ty = storage::schema::arrow_type(c.ty);
            let text = ScalarValue::Utf8View(Some(text.clone()));
            text.cast_to(&ty).ok().map(|value| (c.folded(), value))
        }
        _ => None,
    };
    Arc::new(columns.iter().filter_map(default).collect())
}

#[derive(Debug)]
pub(crate) struct FieldIdAdapterFactory {
    pub(crate) defaults: Defaults,
}

#[derive(Debug)]
struct FieldIdAdapter {
    table: SchemaRef,
    file: SchemaRef,
    defaults: Defaults,
}

impl PhysicalExprAdapterFactory for FieldIdAdapterFactory {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        Ok(Arc::new(FieldIdAdapter { table, file, defaults: Arc::clone(&self.defaults) }))
    }
}

impl PhysicalExprAdapter for FieldIdAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        expr.transform(|e| {
            let Some(column) = e.downcast_ref::<Column>() else { return Ok(Transformed::no(e)) };
            let Ok(field) = self.table.field_with_name(column.name()) else { return Ok(Transformed::no(e)) };
            self.column(field).map(Transformed::yes)
        })
        .data()
    }
}

impl FieldIdAdapter {
    fn column(&self, field: &Field) -> Result<Arc<dyn PhysicalExpr>> {
        let id = field_id(field);
        let position = self.file.fields().iter().position(|f| id.is_some() && field_id(f) == id);
        let Some(position) = position else {
            let value = self.defaults.get(field.name()).cloned().unwrap_or(ScalarValue::Null);
            return Ok(Arc::new(Literal::new(value.cast_to(field.data_type())?)));
        };
        let stored = self.file.field(position);
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(stored.name(), position));
        if stored.data_type() == field.data_type() {
            return Ok(column);
        }
        Ok(Arc::new(CastExpr::new(column, field.data_type().clone(), None)))
    }
}
