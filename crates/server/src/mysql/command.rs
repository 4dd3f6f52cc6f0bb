//! Command packets after the login: one byte that says which, and what belongs to it.

use crate::mysql::ok_err::ErrorReply;
use base::{Error, ErrorKind};
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use std::collections::HashMap;

/// What a client asks for. Texts are as sent; [`text`] decodes them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Quit,
    InitDatabase(&'a [u8]),
    Query(&'a [u8]),
    FieldList {
        table: &'a [u8],
        pattern: &'a [u8],
    },
    Refresh,
    Statistics,
    Kill(u32),
    Ping,
    ChangeUser(ChangeUser),
    Prepare(&'a [u8]),
    /// `bound` is everything behind the iteration count.
    Execute {
        statement: u32,
        bound: &'a [u8],
    },
    LongData {
        statement: u32,
        parameter: u16,
        data: &'a [u8],
    },
    CloseStatement(u32),
    ResetStatement(u32),
    SetOption(u16),
    ResetConnection,
}

/// A login within a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChangeUser {
    pub(super) user: String,
    pub(super) scramble: Vec<u8>,
    pub(super) database: Option<String>,
    pub(super) plugin: Option<String>,
    pub(super) attributes: HashMap<String, String>,
}

impl<'a> Command<'a> {
    /// # Errors
    /// `unknown_command`, or `malformed_packet` if the packet ends early.
    pub(super) fn parse(payload: &'a [u8], capabilities: CapabilityFlags) -> Result<Self, ErrorReply> {
        let mut rest = ParseBuf(payload);
        let code = rest.checked_eat_u8().ok_or_else(ErrorReply::malformed_packet)?;
        Self::parse_body(code, &mut rest, capabilities)?.ok_or_else(ErrorReply::malformed_packet)
    }

    fn parse_body(
        code: u8,
        rest: &mut ParseBuf<'a>,
        capabilities: CapabilityFlags,
    ) -> Result<Option<Self>, ErrorReply> {
        Ok(match code {
            0x01 => Some(Command::Quit),
            0x02 => Some(Command::InitDatabase(rest.eat_all())),
            0x03 => Some(Command::Query(rest.eat_all())),
            0x04 => {
                let table = rest.eat_null_str();
                Some(Command::FieldList { table, pattern: rest.eat_all() })
            }
            0x07 => Some(Command::Refresh),
            0x09 => Some(Command::Statistics),
            0x0c => rest.checked_eat_u32_le().map(Command::Kill),
            0x0e => Some(Command::Ping),
            0x11 => ChangeUser::parse(rest, capabilities).map(Command::ChangeUser),
            0x16 => Some(Command::Prepare(rest.eat_all())),
            0x17 => Self::execute(rest),
            0x18 => Self::long_data(rest),
            0x19 => rest.checked_eat_u32_le().map(Command::CloseStatement),
            0x1a => rest.checked_eat_u32_le().map(Command::ResetStatement),
            0x1b => rest.checked_eat_u16_le().map(Command::SetOption),
            0x1f => Some(Command::ResetConnection),
            _ => return Err(ErrorReply::unknown_command()),
        })
    }

    /// Cursor flags are read over: rows are sent at once, which clients that asked for a cursor accept.
    fn execute(rest: &mut ParseBuf<'a>) -> Option<Self> {
        const CURSOR_AND_ITERATIONS_BYTES: usize = 5;
        let statement = rest.checked_eat_u32_le()?;
        rest.checked_eat(CURSOR_AND_ITERATIONS_BYTES)?;
        Some(Command::Execute { statement, bound: rest.eat_all() })
    }

    fn long_data(rest: &mut ParseBuf<'a>) -> Option<Self> {
        let statement = rest.checked_eat_u32_le()?;
        let parameter = rest.checked_eat_u16_le()?;
        Some(Command::LongData { statement, parameter, data: rest.eat_all() })
    }
}

impl ChangeUser {
    /// What stands behind the database may be left out, whatever the capabilities say.
    fn parse(rest: &mut ParseBuf<'_>, capabilities: CapabilityFlags) -> Option<Self> {
        let user = lossy(rest.eat_null_str());
        let scramble = rest.checked_eat_u8_str()?.to_vec();
        let database = Some(lossy(rest.eat_null_str())).filter(|name| !name.is_empty());
        let mut change = ChangeUser { user, scramble, database, plugin: None, attributes: HashMap::new() };
        let _charset = rest.checked_eat_u16_le();
        if capabilities.contains(CapabilityFlags::CLIENT_PLUGIN_AUTH) && !rest.is_empty() {
            change.plugin = Some(lossy(rest.eat_null_str()));
        }
        if capabilities.contains(CapabilityFlags::CLIENT_CONNECT_ATTRS) && !rest.is_empty() {
            let mut pairs = ParseBuf(rest.checked_eat_lenenc_str()?);
            while !pairs.is_empty() {
                let name = lossy(pairs.checked_eat_lenenc_str()?);
                change.attributes.insert(name, lossy(pairs.checked_eat_lenenc_str()?));
            }
        }
        Some(change)
    }
}

/// Decodes a statement or a name; some clients put a 0 behind it.
///
/// # Errors
/// 1064 with the position of the first byte that is not UTF-8: replacing it would change a literal unnoticed.
pub(super) fn text(bytes: &[u8]) -> Result<&str, ErrorReply> {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    std::str::from_utf8(&bytes[..end]).map_err(|e| {
        let message = "the statement is not UTF-8 text, write binary values as x'..'";
        ErrorReply::from(&Error::new(ErrorKind::Parse, message).with("byte", e.valid_up_to() + 1))
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart() {
        let cases: &[(&[u8], Command<'_>)] = &[
            (b"\x01", Command::Quit),
            (b"\x02default_catalog.", Command::InitDatabase(b"default_catalog.")),
            (b"\x03", Command::Query(b"")),
            (b"\x04t\0a%", Command::FieldList { table: b"t", pattern: b"a%" }),
            (b"\x04t", Command::FieldList { table: b"t", pattern: b"" }),
            (b"\x0c\x05\0\0\0", Command::Kill(5)),
            (b"\x0e", Command::Ping),
            (b"\x17\x01\0\0\0\0\x01\0\0\0rest", Command::Execute { statement: 1, bound: b"rest" }),
            (b"\x18\x01\0\0\0\x02\0data", Command::LongData { statement: 1, parameter: 2, data: b"data" }),
            (b"\x19\x09\0\0\0", Command::CloseStatement(9)),
            (b"\x1b\x01\0", Command::SetOption(1)),
        ];
        for (payload, expected) in cases {
            assert_eq!(&Command::parse(payload, CapabilityFlags::empty()).unwrap(), expected);
        }
        let errors: &[(&[u8], u16)] =
            &[(b"", 1835), (b"\x00", 1047), (b"\x05x", 1047), (b"\x1c", 1047), (b"\xfa", 1047), (b"\x19\x01", 1835)];
        for (payload, errno) in errors {
            assert_eq!(Command::parse(payload, CapabilityFlags::empty()).unwrap_err().errno, *errno, "{payload:?}");
        }
    }

    #[test]
    fn change_user_may_end_early() {
        let all = CapabilityFlags::CLIENT_PLUGIN_AUTH | CapabilityFlags::CLIENT_CONNECT_ATTRS;
        type Case = (&'static [u8], CapabilityFlags, Option<&'static str>, Option<&'static str>, usize);
        let cases: &[Case] = &[
            (b"\x11t\0\x02abdemo\0\x21\0", all, Some("demo"), None, 0),
            (b"\x11t\0\x00\0\xff\0caching_sha2_password\0", all, None, Some("caching_sha2_password"), 0),
            (b"\x11t\0\x00demo\0\x2d\0p\0\x05\x01k\x02vv", all, Some("demo"), Some("p"), 1),
            (b"\x11t\0\x00demo\0", CapabilityFlags::empty(), Some("demo"), None, 0),
        ];
        for (payload, capabilities, database, plugin, attributes) in cases {
            let Command::ChangeUser(found) = Command::parse(payload, *capabilities).unwrap() else { panic!() };
            assert_eq!(
                (found.user.as_str(), found.database.as_deref(), found.plugin.as_deref()),
                ("t", *database, *plugin)
            );
            assert_eq!(found.attributes.len(), *attributes);
        }
        assert_eq!(Command::parse(b"\x11t\0\x14abc", all).unwrap_err().errno, 1835);
    }

    #[test]
    fn text_must_be_utf8() {
        assert_eq!(text(b"select 1\0").unwrap(), "select 1");
        assert_eq!(text("select 'é'".as_bytes()).unwrap(), "select 'é'");
        let error = text(b"select '\xff\xfe'").unwrap_err();
        assert_eq!((error.errno, error.message.contains("byte: 9")), (1064, true), "{}", error.message);
    }
}
