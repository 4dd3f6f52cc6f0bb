//! What a scan must not lose on its way, and the plans that do not go on it.

use super::codec::NativeCodec;
use super::portable::Portable;
use crate::engine::STORE_URL;
use crate::table::delete_vector::DeleteVector;
use crate::table::native_source::NativeSource;
use crate::{Engine, EngineBuilder};
use base::store::Store;
use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use datafusion::physical_expr::expressions::{Column, lit};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::scalar::ScalarValue;
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_proto_converter, physical_plan_to_bytes_with_proto_converter,
};
use datafusion_proto::physical_plan::DeduplicatingProtoConverter;
use std::collections::HashMap;
use std::sync::Arc;

const FILE: &str = "data/f.parquet";

fn column(name: &str, id: &str) -> Field {
    let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_string(), id.to_string())]);
    Field::new(name, DataType::Int64, true).with_metadata(id)
}

/// An engine over a store with one file: column 1, written as `old`, has 0 to 9.
async fn engine(folder: &tempfile::TempDir) -> (Engine, u64) {
    let schema: SchemaRef = Arc::new(Schema::new(vec![column("old", "1")]));
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), None).unwrap();
    writer.write(&RecordBatch::try_new(schema, vec![values]).unwrap()).unwrap();
    let bytes = writer.into_inner().unwrap();
    let size = bytes.len() as u64;
    let store = Store::local(folder.path()).unwrap();
    store.put(FILE, Bytes::from(bytes)).await.unwrap();
    let functions = functions::all();
    let engine = EngineBuilder::new(store).functions(functions.scalar, functions.aggregate).build().unwrap();
    (engine, size)
}

/// A scan of the table as it is now: column 1 is called `new`, column 2 came later, and some rows are deleted.
fn scan(engine: &Engine, size: u64) -> Arc<dyn ExecutionPlan> {
    let schema: SchemaRef = Arc::new(Schema::new(vec![column("later", "2"), column("new", "1")]));
    let defaults = HashMap::from([("later".to_string(), ScalarValue::Int64(Some(7)))]);
    let source = NativeSource::new(ParquetSource::new(schema), Arc::new(defaults), &engine.parts.runtime).unwrap();
    let deleted = DeleteVector::new([0, 4, 5].into_iter().collect(), 10).unwrap();
    let adapter = source.adapter();
    let config = FileScanConfigBuilder::new(STORE_URL.clone(), Arc::new(source))
        .with_file(deleted.attach_to(PartitionedFile::new(FILE, size)))
        .with_expr_adapter(Some(adapter));
    DataSourceExec::from_data_source(config.build())
}

async fn rows(engine: &Engine, plan: Arc<dyn ExecutionPlan>) -> String {
    pretty_format_batches(&collect(plan, engine.parts.base.task_ctx()).await.unwrap()).unwrap().to_string()
}

#[tokio::test]
async fn deleted_rows_field_ids_and_defaults_survive_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, size) = engine(&folder).await;
    let here = scan(&engine, size);
    let converter = DeduplicatingProtoConverter::default();
    let bytes = physical_plan_to_bytes_with_proto_converter(Arc::clone(&here), &NativeCodec, &converter).unwrap();
    let task = engine.parts.base.task_ctx();
    let there = physical_plan_from_bytes_with_proto_converter(&bytes, &task, &NativeCodec, &converter).unwrap();
    let expected = rows(&engine, here).await;
    assert_eq!(expected.matches("| 7     |").count(), 7, "{expected}");
    assert!(!expected.contains("| 4   |") && expected.contains("| 9   |"), "{expected}");
    assert_eq!(rows(&engine, there).await, expected);
}

#[tokio::test]
async fn plans_that_would_lose_something_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, size) = engine(&folder).await;
    let portable = Portable::new(&engine.parts.base);
    let native = scan(&engine, size);
    portable.check(&native).unwrap();

    let scan = native.downcast_ref::<DataSourceExec>().unwrap();
    let (config, source) = NativeSource::of(scan).unwrap();
    let plain = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source.parquet().clone())).build();
    let plain: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(plain);
    let objection = portable.check(&plain).unwrap_err().to_string();
    assert!(objection.contains("would lose deleted rows"), "{objection}");

    let known = ScalarUDF::clone(&engine.parts.base.scalar_functions()["abs"]);
    let stranger = create_udf(
        "abs",
        vec![DataType::Int64],
        DataType::Int64,
        Volatility::Immutable,
        Arc::new(|_| Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(0))))),
    );
    portable.check(&calling(known, &native)).unwrap();
    let objection = portable.check(&calling(stranger, &native)).unwrap_err().to_string();
    assert!(objection.contains("another function abs"), "{objection}");
}

fn calling(function: ScalarUDF, input: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    let field = Arc::new(Field::new("r", DataType::Int64, true));
    let argument: Arc<dyn PhysicalExpr> = Arc::new(Column::new("new", 1));
    let call = ScalarFunctionExpr::new("f", Arc::new(function), vec![argument], field, Arc::default());
    let columns = vec![(Arc::new(call) as Arc<dyn PhysicalExpr>, "r".to_string()), (lit(1), "one".to_string())];
    Arc::new(ProjectionExec::try_new(columns, Arc::clone(input)).unwrap())
}
