//! Commands byte by byte.

use super::fake::Server;
use super::wire::{BASIC, Wire, packet};
use base::limits::MYSQL_PACKET_BYTES_MAX;
use mysql_common::constants::CapabilityFlags;
use tokio::io::AsyncWriteExt;

const COLUMN: &[u8] = b"\x03def\0\0\0\x03sql\0\x0c\x21\0\xF7\xFF\x02\0\xFD\0\0\0\0\0";

#[tokio::test]
async fn both_ends_of_a_result_set() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    wire.command(b"\x03select 1").await;
    let expected: [&[u8]; 5] = [b"\x01", COLUMN, b"\xFE\0\0\x02\0", b"\x08select 1", b"\xFE\0\0\x02\0"];
    assert_eq!(wire.answer(5).await, expected);
    wire.command(b"\x03select 1;select 2").await;
    let more = b"\xFE\0\0\x0A\0".to_vec();
    assert_eq!(wire.answer(5).await[4], more, "more results follow");
    for _ in 0..5 {
        wire.read().await;
    }

    let mut wire = Wire::log_in(server.port, BASIC | CapabilityFlags::CLIENT_DEPRECATE_EOF).await;
    wire.command(b"\x03select 1").await;
    let expected: [&[u8]; 4] = [b"\x01", COLUMN, b"\x08select 1", b"\xFE\0\0\x02\0\0\0"];
    assert_eq!(wire.answer(4).await, expected);
    wire.command(b"\x03change;select 2").await;
    assert_eq!(wire.answer(5).await[0][5..7], [0x0A, 0], "the OK of a result that is not the last");
}

#[tokio::test]
async fn the_status_follows_the_transaction() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    for (sql, status) in [("begin", 3), ("commit", 2), ("manual", 0)] {
        wire.command(&[b"\x03", sql.as_bytes()].concat()).await;
        assert_eq!(wire.answer(1).await, [vec![0, 0, 0, status, 0, 0, 0]]);
    }
}

#[tokio::test]
async fn several_statements_need_the_capability() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC - CapabilityFlags::CLIENT_MULTI_STATEMENTS).await;
    wire.command(b"\x03change; change").await;
    assert_eq!(wire.error().await, 1064);
    wire.command(b"\x03change;\0").await;
    wire.assert_ok().await;
    for (option, allowed) in [(0, true), (1, false)] {
        wire.command(&[0x1b, option, 0]).await;
        assert_eq!(wire.answer(1).await, [b"\xFE\0\0\x02\0"]);
        wire.command(b"\x03change; change").await;
        if allowed {
            wire.answer(2).await;
        } else {
            assert_eq!(wire.error().await, 1064);
        }
    }
    wire.command(b"\x1b\x07\0").await;
    assert_eq!(wire.error().await, 1047);
}

#[tokio::test]
async fn pipelined_commands_are_answered_in_order() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    for round in 0..100 {
        let mut burst = Vec::new();
        for id in 0..6_u32 {
            burst.extend(packet(0, &[&[0x19], &id.to_le_bytes()[..]].concat()));
        }
        let sql = format!("\x03select {round}");
        burst.extend(packet(0, sql.as_bytes()));
        burst.extend(packet(0, b"\x0e"));
        // In two pieces, cut somewhere.
        let (head, tail) = burst.split_at(round % burst.len());
        wire.io.write_all(head).await.unwrap();
        wire.io.write_all(tail).await.unwrap();
        let answer = wire.answer(5).await;
        assert_eq!(&answer[3][1..], &sql.as_bytes()[1..]);
        assert_eq!(wire.answer(1).await, [b"\0\0\0\x02\0\0\0"]);
    }
}

#[tokio::test]
async fn unknown_and_broken_commands_are_errors() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    let cases: &[(&[u8], u16)] = &[
        (b"\0", 1047),
        (b"\x05x", 1047),
        (b"\x0a", 1047),
        (b"\x12", 1047),
        (b"\x1c\x01\0\0\0\x01\0\0\0", 1047),
        (b"\xFA", 1047),
        (b"", 1835),
        (b"\x17\x01", 1835),
        (b"\x17\x63\0\0\0\0\x01\0\0\0", 1243),
        (b"\x1a\x63\0\0\0", 1243),
        (b"\x03", 1065),
        (b"\x03 ; ", 1065),
        (b"\x16", 1065),
        (b"\x03select '\xFF\xFE'", 1064),
        (b"\x16select '\xFF\xFE'", 1064),
        (b"\x03select 'open", 1064),
        (b"\x02nosuch", 1049),
        (b"\x04nope\0", 1146),
        (b"\x0c\x63\0\0\0", 1094),
    ];
    for (payload, errno) in cases {
        wire.command(payload).await;
        assert_eq!(wire.error().await, *errno, "{payload:?}");
    }
    wire.command(b"\x0e").await;
    wire.assert_ok().await;
}

#[tokio::test]
async fn simple_commands() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    wire.command(b"\x02default_catalog.demo").await;
    wire.assert_ok().await;
    assert_eq!(server.fake.processes.snapshot()[0].database.as_deref(), Some("default_catalog.demo"));
    wire.command(b"\x07\x01").await;
    wire.assert_ok().await;
    wire.command(b"\x09").await;
    let text = String::from_utf8(wire.answer(1).await.remove(0)).unwrap();
    assert_eq!(
        text,
        "Uptime: 0  Threads: 1  Questions: 3  Slow queries: 0  Opens: 0  Flush tables: 1  Open tables: 0  \
         Queries per second avg: 3.000"
    );
    wire.command(b"\x01").await;
    assert_eq!(wire.rest().await, b"");
}

#[tokio::test]
async fn field_list_ends_definitions_with_a_default() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    wire.command(b"\x04t\0").await;
    let answer = wire.answer(3).await;
    assert!(answer[0].starts_with(b"\x03def\x04demo\x01t\x01t\x02id\x02id\x0c") && answer[0].ends_with(b"\0\0\xFB"));
    assert_eq!(answer[2], b"\xFE\0\0\x02\0");
    wire.command(b"\x04t\0na%").await;
    assert!(wire.answer(2).await[0].windows(4).any(|w| w == b"name"));
}

#[tokio::test]
async fn a_statement_is_prepared_and_executed() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    wire.command(b"\x16select ?").await;
    let answer = wire.answer(5).await;
    assert_eq!(answer[0], [0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    assert_eq!(&answer[1][..9], b"\x03def\0\0\0\x01?");
    assert_eq!([&answer[2], &answer[4]], [b"\xFE\0\0\x02\0", b"\xFE\0\0\x02\0"]);

    wire.command(b"\x17\x01\0\0\0\x01\x01\0\0\0\0\x01\x01\0\x05").await;
    assert_eq!(wire.answer(5).await[3], b"\0\0\x08select 5", "a cursor was asked for, rows come at once");
    wire.command(b"\x17\x01\0\0\0\0\x01\0\0\0\0\0\x06").await;
    assert_eq!(wire.answer(5).await[3], b"\0\0\x08select 6", "with the types of before");

    wire.command(b"\x18\x01\0\0\0\0\0long ").await;
    wire.command(b"\x18\x01\0\0\0\0\0data").await;
    wire.command(b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01\xFC\0").await;
    assert_eq!(wire.answer(5).await[3], b"\0\0\x12select 'long data'");
    wire.command(b"\x18\x01\0\0\0\0\0forgotten").await;
    wire.command(b"\x1a\x01\0\0\0").await;
    wire.assert_ok().await;
    wire.command(b"\x17\x01\0\0\0\0\x01\0\0\0\x01\0").await;
    assert_eq!(wire.answer(5).await[3], b"\0\0\x0bselect NULL");
    wire.command(b"\x17\x01\0\0\0\0\x01\0\0\0").await;
    assert_eq!(wire.error().await, 1835);
    wire.command(b"\x19\x01\0\0\0").await;
    wire.command(b"\x17\x01\0\0\0\0\x01\0\0\0\x01\0").await;
    assert_eq!(wire.error().await, 1243);

    let mut wire = Wire::log_in(server.port, BASIC | CapabilityFlags::CLIENT_DEPRECATE_EOF).await;
    wire.command(b"\x16select ?").await;
    assert_eq!(wire.answer(3).await[0][..5], [0, 1, 0, 0, 0]);
    wire.command(b"\x16change").await;
    assert_eq!(wire.answer(1).await[0], [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    wire.command(b"\x17\x02\0\0\0\0\x01\0\0\0").await;
    wire.assert_ok().await;
}

#[tokio::test]
async fn a_packet_over_the_limit_is_an_error() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    let part = vec![b'x'; 0xFF_FFFF];
    let parts = MYSQL_PACKET_BYTES_MAX / part.len();
    for sequence in 0..=parts {
        wire.send(sequence as u8, &part).await;
    }
    wire.send(parts as u8 + 1, b"").await;
    let (sequence, payload) = wire.read().await;
    assert_eq!((usize::from(sequence), &payload[..9]), (parts + 2, &b"\xFF\x81\x04#08S01"[..]));
    wire.command(b"\x0e").await;
    wire.assert_ok().await;
}

#[tokio::test]
async fn change_user_may_switch_its_method() {
    let server = Server::start().await;
    let mut wire = Wire::log_in(server.port, BASIC).await;
    // As the C client of MySQL 8 does it: no scramble, another method.
    wire.command(b"\x11t\0\0demo\0\xFF\0caching_sha2_password\0").await;
    let (sequence, request) = wire.read().await;
    assert_eq!((sequence, request[0]), (1, 0xFE));
    let scramble = mysql_common::scramble::scramble_native(&request[23..43], b"pw").unwrap();
    wire.send(2, &scramble).await;
    assert_eq!(wire.read().await.0, 3);
    wire.command(b"\x03database").await;
    assert_eq!(wire.answer(5).await[3], b"\x04demo");
    wire.command(b"\x11t\0\x14aaaaaaaaaaaaaaaaaaaa\0\x21\0").await;
    assert_eq!(wire.error().await, 1045);
    assert_eq!(wire.rest().await, b"");
}
