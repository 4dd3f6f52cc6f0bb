//! Connections to compute nodes, one each, shared by all queries.

use super::lost::Marked;
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result, config_datafusion_err};
use datafusion_distributed::grpc::{BoxCloneSyncChannel, create_worker_client};
use datafusion_distributed::{ChannelResolver, WorkerChannel};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::body::Body;
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tower::ServiceExt;
use url::Url;

/// A node that does not answer by then cannot be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
#[derive(Clone)]
pub(super) struct Channels {
    token: Option<HeaderValue>,
    open: Arc<Mutex<HashMap<Url, BoxCloneSyncChannel>>>,
}

impl Channels {
    pub(super) fn new(token: &str) -> Result<Self> {
        Ok(Channels { token: token_value(token)?, open: Arc::default() })
    }

    /// Connects when it is first used, and again after it broke.
    fn channel(&self, node: &Url) -> Result<BoxCloneSyncChannel> {
        let mut open = self.open.lock();
        if let Some(channel) = open.get(node) {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(node.to_string())
            .map_err(|e| config_datafusion_err!("a compute node has no usable address: {node}: {e}"))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_adaptive_window(true);
        let token = self.token.clone();
        let authorized = endpoint.connect_lazy().map_request(move |mut request: http::Request<Body>| {
            if let Some(token) = &token {
                request.headers_mut().insert(AUTHORIZATION, token.clone());
            }
            request
        });
        let channel = BoxCloneSyncChannel::new(authorized);
        open.insert(node.clone(), channel.clone());
        Ok(channel)
    }
}

#[async_trait]
impl ChannelResolver for Channels {
    async fn get_worker_client_for_url(&self, node: &Url) -> Result<Box<dyn WorkerChannel>> {
        let channel = create_worker_client(self.channel(node)?);
        Ok(Box::new(Marked { node: node.clone(), channel }))
    }
}

/// Lets requests pass that carry the token.
pub(super) fn guard(token: &str) -> Result<impl Fn(Request<()>) -> Result<Request<()>, Status> + Clone + use<>> {
    let token = token_value(token)?;
    Ok(move |request: Request<()>| match &token {
        Some(token) if request.metadata().as_ref().get(AUTHORIZATION) != Some(token) => {
            Err(Status::unauthenticated("the node has another auth_token"))
        }
        _ => Ok(request),
    })
}

fn token_value(token: &str) -> Result<Option<HeaderValue>> {
    if token.is_empty() {
        return Ok(None);
    }
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    value.map(Some).map_err(|e| DataFusionError::Configuration(format!("auth_token cannot be sent: {e}")))
}
