//! Greetings and logins byte by byte: changed methods, old clients, and what is no client at all.

use super::fake::{DEFAULT_SETTINGS, Server};
use super::wire::{BASIC, Wire};
use crate::mysql::Settings;
use mysql_async::prelude::Queryable;
use mysql_common::constants::{CapabilityFlags, StatusFlags};
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, HandshakePacket};
use mysql_common::scramble::scramble_native;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn the_greeting_offers_what_is_there() {
    let server = Server::start().await;
    let (first, second) = (Wire::connect(server.port).await, Wire::connect(server.port).await);
    let greeting: HandshakePacket<'_> = ParseBuf(&first.greeting).parse(()).unwrap();
    assert_eq!(greeting.server_version_ref(), b"8.0.33");
    assert_eq!(greeting.auth_plugin_name_ref(), Some(&b"mysql_native_password"[..]));
    assert_eq!((greeting.default_collation(), greeting.status_flags()), (33, StatusFlags::SERVER_STATUS_AUTOCOMMIT));
    let capabilities = greeting.capabilities();
    for absent in [
        CapabilityFlags::CLIENT_SSL,
        CapabilityFlags::CLIENT_COMPRESS,
        CapabilityFlags::CLIENT_LOCAL_FILES,
        CapabilityFlags::CLIENT_SESSION_TRACK,
        CapabilityFlags::CLIENT_QUERY_ATTRIBUTES,
    ] {
        assert!(!capabilities.contains(absent), "{absent:?}");
    }
    assert!(capabilities.contains(BASIC | CapabilityFlags::CLIENT_DEPRECATE_EOF));
    // Eight bytes of salt, the length 21 of it all, ten zeros, twelve bytes more, a zero, the method and a zero.
    assert_eq!(
        &first.greeting[first.greeting.len() - 46..first.greeting.len() - 34],
        &[21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, first.salt[8]]
    );
    assert_eq!(first.salt.len(), 20);
    assert_ne!(first.salt, second.salt);
    let second: HandshakePacket<'_> = ParseBuf(&second.greeting).parse(()).unwrap();
    assert_ne!(greeting.connection_id(), second.connection_id());
}

#[tokio::test]
async fn another_method_is_switched() {
    let server = Server::start().await;
    for (user, password, accepted) in [("t", "pw", true), ("t", "wrong", false), ("t", "", false), ("nopw", "", true)] {
        let mut wire = Wire::connect(server.port).await;
        wire.respond(BASIC, user, &[7; 32], Some(AuthPlugin::CachingSha2Password)).await;
        let (sequence, request) = wire.read().await;
        assert_eq!((sequence, &request[..23]), (2, &b"\xFEmysql_native_password\0"[..]));
        assert_eq!((&request[23..43], request[43]), (&wire.salt[..], 0));
        let scramble = scramble_native(&request[23..43], password.as_bytes()).map(|s| s.to_vec());
        wire.send(3, &scramble.unwrap_or_default()).await;
        if accepted {
            assert_eq!(wire.read().await, (4, b"\0\0\0\x02\0\0\0".to_vec()));
        } else {
            assert_eq!(wire.error().await, 1045);
            assert_eq!(wire.rest().await, b"");
        }
    }
}

#[tokio::test]
async fn older_forms_of_the_response_are_read() {
    let server = Server::start().await;
    let lenenc = CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA;
    let unasked = CapabilityFlags::CLIENT_SESSION_TRACK | CapabilityFlags::CLIENT_QUERY_ATTRIBUTES;
    let cases = [
        (BASIC, Some(AuthPlugin::MysqlNativePassword)),
        (BASIC | lenenc, Some(AuthPlugin::MysqlNativePassword)),
        (BASIC | unasked, Some(AuthPlugin::MysqlNativePassword)),
        (BASIC - CapabilityFlags::CLIENT_PLUGIN_AUTH, None),
    ];
    for (capabilities, plugin) in cases {
        let mut wire = Wire::connect(server.port).await;
        let scramble = scramble_native(&wire.salt, b"pw").unwrap();
        wire.respond(capabilities, "t", &scramble, plugin).await;
        wire.assert_ok().await;
        // The OK packet must not have the form of a capability that the client only claimed.
        wire.command(b"\x03change").await;
        let expected = b"\0\xFC\x2C\x01\x07\x02\0\x01\0\x26Records: 3  Duplicates: 0  Warnings: 1";
        assert_eq!(wire.answer(1).await[0], expected, "{capabilities:?}");
    }
}

#[tokio::test]
async fn what_is_no_client_gets_no_answer() {
    let server = Server::start().await;
    let cases: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"\x16\x03\0\0Z",
        b"\0\0\0\0",
        b"\x05\0\0\x01abcde",
        b"\x20\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x01\0\0\0\x0e",
        b"\r\n\r\n",
    ];
    for bytes in cases {
        let mut wire = Wire::connect(server.port).await;
        wire.io.write_all(bytes).await.unwrap();
        wire.io.shutdown().await.unwrap();
        assert_eq!(wire.rest().await, b"", "{bytes:?}");
    }
    // Those who only look whether the port is open.
    drop(Wire::connect(server.port).await);
    server.connect().await.ping().await.unwrap();
}

#[tokio::test]
async fn one_connection_too_many_is_refused() {
    let server = Server::start_with(Settings { connections_max: 2, ..DEFAULT_SETTINGS }).await;
    let first = server.connect().await;
    let _second = server.connect().await;
    let refused = Wire::connect(server.port).await;
    assert_eq!(refused.greeting, b"\xFF\x10\x04#08004Too many connections");
    first.disconnect().await.unwrap();
    // The place is free as soon as the server has seen the end.
    while Wire::connect(server.port).await.greeting[0] == 0xFF {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::start().await;
    let mut wire = Wire::connect(server.port).await;
    wire.respond(BASIC, "impatient", b"", Some(AuthPlugin::MysqlNativePassword)).await;
    wire.assert_ok().await;
    assert_eq!(wire.rest().await, b"");
}
