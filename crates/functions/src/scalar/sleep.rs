//! `sleep(seconds)`: waits without holding one of the threads that all queries share, and ends with its query.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::Int32Array;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::cast;

/// Timers take no more; no query lasts as long.
const SECONDS_MAX: f64 = 31_536_000.0;

pub(super) fn function() -> Arc<ScalarUDF> {
    let sleep = Sleep { signature: Signature::any(1, Volatility::Volatile) };
    Arc::new(AsyncScalarUDF::new(Arc::new(sleep)).into_scalar_udf())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sleep {
    signature: Signature,
}

impl ScalarUDFImpl for Sleep {
    fn name(&self) -> &str {
        "sleep"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int32)
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        plan_err!("sleep() belongs in the SELECT list or in WHERE")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Sleep {
    /// 1 for every row, as StarRocks answers; NULL where the argument is no time.
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let seconds = cast::to_doubles(&args.args[0].to_array(args.number_rows)?)?;
        let seconds: Vec<_> = seconds.iter().map(|s| s.filter(|s| *s >= 0.0).map(|s| s.min(SECONDS_MAX))).collect();
        let total: f64 = seconds.iter().flatten().sum();
        if total > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(total.min(SECONDS_MAX))).await;
        }
        Ok(ColumnarValue::Array(Arc::new(Int32Array::from_iter(seconds.iter().map(|s| s.map(|_| 1))))))
    }
}
