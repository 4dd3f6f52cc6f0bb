//! Scans and sinks of native tables on the wire. What DataFusion's form of a Parquet scan leaves out travels beside it.

use crate::table::delete_vector::DeleteVector;
use crate::table::field_id::Defaults;
use crate::table::native_sink::NativeSinkExec;
use crate::table::native_source::NativeSource;
use datafusion::common::{DataFusionError, Result, internal_datafusion_err};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use datafusion_proto::physical_plan::{
    PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::{PhysicalPlanNode, ScalarValue as ScalarValueNode};
use prost::{Message, Oneof};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct NativeCodec;

/// An operator of ours as it travels.
#[derive(Clone, PartialEq, Message)]
struct NativeNode {
    #[prost(oneof = "Operator", tags = "1, 2")]
    operator: Option<Operator>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Operator {
    #[prost(message, boxed, tag = "1")]
    Scan(Box<NativeScanNode>),
    /// A [`crate::write::WritePlan`] as JSON.
    #[prost(string, tag = "2")]
    Sink(String),
}

/// A scan as it travels.
#[derive(Clone, PartialEq, Message)]
struct NativeScanNode {
    /// The same scan as DataFusion writes it.
    #[prost(message, optional, tag = "1")]
    parquet: Option<PhysicalPlanNode>,
    #[prost(message, repeated, tag = "2")]
    deletes: Vec<DeletesNode>,
    #[prost(message, repeated, tag = "3")]
    defaults: Vec<DefaultNode>,
}

/// Deleted rows of one file of the scan.
#[derive(Clone, PartialEq, Message)]
struct DeletesNode {
    #[prost(uint32, tag = "1")]
    group: u32,
    #[prost(uint32, tag = "2")]
    file: u32,
    #[prost(bytes = "vec", tag = "3")]
    positions: Vec<u8>,
    #[prost(uint64, tag = "4")]
    rows: u64,
}

/// What files that are older than a column show for it.
#[derive(Clone, PartialEq, Message)]
struct DefaultNode {
    #[prost(string, tag = "1")]
    column: String,
    #[prost(message, optional, tag = "2")]
    value: Option<ScalarValueNode>,
}

impl PhysicalExtensionCodec for NativeCodec {
    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let operator = if let Some(sink) = node.downcast_ref::<NativeSinkExec>() {
            let plan = serde_json::to_string(&sink.plan().without_files());
            Operator::Sink(plan.map_err(|e| DataFusionError::External(Box::new(e)))?)
        } else if let Some((config, source)) = node.downcast_ref::<DataSourceExec>().and_then(NativeSource::of) {
            Operator::Scan(Box::new(self.scan_node(config, source, converter)?))
        } else {
            return Err(internal_datafusion_err!("{} cannot be sent to another node", node.name()));
        };
        let node = NativeNode { operator: Some(operator) };
        node.encode(buffer).map_err(|e| DataFusionError::External(Box::new(e)))
    }

    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let node = NativeNode::decode(buffer).map_err(|e| DataFusionError::External(Box::new(e)))?;
        match (node.operator, inputs) {
            (Some(Operator::Scan(scan)), []) => self.scan(*scan, context, converter),
            (Some(Operator::Sink(plan)), [input]) => {
                let plan = serde_json::from_str(&plan).map_err(|e| DataFusionError::External(Box::new(e)))?;
                Ok(Arc::new(NativeSinkExec::new(Arc::clone(input), Arc::new(plan))))
            }
            _ => Err(damaged("it is of no known kind")),
        }
    }
}

impl NativeCodec {
    fn scan_node(
        &self,
        config: &FileScanConfig,
        source: &NativeSource,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<NativeScanNode> {
        let mut deletes = Vec::new();
        for (group, files) in config.file_groups.iter().enumerate() {
            for (file, partitioned) in files.files().iter().enumerate() {
                if let Some(deleted) = DeleteVector::of(partitioned) {
                    let (positions, rows) = (deleted.to_bytes()?, deleted.rows());
                    deletes.push(DeletesNode { group: group as u32, file: file as u32, positions, rows });
                }
            }
        }
        let default = |(column, value): (&String, &ScalarValue)| {
            let value = ScalarValueNode::try_from(value)?;
            Ok(DefaultNode { column: column.clone(), value: Some(value) })
        };
        let parquet = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source.parquet().clone()));
        let parquet: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(parquet.build());
        let parquet = converter.execution_plan_to_proto(&parquet, self)?;
        let defaults = source.defaults().iter().map(default).collect::<Result<_>>()?;
        Ok(NativeScanNode { parquet: Some(parquet), deletes, defaults })
    }

    fn scan(
        &self,
        scan: NativeScanNode,
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let parquet = scan.parquet.ok_or_else(|| damaged("the scan is missing"))?;
        let decoding = PhysicalPlanDecodeContext::new(context, self);
        let plan = converter.proto_to_execution_plan(&parquet, &decoding)?;
        let (config, parquet) = plan
            .downcast_ref::<DataSourceExec>()
            .and_then(DataSourceExec::downcast_to_file_source::<ParquetSource>)
            .ok_or_else(|| damaged("it is no scan of Parquet files"))?;
        let groups = with_deletes(config, scan.deletes)?;
        let defaults = scan.defaults.into_iter().map(default_value).collect::<Result<_>>()?;
        let source = NativeSource::new(parquet.clone(), Defaults::new(defaults), &context.runtime_env())?;
        let scan = FileScanConfigBuilder::from(config.clone())
            .with_file_groups(groups)
            .with_expr_adapter(Some(source.adapter()))
            .with_source(Arc::new(source))
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

fn with_deletes(config: &FileScanConfig, deletes: Vec<DeletesNode>) -> Result<Vec<FileGroup>> {
    let mut groups: Vec<Vec<_>> = config.file_groups.iter().map(|g| g.files().to_vec()).collect();
    for node in deletes {
        let file = groups
            .get_mut(node.group as usize)
            .and_then(|files| files.get_mut(node.file as usize))
            .ok_or_else(|| damaged("rows are deleted in a file that is not read"))?;
        *file = DeleteVector::from_bytes(&node.positions, node.rows)?.attach_to(file.clone());
    }
    Ok(groups.into_iter().map(FileGroup::new).collect())
}

fn default_value(node: DefaultNode) -> Result<(String, ScalarValue)> {
    let value = node.value.ok_or_else(|| damaged("a default has no value"))?;
    Ok((node.column, ScalarValue::try_from(&value)?))
}

fn damaged(what: &str) -> DataFusionError {
    internal_datafusion_err!("an operator that came from another node cannot be read: {what}")
}
