//! A MySQL connection that looks at nothing but the lengths of packets: how long an answer takes to arrive, without what a
//! client library then makes of it. Text protocol, root without a password.

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Long password, connect with database, protocol 4.1, secure connection, plugin authentication.
const CAPABILITIES: u32 = 0x0008_8209;
const UTF8MB4: u8 = 45;
const PACKET_BYTES_MAX: u32 = 1 << 24;
const QUERY: u8 = 0x03;
const READ_BYTES: usize = 1 << 20;

pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
    packet: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(port: u16, database: &str) -> Result<Wire, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let mut wire = Wire { stream: BufReader::with_capacity(READ_BYTES, stream), packet: Vec::new() };
        wire.read().await?;
        let mut response = Vec::new();
        response.extend(CAPABILITIES.to_le_bytes());
        response.extend(PACKET_BYTES_MAX.to_le_bytes());
        response.push(UTF8MB4);
        response.extend([0; 23]);
        // No authentication data: its length is zero.
        response.extend(b"root\0\0");
        response.extend(database.as_bytes());
        response.extend(b"\0mysql_native_password\0");
        wire.write(1, &response).await?;
        wire.read().await?;
        match wire.packet.first() {
            Some(0) => Ok(wire),
            _ => Err(format!("the server refused the connection: {}", String::from_utf8_lossy(&wire.packet))),
        }
    }

    /// Asks, and returns when the last row is there.
    pub(crate) async fn receive(&mut self, sql: &str) -> Result<(), String> {
        let mut request = vec![QUERY];
        request.extend(sql.as_bytes());
        self.write(0, &request).await?;
        self.read().await?;
        // Columns end with one EOF, rows with another.
        let mut ends = 0;
        while ends < 2 {
            match (self.packet.first(), self.packet.len()) {
                (Some(0xff), _) => return Err(String::from_utf8_lossy(&self.packet).into_owned()),
                (Some(0xfe), length) if length < 9 => ends += 1,
                _ => {}
            }
            if ends < 2 {
                self.read().await?;
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), String> {
        let header = self.stream.read_u32_le().await.map_err(|e| e.to_string())?;
        self.packet.resize((header & 0x00ff_ffff) as usize, 0);
        self.stream.read_exact(&mut self.packet).await.map(|_| ()).map_err(|e| e.to_string())
    }

    async fn write(&mut self, sequence: u8, payload: &[u8]) -> Result<(), String> {
        let header = (payload.len() as u32) | (u32::from(sequence) << 24);
        let packet = [&header.to_le_bytes(), payload].concat();
        self.stream.get_mut().write_all(&packet).await.map_err(|e| e.to_string())
    }
}
