//! Accepts MySQL connections, one task each, and ends them in order at shutdown.

use crate::mysql::connection::{self, FAREWELL_TIMEOUT};
use crate::mysql::frontend::Frontend;
use crate::mysql::ok_err::ErrorReply;
use base::metrics::Metric;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

static CONNECTIONS: Metric = Metric::counter("mysql_connections_total", "MySQL connections accepted");
static CONNECTIONS_OPEN: Metric = Metric::gauge("mysql_connections_open", "MySQL connections open now");
static CONNECTIONS_REFUSED: Metric =
    Metric::counter("mysql_connections_refused_total", "MySQL connections refused because too many were open");

/// How long connections that were told to end may take: their last packet, and some time to be done.
const END_TIMEOUT: Duration = FAREWELL_TIMEOUT.saturating_mul(2);
/// Pause after an accept that failed, which happens when file descriptors are used up.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// One connection more is refused with 1040.
    pub connections_max: usize,
    /// How long running statements may go on after `shutdown`.
    pub drain_timeout: Duration,
}

/// Serves connections until `shutdown` is raised. Then no connection is accepted, idle ones end, running statements go
/// on until the drain timeout and are interrupted. Returns when every connection has ended.
pub async fn serve(
    listener: TcpListener,
    frontend: Arc<dyn Frontend>,
    settings: Settings,
    shutdown: CancellationToken,
) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(ended) = tasks.join_next() => {
                ended_task(ended);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                warn!(error = %e, "could not accept a MySQL connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if tasks.len() >= settings.connections_max {
            refuse(&stream, peer);
            continue;
        }
        CONNECTIONS.add(1);
        let process = frontend.processes().register(peer.to_string());
        tasks.spawn(connection::serve(stream, peer, Arc::clone(&frontend), process, shutdown.clone()));
        CONNECTIONS_OPEN.set(tasks.len() as i64);
    }
    drop(listener);
    drain(tasks, frontend.as_ref(), settings.drain_timeout).await;
}

async fn drain(mut tasks: JoinSet<()>, frontend: &dyn Frontend, timeout: Duration) {
    if tokio::time::timeout(timeout, all_ended(&mut tasks)).await.is_ok() {
        return;
    }
    warn!(connections = tasks.len(), "interrupting statements that still run at shutdown");
    frontend.processes().kill_all();
    if tokio::time::timeout(END_TIMEOUT, all_ended(&mut tasks)).await.is_err() {
        tasks.shutdown().await;
    }
    CONNECTIONS_OPEN.set(0);
}

async fn all_ended(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        ended_task(ended);
        CONNECTIONS_OPEN.set(tasks.len() as i64);
    }
}

fn ended_task(ended: Result<(), JoinError>) {
    if let Err(e) = ended
        && e.is_panic()
    {
        error!(error = %e, "a MySQL connection panicked outside of a statement");
    }
}

/// Tells a client that there is no room. Nothing was sent yet, so the socket takes the packet at once.
fn refuse(stream: &TcpStream, peer: SocketAddr) {
    CONNECTIONS_REFUSED.add(1);
    let mut payload = Vec::new();
    ErrorReply::too_many_connections().write(&mut payload);
    let mut packet = vec![payload.len() as u8, 0, 0, 0];
    packet.append(&mut payload);
    if let Err(e) = stream.try_write(&packet) {
        warn!(%peer, error = %e, "could not tell a client that there are too many connections");
    }
}
