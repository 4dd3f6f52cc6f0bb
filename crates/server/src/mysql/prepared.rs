//! Prepared statements of one connection.
//!
//! A statement is kept as text; executing it puts literals in the places of its `?`. So any statement can be prepared,
//! and the rest of the server sees plain SQL only.

use crate::mysql::ok_err::ErrorReply;
use crate::mysql::parameter::{self, ParameterType};
use base::limits::{MYSQL_PACKET_BYTES_MAX, PREPARED_STATEMENTS_MAX};
use mysql_common::io::ParseBuf;
use std::collections::{BTreeMap, HashMap};

/// The protocol counts parameters in 16 bits.
const PARAMETERS_MAX: usize = u16::MAX as usize;
/// Statement texts and long data that one connection may keep here.
const KEPT_BYTES_MAX: usize = 2 * MYSQL_PACKET_BYTES_MAX;

#[derive(Debug)]
pub(super) struct PreparedStatements {
    statements: HashMap<u32, Prepared>,
    id_next: u32,
    kept_bytes: usize,
}

/// One statement and what was sent for its next execution.
#[derive(Debug)]
pub(super) struct Prepared {
    text: String,
    /// Where each `?` stands.
    placeholders: Vec<usize>,
    /// As the client last sent them; empty before.
    types: Vec<ParameterType>,
    long_data: BTreeMap<u16, Vec<u8>>,
    /// COM_STMT_SEND_LONG_DATA has no answer, so its error is told by the next execution.
    long_data_error: Option<ErrorReply>,
}

impl Prepared {
    /// # Errors
    /// The text cannot be split into tokens, or has more than 65535 parameters.
    pub(super) fn new(text: &str) -> Result<Self, ErrorReply> {
        let placeholders = sql::split::placeholders(text).map_err(|e| ErrorReply::from(&e))?;
        if placeholders.len() > PARAMETERS_MAX {
            return Err(ErrorReply::too_many_placeholders());
        }
        Ok(Prepared {
            text: text.to_string(),
            placeholders,
            types: Vec::new(),
            long_data: BTreeMap::new(),
            long_data_error: None,
        })
    }

    pub(super) fn parameter_count(&self) -> usize {
        self.placeholders.len()
    }

    /// The statement with the same literal in every place.
    pub(super) fn with_each(&self, literal: &str) -> Result<String, ErrorReply> {
        self.assemble(|_, out| {
            out.extend_from_slice(literal.as_bytes());
            Ok(())
        })
    }

    /// The statement with the values of a COM_STMT_EXECUTE packet.
    fn bind(&mut self, bound: &[u8]) -> Result<String, ErrorReply> {
        let count = self.placeholders.len();
        if count == 0 {
            return Ok(self.text.clone());
        }
        let mut values = ParseBuf(bound);
        let nulls = values.checked_eat(count.div_ceil(8)).ok_or_else(ErrorReply::malformed_packet)?;
        let types_follow = values.checked_eat_u8().ok_or_else(ErrorReply::malformed_packet)?;
        if types_follow != 0 {
            self.types = (0..count).map(|_| ParameterType::read(&mut values)).collect::<Result<_, _>>()?;
        }
        if self.types.len() != count {
            return Err(ErrorReply::malformed_packet());
        }
        self.assemble(|i, out| {
            // `count` is at most 65535.
            if let Some(data) = self.long_data.get(&(i as u16)) {
                parameter::bytes(out, data);
                Ok(())
            } else if nulls[i / 8] & (1 << (i % 8)) != 0 {
                out.extend_from_slice(b"NULL");
                Ok(())
            } else {
                parameter::read_literal(out, self.types[i], &mut values)
            }
        })
    }

    fn assemble(
        &self,
        mut literal: impl FnMut(usize, &mut Vec<u8>) -> Result<(), ErrorReply>,
    ) -> Result<String, ErrorReply> {
        let text = self.text.as_bytes();
        let mut out = Vec::with_capacity(text.len() + self.placeholders.len() * 8);
        let mut copied = 0;
        for (i, at) in self.placeholders.iter().enumerate() {
            out.extend_from_slice(&text[copied..*at]);
            // `-?` with -1 would begin a comment, `?OR` with 1 would be one word.
            if !out.last().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'(' | b',')) {
                out.push(b' ');
            }
            literal(i, &mut out)?;
            copied = at + 1;
            if !text.get(copied).is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b')' | b',')) {
                out.push(b' ');
            }
        }
        out.extend_from_slice(&text[copied..]);
        String::from_utf8(out).map_err(|_| ErrorReply::malformed_packet())
    }

    fn clear_long_data(&mut self) -> usize {
        self.long_data_error = None;
        std::mem::take(&mut self.long_data).values().map(Vec::len).sum()
    }
}

impl PreparedStatements {
    pub(super) fn new() -> Self {
        PreparedStatements { statements: HashMap::new(), id_next: 1, kept_bytes: 0 }
    }

    /// Keeps a statement and returns its id, which is never 0.
    ///
    /// # Errors
    /// `too_many_statements` if the connection has too many or too long ones open.
    pub(super) fn insert(&mut self, statement: Prepared) -> Result<u32, ErrorReply> {
        let kept_bytes = self.kept_bytes + statement.text.len();
        if self.statements.len() >= PREPARED_STATEMENTS_MAX || kept_bytes > KEPT_BYTES_MAX {
            return Err(ErrorReply::too_many_statements(self.statements.len()));
        }
        let id = loop {
            let id = self.id_next;
            self.id_next = self.id_next.wrapping_add(1).max(1);
            if !self.statements.contains_key(&id) {
                break id;
            }
        };
        self.kept_bytes = kept_bytes;
        self.statements.insert(id, statement);
        Ok(id)
    }

    /// The SQL of an execution; long data is used up by it.
    ///
    /// # Errors
    /// `unknown_statement`, an error of earlier long data, or what is wrong with a value.
    pub(super) fn bind(&mut self, id: u32, bound: &[u8]) -> Result<String, ErrorReply> {
        let statement =
            self.statements.get_mut(&id).ok_or_else(|| ErrorReply::unknown_statement(id, "mysqld_stmt_execute"))?;
        let bind = match statement.long_data_error.take() {
            Some(error) => Err(error),
            None => statement.bind(bound),
        };
        self.kept_bytes -= statement.clear_long_data();
        bind
    }

    /// Adds to the value of a parameter for the next execution.
    pub(super) fn long_data(&mut self, id: u32, parameter: u16, data: &[u8]) {
        let Some(statement) = self.statements.get_mut(&id) else { return };
        if statement.long_data_error.is_some() {
            return;
        }
        if usize::from(parameter) >= statement.placeholders.len() {
            statement.long_data_error = Some(ErrorReply::malformed_packet());
            return;
        }
        if self.kept_bytes + data.len() > KEPT_BYTES_MAX {
            self.kept_bytes -= statement.clear_long_data();
            statement.long_data_error = Some(ErrorReply::packet_too_large());
            return;
        }
        self.kept_bytes += data.len();
        statement.long_data.entry(parameter).or_default().extend_from_slice(data);
    }

    /// Forgets long data.
    ///
    /// # Errors
    /// `unknown_statement`.
    pub(super) fn reset(&mut self, id: u32) -> Result<(), ErrorReply> {
        let statement =
            self.statements.get_mut(&id).ok_or_else(|| ErrorReply::unknown_statement(id, "mysqld_stmt_reset"))?;
        self.kept_bytes -= statement.clear_long_data();
        Ok(())
    }

    pub(super) fn close(&mut self, id: u32) {
        if let Some(mut statement) = self.statements.remove(&id) {
            self.kept_bytes -= statement.clear_long_data() + statement.text.len();
        }
    }

    pub(super) fn clear(&mut self) {
        *self = PreparedStatements { id_next: self.id_next, ..PreparedStatements::new() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> (PreparedStatements, u32) {
        let mut statements = PreparedStatements::new();
        let id = statements.insert(Prepared::new(text).unwrap()).unwrap();
        (statements, id)
    }

    #[test]
    fn literals_take_the_places_of_question_marks() {
        let one = |sql: &str| {
            let (mut statements, id) = prepared(sql);
            statements.bind(id, &[0, 1, 0x01, 0, 0xFF]).unwrap()
        };
        let cases = [
            ("select ?", "select -1"),
            ("select a-?", "select a- -1"),
            ("select ?OR b", "select -1 OR b"),
            ("values(?,2)", "values(-1,2)"),
            ("select '?', `?`, ? -- ?", "select '?', `?`, -1 -- ?"),
        ];
        for (sql, expected) in cases {
            assert_eq!(one(sql), expected);
        }
    }

    #[test]
    fn types_are_remembered_between_executions() {
        let (mut statements, id) = prepared("select ?, ?");
        assert_eq!(statements.bind(id, &[0, 0]).unwrap_err().errno, 1835, "types were never sent");
        assert_eq!(statements.bind(id, &[0b10, 1, 0x01, 0, 0x03, 0, 7]).unwrap(), "select 7, NULL");
        assert_eq!(statements.bind(id, &[0, 0, 8, 1, 0, 0, 0]).unwrap(), "select 8, 1");
        assert_eq!(statements.bind(id, b"\0\x01\x08\x00\xFD\x00\x02\0\0\0\0\0\0\0\x01x").unwrap(), "select 2, 'x'");
        assert_eq!(statements.bind(id + 1, &[]).unwrap_err().errno, 1243);
    }

    #[test]
    fn long_data_serves_one_execution() {
        let (mut statements, id) = prepared("insert into t values (?, ?)");
        let packet = [0, 1, 0xFC, 0, 0x01, 0, 5];
        statements.long_data(id, 0, b"it's ");
        statements.long_data(id, 0, b"long");
        assert_eq!(statements.bind(id, &packet).unwrap(), "insert into t values ('it''s long', 5)");
        assert_eq!(statements.bind(id, &packet[..6]).unwrap_err().errno, 1835, "the long data is used up");
        statements.long_data(id, 0, b"dropped");
        statements.reset(id).unwrap();
        assert_eq!(statements.bind(id, &[0b11, 0]).unwrap(), "insert into t values (NULL, NULL)");
        statements.long_data(id, 2, b"no such parameter");
        assert_eq!(statements.bind(id, &[0b11, 0]).unwrap_err().errno, 1835);
        assert!(statements.bind(id, &[0b11, 0]).is_ok(), "an error is told once");
        let before = statements.kept_bytes;
        statements.long_data(id, 0, &vec![b'x'; KEPT_BYTES_MAX]);
        assert_eq!((statements.bind(id, &packet).unwrap_err().errno, statements.kept_bytes), (1153, before));
    }

    #[test]
    fn closed_statements_make_room() {
        let (mut statements, first) = prepared("select 1");
        for _ in 1..PREPARED_STATEMENTS_MAX {
            statements.insert(Prepared::new("select 1").unwrap()).unwrap();
        }
        assert_eq!(statements.insert(Prepared::new("select 1").unwrap()).unwrap_err().errno, 1461);
        statements.close(first);
        statements.close(first);
        assert!(statements.insert(Prepared::new("select 1").unwrap()).is_ok());
        statements.clear();
        assert_eq!((statements.statements.len(), statements.kept_bytes), (0, 0));
    }

    #[test]
    fn parameters_are_counted_in_16_bits() {
        let many = format!("select {}", vec!["?"; PARAMETERS_MAX].join(","));
        assert_eq!(Prepared::new(&many).unwrap().parameter_count(), PARAMETERS_MAX);
        assert_eq!(Prepared::new(&format!("{many},?")).unwrap_err().errno, 1390);
    }
}
