//! Payloads of OK, EOF and ERR packets, and the errors that exist in the protocol only.

use crate::mysql::frontend::SessionStatus;
use crate::reply::Done;
use base::{Error, ErrorKind, sql_code};
use mysql_common::constants::{CapabilityFlags, StatusFlags};
use mysql_common::io::BufMutExt;
use mysql_common::packets::{ErrPacket, ServerError, SqlState};
use mysql_common::proto::MySerialize;
use std::net::SocketAddr;

const OK_HEADER: u8 = 0x00;
/// Also the header of the OK packet that ends a result set.
const EOF_HEADER: u8 = 0xFE;

/// The session's state as clients read it from every OK and EOF packet.
pub(super) fn status_flags(session: SessionStatus, more_results: bool) -> StatusFlags {
    let mut flags = StatusFlags::empty();
    flags.set(StatusFlags::SERVER_STATUS_AUTOCOMMIT, session.autocommit);
    flags.set(StatusFlags::SERVER_STATUS_IN_TRANS, session.in_transaction);
    flags.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_results);
    flags
}

/// The answer to a statement without a result set.
///
/// The text has a length before it, although the protocol's description says that it runs to the packet's end: every
/// client reads it that way.
pub(super) fn ok(out: &mut Vec<u8>, done: &Done, status: StatusFlags) {
    out.push(OK_HEADER);
    out.put_lenenc_int(done.affected_rows);
    out.put_lenenc_int(done.last_insert_id);
    out.extend_from_slice(&status.bits().to_le_bytes());
    out.extend_from_slice(&done.warnings.to_le_bytes());
    if !done.info.is_empty() {
        out.put_lenenc_str(done.info.as_bytes());
    }
}

/// The end of rows, or of column definitions for clients without DEPRECATE_EOF.
pub(super) fn end(out: &mut Vec<u8>, capabilities: CapabilityFlags, warnings: u16, status: StatusFlags) {
    out.push(EOF_HEADER);
    if capabilities.contains(CapabilityFlags::CLIENT_DEPRECATE_EOF) {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&status.bits().to_le_bytes());
        out.extend_from_slice(&warnings.to_le_bytes());
    } else {
        out.extend_from_slice(&warnings.to_le_bytes());
        out.extend_from_slice(&status.bits().to_le_bytes());
    }
}

/// An error as a client is told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ErrorReply {
    pub(super) errno: u16,
    pub(super) sqlstate: &'static str,
    pub(super) message: String,
}

impl From<&Error> for ErrorReply {
    fn from(error: &Error) -> Self {
        let code = sql_code::of(error.kind());
        ErrorReply { errno: code.errno, sqlstate: code.sqlstate, message: error.to_string() }
    }
}

impl ErrorReply {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.sqlstate.as_bytes();
        let state = bytes.try_into().expect("every SQLSTATE in the code has five characters");
        let error = ServerError::new(self.errno, Some(SqlState::new(state)), self.message.as_bytes());
        ErrPacket::Error(error).serialize(out);
    }

    pub(super) fn too_many_connections() -> Self {
        ErrorReply::of(1040, "08004", "Too many connections")
    }

    /// The text that clients recognise by its form; other errors of the check are told as they are.
    pub(super) fn login_failed(error: &Error, user: &str, peer: SocketAddr, password_given: bool) -> Self {
        if error.kind() != ErrorKind::AccessDenied {
            return ErrorReply::from(error);
        }
        let using = if password_given { "YES" } else { "NO" };
        let message = format!("Access denied for user '{user}'@'{}' (using password: {using})", peer.ip());
        ErrorReply { message, ..ErrorReply::from(error) }
    }

    pub(super) fn unknown_command() -> Self {
        ErrorReply::from(&Error::new(ErrorKind::UnknownCommand, "Unknown command"))
    }

    pub(super) fn malformed_packet() -> Self {
        ErrorReply::of(1835, "HY000", "Malformed communication packet")
    }

    pub(super) fn packet_too_large() -> Self {
        let message = "Got a packet bigger than 'max_allowed_packet' bytes";
        ErrorReply::from(&Error::new(ErrorKind::PacketTooLarge, message))
    }

    pub(super) fn interrupted() -> Self {
        ErrorReply::from(&Error::new(ErrorKind::Interrupted, "Query execution was interrupted"))
    }

    pub(super) fn empty_query() -> Self {
        ErrorReply::of(1065, "42000", "Query was empty")
    }

    pub(super) fn unknown_statement(id: u32, command: &str) -> Self {
        let message = format!("Unknown prepared statement handler ({id}) given to {command}");
        ErrorReply::of(1243, "HY000", message)
    }

    pub(super) fn too_many_statements(max: usize) -> Self {
        let message = format!("Can't create more than max_prepared_stmt_count statements (current value: {max})");
        ErrorReply::of(1461, "42000", message)
    }

    pub(super) fn too_many_placeholders() -> Self {
        ErrorReply::of(1390, "HY000", "Prepared statement contains too many placeholders")
    }

    pub(super) fn panicked(message: &str) -> Self {
        ErrorReply::from(&Error::internal("the server made a mistake and ends this connection").with("panic", message))
    }

    fn of(errno: u16, sqlstate: &'static str, message: impl Into<String>) -> Self {
        ErrorReply { errno, sqlstate, message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_kind_becomes_code_state_and_message() {
        let error = Error::new(ErrorKind::UnknownTable, "no such table").with("table", "t");
        let mut out = Vec::new();
        ErrorReply::from(&error).write(&mut out);
        assert_eq!(out, b"\xff\x7a\x04#42S02no such table (table: t)");
    }

    #[test]
    fn ends_differ_by_capability() {
        let status = status_flags(SessionStatus { in_transaction: true, ..SessionStatus::default() }, true);
        let cases: [(CapabilityFlags, &[u8]); 2] = [
            (CapabilityFlags::empty(), &[0xFE, 5, 0, 0x0B, 0]),
            (CapabilityFlags::CLIENT_DEPRECATE_EOF, &[0xFE, 0, 0, 0x0B, 0, 5, 0]),
        ];
        for (capabilities, expected) in cases {
            let mut out = Vec::new();
            end(&mut out, capabilities, 5, status);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn the_info_text_has_a_length() {
        let mut out = Vec::new();
        let done = Done { info: "Records: 2".to_string(), ..Done::affected(300) };
        ok(&mut out, &done, status_flags(SessionStatus::default(), false));
        assert_eq!(out, b"\0\xfc\x2c\x01\0\x02\0\0\0\x0aRecords: 2");
    }
}
