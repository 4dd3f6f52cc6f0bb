//! Who is it: the greeting, the client's response, the change of its authentication method, COM_CHANGE_USER.
//!
//! The method is `mysql_native_password`; a client that begins with another one is asked to switch. Until a client has
//! authenticated its packets are small, it has little time, and one that does not speak MySQL gets no answer.

use crate::mysql::command::ChangeUser;
use crate::mysql::frontend::{ClientSession, Frontend, Login, SessionStatus};
use crate::mysql::native_password::{PLUGIN, SALT_BYTES, fresh_salt};
use crate::mysql::ok_err::{ErrorReply, status_flags};
use crate::mysql::packet::{Incoming, PacketReader, PacketWriter};
use crate::mysql::result_set::Failure;
use crate::process_list::ProcessHandle;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthSwitchRequest, HandshakePacket, HandshakeResponse};
use mysql_common::proto::MySerialize;
use std::collections::HashMap;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};

/// What this server can do. A client's flags count only as far as they are here: some set others unasked.
const CAPABILITIES: CapabilityFlags = CapabilityFlags::CLIENT_LONG_PASSWORD
    .union(CapabilityFlags::CLIENT_FOUND_ROWS)
    .union(CapabilityFlags::CLIENT_LONG_FLAG)
    .union(CapabilityFlags::CLIENT_CONNECT_WITH_DB)
    .union(CapabilityFlags::CLIENT_IGNORE_SPACE)
    .union(CapabilityFlags::CLIENT_PROTOCOL_41)
    .union(CapabilityFlags::CLIENT_INTERACTIVE)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_MULTI_STATEMENTS)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PS_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_CONNECT_ATTRS)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
    .union(CapabilityFlags::CLIENT_DEPRECATE_EOF);

const PROTOCOL_VERSION: u8 = 10;
/// utf8_general_ci, which every client knows.
const CHARSET: u8 = 33;
const RESPONSE_SEQUENCE: u8 = 1;
const SALT_HEAD_BYTES: usize = 8;

/// Where a login comes from and what checks it.
#[derive(Clone, Copy)]
pub(super) struct Gate<'a> {
    pub(super) frontend: &'a dyn Frontend,
    pub(super) process: &'a ProcessHandle,
    pub(super) peer: SocketAddr,
}

/// An authenticated client.
pub(super) struct LoggedIn {
    pub(super) session: Box<dyn ClientSession>,
    /// What both sides can do.
    pub(super) capabilities: CapabilityFlags,
    /// Clients use it again in COM_CHANGE_USER.
    pub(super) salt: [u8; SALT_BYTES],
}

/// Greets a client and lets it log in. The OK packet is the caller's.
///
/// # Errors
/// `Last` if the login is refused, `Gone` if the client left or does not speak the protocol.
pub(super) async fn log_in<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut PacketReader<R>,
    writer: &mut PacketWriter<W>,
    gate: Gate<'_>,
) -> Result<LoggedIn, Failure> {
    let salt = fresh_salt();
    writer.packet(|out| greeting(gate, &salt).serialize(out));
    writer.flush().await?;
    let Incoming::Packet { payload, sequence: RESPONSE_SEQUENCE } = reader.next().await? else {
        return Err(Failure::Gone);
    };
    writer.answer_to(RESPONSE_SEQUENCE);
    let (request, capabilities) = response(&payload).ok_or(Failure::Gone)?;
    let session = check_and_open(reader, writer, gate, &salt, request, capabilities).await?;
    Ok(LoggedIn { session, capabilities, salt })
}

/// Logs another user in on an open connection.
///
/// # Errors
/// As [`log_in`]: a client that fails is not left with the old user.
pub(super) async fn change_user<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut PacketReader<R>,
    writer: &mut PacketWriter<W>,
    gate: Gate<'_>,
    request: ChangeUser,
    old: (&[u8; SALT_BYTES], CapabilityFlags),
) -> Result<Box<dyn ClientSession>, Failure> {
    check_and_open(reader, writer, gate, old.0, request, old.1).await
}

fn greeting(gate: Gate<'_>, salt: &[u8; SALT_BYTES]) -> HandshakePacket<'static> {
    let (head, tail) = salt.split_at(SALT_HEAD_BYTES);
    let mut tail = tail.to_vec();
    tail.push(0);
    HandshakePacket::new(
        PROTOCOL_VERSION,
        gate.frontend.server_version().into_bytes(),
        gate.process.id(),
        head.try_into().expect("the salt's head has eight bytes"),
        Some(tail),
        CAPABILITIES,
        CHARSET,
        status_flags(SessionStatus::default(), false),
        Some(PLUGIN.as_bytes()),
    )
}

/// Reads the response; `None` for a client that does not speak the protocol of MySQL 4.1 and later.
fn response(payload: &[u8]) -> Option<(ChangeUser, CapabilityFlags)> {
    const NEEDED: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41;
    let response: HandshakeResponse<'_> = ParseBuf(payload).parse(()).ok()?;
    let capabilities = response.capabilities() & CAPABILITIES;
    if !capabilities.contains(NEEDED) {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let plugin = response.auth_plugin().map(|plugin| text(plugin.as_bytes()));
    let request = ChangeUser {
        user: text(response.user()),
        scramble: response.scramble_buf().to_vec(),
        database: response.db_name().map(text).filter(|name| !name.is_empty()),
        plugin,
        attributes: response.connect_attributes().unwrap_or_else(HashMap::new),
    };
    Some((request, capabilities))
}

async fn check_and_open<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut PacketReader<R>,
    writer: &mut PacketWriter<W>,
    gate: Gate<'_>,
    salt: &[u8; SALT_BYTES],
    mut request: ChangeUser,
    capabilities: CapabilityFlags,
) -> Result<Box<dyn ClientSession>, Failure> {
    if request.plugin.as_deref().is_some_and(|plugin| plugin != PLUGIN) {
        request.scramble = switch_method(reader, writer, salt).await?;
    }
    let Gate { frontend, process, peer } = gate;
    frontend.authenticate(&request.user, peer, salt, &request.scramble).map_err(|e| {
        tracing::info!(user = request.user, %peer, error = %e, "login refused");
        Failure::Last(ErrorReply::login_failed(&e, &request.user, peer, !request.scramble.is_empty()))
    })?;
    process.set_user(&request.user);
    process.set_database(None);
    let mut session = frontend.open(Login {
        user: request.user,
        peer,
        process: process.clone(),
        attributes: request.attributes,
        found_rows: capabilities.contains(CapabilityFlags::CLIENT_FOUND_ROWS),
        interactive: capabilities.contains(CapabilityFlags::CLIENT_INTERACTIVE),
    });
    if let Some(database) = &request.database {
        session.use_database(database).await.map_err(|e| Failure::Last(ErrorReply::from(&e)))?;
    }
    Ok(session)
}

/// Asks for `mysql_native_password` and returns the client's scramble.
async fn switch_method<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut PacketReader<R>,
    writer: &mut PacketWriter<W>,
    salt: &[u8; SALT_BYTES],
) -> Result<Vec<u8>, Failure> {
    let mut data = salt.to_vec();
    data.push(0);
    writer.packet(|out| AuthSwitchRequest::new(PLUGIN.as_bytes(), data).serialize(out));
    writer.flush().await?;
    match reader.next().await? {
        Incoming::Packet { payload, sequence } => {
            writer.answer_to(sequence);
            Ok(payload.to_vec())
        }
        Incoming::TooLarge { .. } | Incoming::End => Err(Failure::Gone),
    }
}
