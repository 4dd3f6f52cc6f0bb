//! ALTER SYSTEM ADD | DROP COMPUTE NODE "host:port" [, ..].
//! Test: sql-tests/statement/alter_system.test, sql-tests/clients/cluster.py

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use sql::Cursor;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["ALTER", "SYSTEM"]], parse };

struct AlterSystem {
    adds: bool,
    /// Hosts and RPC ports.
    nodes: Vec<(String, u16)>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["ALTER", "SYSTEM"])?;
    let adds = cursor.expect_one_of(&["ADD", "DROP"])? == "ADD";
    cursor.expect(&["COMPUTE", "NODE"])?;
    let nodes = cursor.comma_separated(|cursor| address(&cursor.string()?))?;
    cursor.expect_end()?;
    Ok(Box::new(AlterSystem { adds, nodes }))
}

fn address(text: &str) -> Result<(String, u16)> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match parts {
        Some((host, port)) if !host.is_empty() && port > 0 => Ok((host.to_string(), port)),
        _ => {
            let error = Error::new(ErrorKind::WrongValue, "a compute node is named as \"host:rpc_port\"");
            Err(error.with("node", text))
        }
    }
}

#[async_trait]
impl Statement for AlterSystem {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let Some(membership) = session.server.membership.clone() else {
            let message = "this process does all the work itself; a cluster has a front end: viewmill fe";
            return Err(Error::unsupported(message));
        };
        for (host, rpc_port) in &self.nodes {
            if self.adds {
                membership.add(host, *rpc_port).await?;
            } else {
                membership.drop_node(host, *rpc_port).await?;
            }
        }
        Ok(Reply::done())
    }
}
