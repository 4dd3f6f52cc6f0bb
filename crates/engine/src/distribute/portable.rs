//! Whether a plan means the same on another node.
//!
//! A plan travels as names of functions and fields of operators; what has neither is lost, sometimes without an error. So
//! a plan is written once before it is cut into stages, and everything that a reader could not restore is an objection.

use super::codec::NativeCodec;
use crate::table::native_source::NativeSource;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, plan_datafusion_err};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, WindowUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::physical_plan_to_bytes_with_proto_converter;
use datafusion_proto::physical_plan::{
    DeduplicatingProtoConverter, PhysicalExtensionCodec, PhysicalProtoConverterExtension,
};
use std::sync::Arc;

/// Checks plans against what every node knows.
#[derive(Debug)]
pub(super) struct Portable {
    codec: Checking,
}

impl Portable {
    /// `base` has the functions that nodes look names up in.
    pub(super) fn new(base: &SessionState) -> Self {
        Portable { codec: Checking { base: base.clone() } }
    }

    /// # Errors
    /// What would be lost.
    pub(super) fn check(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
        plan.apply(|node| {
            if let Some(scan) = node.downcast_ref::<DataSourceExec>() {
                let known = NativeSource::of(scan).is_some() || scan.data_source().is::<MemorySourceConfig>();
                if !known {
                    return Err(plan_datafusion_err!("a scan would lose deleted rows, field ids and defaults"));
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let converter = DeduplicatingProtoConverter::default();
        physical_plan_to_bytes_with_proto_converter(Arc::clone(plan), &self.codec, &converter).map(|_| ())
    }
}

/// Writes as the real codec does, and compares functions with those that nodes find under the same name.
#[derive(Debug)]
struct Checking {
    base: SessionState,
}

impl PhysicalExtensionCodec for Checking {
    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        NativeCodec.try_encode(node, buffer, converter)
    }

    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        NativeCodec.try_decode(buffer, inputs, context, converter)
    }

    fn try_encode_udf(&self, function: &ScalarUDF, _: &mut Vec<u8>) -> Result<()> {
        let known = self.base.scalar_functions().get(function.name());
        same(known.is_some_and(|k| k.as_ref() == function), function.name())
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, _: &mut Vec<u8>) -> Result<()> {
        let known = self.base.aggregate_functions().get(function.name());
        same(known.is_some_and(|k| k.as_ref() == function), function.name())
    }

    fn try_encode_udwf(&self, function: &WindowUDF, _: &mut Vec<u8>) -> Result<()> {
        let known = self.base.window_functions().get(function.name());
        same(known.is_some_and(|k| k.as_ref() == function), function.name())
    }

    fn try_encode_higher_order_function(&self, function: &HigherOrderUDF, _: &mut Vec<u8>) -> Result<()> {
        same(false, function.name())
    }
}

fn same(is_same: bool, name: &str) -> Result<(), DataFusionError> {
    if is_same { Ok(()) } else { Err(plan_datafusion_err!("nodes know another function {name}")) }
}
