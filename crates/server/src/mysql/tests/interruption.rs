//! Statements that do not end by themselves: killed, left by their client, panicking, or overtaken by shutdown.

use super::client::server_error;
use super::fake::{DEFAULT_SETTINGS, Server};
use super::wire::{BASIC, Wire};
use crate::mysql::Settings;
use mysql_async::prelude::Queryable;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_killed_query_is_dropped_and_told() {
    let server = Server::start().await;
    let mut killer = server.connect().await;
    for sql in ["hang", "stream"] {
        let mut victim = server.connect().await;
        let id = victim.id();
        let query = tokio::spawn(async move { (victim.query::<i64, _>(sql).await, victim) });
        server.hanging().await;
        let process = server.fake.processes.snapshot().into_iter().find(|p| p.id == id).unwrap();
        assert_eq!((process.command, process.info.as_deref()), ("Query", Some(sql)));
        assert_eq!(process.state, if sql == "hang" { "executing" } else { "sending" });
        killer.query_drop(format!("KILL QUERY {id}")).await.unwrap();
        let (result, mut victim) = query.await.unwrap();
        let error = server_error(result);
        assert_eq!((error.code, error.state.as_str()), (1317, "70100"));
        assert_eq!(error.message, "Query execution was interrupted");
        server.dropped().await;
        victim.ping().await.unwrap();
        killer.query_drop(format!("KILL QUERY {id}")).await.unwrap();
        victim.ping().await.unwrap();
    }
    assert_eq!(server_error(killer.query_drop("KILL QUERY 4711").await).code, 1094);
}

#[tokio::test]
async fn a_killed_connection_is_closed() {
    let server = Server::start().await;
    let mut killer = server.connect().await;
    let mut idle = Wire::log_in(server.port, BASIC).await;
    let idle_id = server.fake.processes.snapshot()[1].id;
    killer.query_drop(format!("KILL CONNECTION {idle_id}")).await.unwrap();
    assert_eq!(idle.rest().await, b"");

    let mut busy = Wire::log_in(server.port, BASIC).await;
    let busy_id = server.fake.processes.snapshot()[1].id;
    busy.command(b"\x03hang").await;
    server.hanging().await;
    // COM_PROCESS_KILL, as old clients do it.
    let mut old = Wire::log_in(server.port, BASIC).await;
    old.command(&[&[0x0c], &busy_id.to_le_bytes()[..]].concat()).await;
    old.assert_ok().await;
    assert_eq!(busy.error().await, 1317);
    assert_eq!(busy.rest().await, b"");
    server.dropped().await;
    // Suicide ends in the same way.
    old.command(b"\x03KILL CONNECTION 4").await;
    assert!(old.rest().await.len() < 80);
}

#[tokio::test]
async fn a_query_ends_with_its_client() {
    let server = Server::start().await;
    for sql in ["\x03hang", "\x03stream"] {
        let mut wire = Wire::log_in(server.port, BASIC).await;
        wire.command(sql.as_bytes()).await;
        server.hanging().await;
        drop(wire);
        server.dropped().await;
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_only_its_own_query() {
    let server = Server::start().await;
    let mut lazy = Wire::log_in(server.port, BASIC).await;
    let id = server.fake.processes.snapshot()[0].id;
    lazy.command(b"\x03endless").await;
    let mut other = server.connect().await;
    for _ in 0..20 {
        let rows: Vec<i64> = other.query("rows 10000").await.unwrap();
        assert_eq!(rows.len(), 10_000);
    }
    // What the two socket buffers took, and one batch.
    let produced = server.fake.produced.load(Ordering::SeqCst);
    assert!((1..64).contains(&produced), "{produced} MiB");
    other.query_drop(format!("KILL CONNECTION {id}")).await.unwrap();
    server.dropped().await;
}

#[tokio::test]
async fn a_client_that_stops_reading_is_closed() {
    let server = Server::start().await;
    let mut lazy = Wire::connect(server.port).await;
    let scramble = mysql_common::scramble::scramble_native(&lazy.salt, b"pw").unwrap();
    let plugin = Some(mysql_common::packets::AuthPlugin::MysqlNativePassword);
    lazy.respond(BASIC, "hurried", &scramble, plugin).await;
    lazy.assert_ok().await;
    lazy.command(b"\x03endless").await;
    server.dropped().await;
    lazy.rest().await;
}

#[tokio::test]
async fn a_panic_ends_its_connection_only() {
    let server = Server::start().await;
    let mut other = server.connect().await;
    for sql in ["panic", "stream panic"] {
        let mut conn = server.connect().await;
        let error = server_error(conn.query::<i64, _>(sql).await);
        assert_eq!(error.code, 1105);
        assert!(error.message.contains("made to fail"), "{}", error.message);
        assert!(conn.ping().await.is_err());
        other.ping().await.unwrap();
    }
}

#[tokio::test]
async fn shutdown_lets_statements_finish() {
    let server = Server::start().await;
    let mut idle = Wire::log_in(server.port, BASIC).await;
    let mut busy = Wire::log_in(server.port, BASIC).await;
    let id = server.fake.processes.snapshot()[1].id;
    busy.command(b"\x03hang").await;
    server.hanging().await;
    server.shutdown.cancel();
    assert_eq!(idle.rest().await, b"", "an idle connection ends at once");
    assert!(!server.task.is_finished());
    server.fake.processes.kill_query(id).unwrap();
    assert_eq!(busy.error().await, 1317);
    assert_eq!(busy.rest().await, b"", "no command is taken after the running one");
    server.task.await.unwrap();
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", server.port)).await.is_err());
}

#[tokio::test]
async fn shutdown_interrupts_what_takes_too_long() {
    let settings = Settings { drain_timeout: Duration::ZERO, ..DEFAULT_SETTINGS };
    let server = Server::start_with(settings).await;
    let mut busy = Wire::log_in(server.port, BASIC).await;
    busy.command(b"\x03hang").await;
    server.hanging().await;
    server.shutdown.cancel();
    assert_eq!(busy.error().await, 1317);
    server.task.await.unwrap();
    assert_eq!(server.fake.processes.snapshot(), []);
}
