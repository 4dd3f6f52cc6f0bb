//! SHOW COMPUTE NODES: who computes, and why a node takes no work.
//! Test: sql-tests/statement/show_compute_nodes.test, sql-tests/clients/cluster.py

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::cluster::membership::NodeStatus;
use crate::reply::Reply;
use crate::server::Server;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::clock::{UnixMs, datetime_text};
use base::limits::MemoryShares;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "COMPUTE", "NODES"]], parse };

const COLUMNS: &[&str] = &[
    "ComputeNodeId",
    "IP",
    "HeartbeatPort",
    "BePort",
    "HttpPort",
    "BrpcPort",
    "LastStartTime",
    "LastHeartbeat",
    "Alive",
    "SystemDecommissioned",
    "ClusterDecommissioned",
    "ErrMsg",
    "Version",
    "CpuCores",
    "MemLimit",
    "NumRunningQueries",
    "MemUsedPct",
    "CpuUsedPct",
    "DataCacheMetrics",
    "HasStoragePath",
    "StatusCode",
    "StarletPort",
    "WorkerId",
    "WarehouseName",
    "TabletNum",
];

struct ShowComputeNodes {
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "COMPUTE", "NODES"])?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowComputeNodes { filter }))
}

#[async_trait]
impl Statement for ShowComputeNodes {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mut table = ShowTable::new(COLUMNS);
        match &session.server.membership {
            Some(membership) => membership.nodes().iter().for_each(|node| table.push(of_node(node))),
            None => table.push(of_process(&session.server)),
        }
        table.reply(session, &self.filter, 1)
    }
}

/// One row; what is not known of a node is NULL.
struct Row {
    id: u64,
    host: String,
    rpc_port: Option<u16>,
    http_port: Option<u16>,
    started_ms: Option<UnixMs>,
    last_report_ms: Option<UnixMs>,
    alive: bool,
    stopping: bool,
    reason: String,
    version: Option<String>,
    cores: Option<usize>,
    memory_limit_bytes: Option<u64>,
    memory_used_bytes: Option<u64>,
}

fn of_node(status: &NodeStatus) -> Vec<Cell> {
    let report = status.report.as_ref();
    cells(Row {
        id: status.node.id.0,
        host: status.node.host.clone(),
        rpc_port: Some(status.node.rpc_port),
        http_port: report.map(|r| r.http_port),
        started_ms: report.map(|r| r.started_ms),
        last_report_ms: status.last_report_ms,
        alive: status.alive,
        stopping: report.is_some_and(|r| !r.serves),
        reason: status.reason.clone(),
        version: report.map(|r| r.version.clone()),
        cores: report.map(|r| r.cores),
        memory_limit_bytes: report.map(|r| r.memory_limit_bytes),
        memory_used_bytes: report.map(|r| r.memory_used_bytes),
    })
}

/// A single process computes too.
fn of_process(server: &Server) -> Vec<Cell> {
    cells(Row {
        id: 1,
        host: server.config.text("bind_address").to_string(),
        rpc_port: None,
        http_port: Some(server.ports.http),
        started_ms: Some(server.started_ms),
        last_report_ms: Some(server.catalog.clock().now_ms()),
        alive: true,
        stopping: false,
        reason: String::new(),
        version: Some(env!("CARGO_PKG_VERSION").to_string()),
        cores: Some(server.engine.parallelism()),
        memory_limit_bytes: Some(MemoryShares::new(&server.config).query_bytes as u64),
        memory_used_bytes: Some(server.engine.memory_in_use() as u64),
    })
}

fn cells(row: Row) -> Vec<Cell> {
    let number = |n: Option<u64>| n.map_or(Cell::Null, Cell::from);
    let time = |ms: Option<UnixMs>| ms.map_or(Cell::Null, |ms| datetime_text(ms).into());
    let rpc_port = row.rpc_port.map(u64::from);
    let percent = |used: u64, limit: u64| format!("{:.2} %", used as f64 * 100.0 / limit.max(1) as f64);
    let memory = row.memory_used_bytes.zip(row.memory_limit_bytes);
    let status = if row.alive { "OK" } else { "CONNECTING" };
    vec![
        row.id.into(),
        row.host.into(),
        number(rpc_port),
        number(rpc_port),
        number(row.http_port.map(u64::from)),
        number(rpc_port),
        time(row.started_ms),
        time(row.last_report_ms),
        row.alive.to_string().into(),
        row.stopping.to_string().into(),
        "false".into(),
        row.reason.into(),
        row.version.into(),
        number(row.cores.map(|n| n as u64)),
        row.memory_limit_bytes.map(|bytes| format!("{:.3}GB", bytes as f64 / (1u64 << 30) as f64)).into(),
        Cell::Null,
        memory.map(|(used, limit)| percent(used, limit)).into(),
        Cell::Null,
        Cell::Null,
        "false".into(),
        status.into(),
        number(rpc_port),
        row.id.into(),
        "default_warehouse".into(),
        Cell::Number(0),
    ]
}
