//! A client that sends bytes, for what a driver would not send.

use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, HandshakePacket, HandshakeResponse};
use mysql_common::proto::MySerialize;
use mysql_common::scramble::scramble_native;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The least that a client of today asks for.
pub(super) const BASIC: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_MULTI_STATEMENTS)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS);

pub(super) struct Wire {
    pub(super) io: TcpStream,
    pub(super) salt: Vec<u8>,
    pub(super) greeting: Vec<u8>,
}

impl Wire {
    /// Connects and reads the greeting.
    pub(super) async fn connect(port: u16) -> Self {
        let io = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut wire = Wire { io, salt: Vec::new(), greeting: Vec::new() };
        wire.greeting = wire.read().await.1;
        if wire.greeting[0] == 10 {
            let greeting: HandshakePacket<'_> = ParseBuf(&wire.greeting).parse(()).unwrap();
            wire.salt = greeting.nonce();
        }
        wire
    }

    /// A connection of the user `t`.
    pub(super) async fn log_in(port: u16, capabilities: CapabilityFlags) -> Self {
        let mut wire = Wire::connect(port).await;
        let scramble = scramble_native(&wire.salt, b"pw").unwrap();
        wire.respond(capabilities, "t", &scramble, Some(AuthPlugin::MysqlNativePassword)).await;
        assert_eq!(wire.read().await, (2, b"\0\0\0\x02\0\0\0".to_vec()));
        wire
    }

    pub(super) async fn respond(
        &mut self,
        capabilities: CapabilityFlags,
        user: &str,
        scramble: &[u8],
        plugin: Option<AuthPlugin<'static>>,
    ) {
        let response = HandshakeResponse::new(
            Some(scramble),
            (8, 0, 33),
            Some(user.as_bytes()),
            None::<&[u8]>,
            plugin,
            capabilities,
            None,
            1 << 24,
        );
        let mut payload = Vec::new();
        response.serialize(&mut payload);
        self.send(1, &payload).await;
    }

    pub(super) async fn send(&mut self, sequence: u8, payload: &[u8]) {
        let packet = packet(sequence, payload);
        self.io.write_all(&packet).await.unwrap();
    }

    /// Sends a command that begins with its code.
    pub(super) async fn command(&mut self, payload: &[u8]) {
        self.send(0, payload).await;
    }

    /// Sequence number and payload of the next packet.
    pub(super) async fn read(&mut self) -> (u8, Vec<u8>) {
        let mut header = [0; 4];
        self.io.read_exact(&mut header).await.unwrap();
        let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
        let mut payload = vec![0; length];
        self.io.read_exact(&mut payload).await.unwrap();
        (header[3], payload)
    }

    /// The next packets' payloads, whose sequence numbers must follow each other from 1.
    pub(super) async fn answer(&mut self, packets: usize) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        for i in 0..packets {
            let (sequence, payload) = self.read().await;
            assert_eq!(usize::from(sequence), i + 1);
            payloads.push(payload);
        }
        payloads
    }

    /// The error code of the next packet.
    pub(super) async fn error(&mut self) -> u16 {
        let (_, payload) = self.read().await;
        assert_eq!(payload[0], 0xFF, "{}", String::from_utf8_lossy(&payload));
        u16::from_le_bytes([payload[1], payload[2]])
    }

    pub(super) async fn assert_ok(&mut self) {
        let (_, payload) = self.read().await;
        assert_eq!(payload[0], 0, "{}", String::from_utf8_lossy(&payload));
    }

    /// Everything that the server still sends until it closes.
    pub(super) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection that is reset is closed as well.
        let _ = self.io.read_to_end(&mut rest).await;
        rest
    }
}

pub(super) fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let mut packet = length.to_le_bytes()[..3].to_vec();
    packet.push(sequence);
    packet.extend_from_slice(payload);
    packet
}
