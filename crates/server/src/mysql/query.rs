//! Statements: COM_QUERY with one or several, and COM_STMT_PREPARE and COM_STMT_EXECUTE.

use crate::mysql::column;
use crate::mysql::connection::{Connection, guarded};
use crate::mysql::ok_err::ErrorReply;
use crate::mysql::prepared::Prepared;
use crate::mysql::result_set::{self, Failure, ReplyForm, RowFormat};
use crate::reply::ResultColumn;
use base::{Error, ErrorKind};
use mysql_common::constants::CapabilityFlags;
use tokio::io::{AsyncRead, AsyncWrite};

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Runs the statements of a COM_QUERY until one fails. Each has its own answer; all but the last announce another.
    pub(super) async fn query(&mut self, sql: &str) -> Result<(), Failure> {
        let statements = sql::split::statements(sql)?;
        let last = statements.len().checked_sub(1).ok_or_else(ErrorReply::empty_query)?;
        if last > 0 {
            self.allow_several(&statements)?;
        }
        for (i, statement) in statements.into_iter().enumerate() {
            self.run_statement("Query", statement, RowFormat::Text, i < last).await?;
        }
        Ok(())
    }

    /// Keeps a statement and describes its parameters and columns.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<(), Failure> {
        let statements = sql::split::statements(sql)?;
        let [statement] = statements[..] else {
            let several = |_| Error::parse("only one statement can be prepared at a time").into();
            return Err(statements.first().map_or_else(|| ErrorReply::empty_query().into(), several));
        };
        let prepared = Prepared::new(statement)?;
        let columns = self.describe(&prepared, statement).await?;
        let parameter_count = prepared.parameter_count();
        let column_count = u16::try_from(columns.len()).map_err(|_| unpreparable())?;
        let id = self.prepared.insert(prepared)?;
        self.writer.packet(|out| prepare_ok(out, id, column_count, parameter_count as u16));
        if parameter_count > 0 {
            for _ in 0..parameter_count {
                self.writer.packet(column::parameter);
            }
            self.write_definitions(&[]);
        }
        if !columns.is_empty() {
            self.write_definitions(&columns);
        }
        Ok(())
    }

    pub(super) async fn execute_prepared(&mut self, statement: u32, bound: &[u8]) -> Result<(), Failure> {
        let sql = self.prepared.bind(statement, bound)?;
        self.run_statement("Execute", &sql, RowFormat::Binary, false).await
    }

    async fn run_statement(
        &mut self,
        command: &'static str,
        sql: &str,
        rows: RowFormat,
        more_results: bool,
    ) -> Result<(), Failure> {
        let running = self.process.begin(command, Some(sql));
        let form = ReplyForm { rows, capabilities: self.capabilities, more_results };
        let work = result_set::execute(self.session.as_mut(), sql, &mut self.writer, form, &self.process);
        guarded(&mut self.reader, &running, work).await
    }

    /// The columns that a statement will have; none for a statement that is no query, and for a query whose columns
    /// depend on its parameters. Clients take what comes with the rows then.
    async fn describe(&mut self, prepared: &Prepared, sql: &str) -> Result<Vec<ResultColumn>, Failure> {
        let running = self.process.begin("Prepare", Some(sql));
        let has_parameters = prepared.parameter_count() > 0;
        let session = &mut self.session;
        let work = async {
            let mut described = session.describe(&prepared.with_each("NULL")?).await;
            // NULL fits everywhere but in some clauses, such as LIMIT, where a number does.
            let retried = |e: &Error| has_parameters && (e.kind() == ErrorKind::Parse || depends_on_values(e));
            if described.as_ref().is_err_and(retried) {
                described = session.describe(&prepared.with_each("1")?).await;
            }
            match described {
                Ok(columns) => Ok(columns.unwrap_or_default()),
                Err(e) if has_parameters && depends_on_values(&e) => Ok(Vec::new()),
                Err(e) if e.kind() == ErrorKind::Unsupported => Err(unpreparable().into()),
                Err(e) => Err(e.into()),
            }
        };
        guarded(&mut self.reader, &running, work).await
    }

    fn allow_several(&self, statements: &[&str]) -> Result<(), Failure> {
        const SHOWN_CHARACTERS: usize = 80;
        if self.capabilities.contains(CapabilityFlags::CLIENT_MULTI_STATEMENTS) {
            return Ok(());
        }
        let near: String = statements[1].chars().take(SHOWN_CHARACTERS).collect();
        let message =
            "several statements in one packet need the client's multi statements option, send them one by one";
        Err(Error::parse(message).with("near", near).into())
    }
}

/// Whether an error of a statement with made-up values says nothing about the statement with real ones.
fn depends_on_values(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::WrongValue)
}

/// Clients that get this send the statement as text instead.
fn unpreparable() -> ErrorReply {
    let message = "This command is not supported in the prepared statement protocol yet";
    ErrorReply::from(&Error::new(ErrorKind::UnsupportedPrepared, message))
}

fn prepare_ok(out: &mut Vec<u8>, id: u32, columns: u16, parameters: u16) {
    out.push(0);
    out.extend_from_slice(&id.to_le_bytes());
    out.extend_from_slice(&columns.to_le_bytes());
    out.extend_from_slice(&parameters.to_le_bytes());
    // A filler and no warnings.
    out.extend_from_slice(&[0, 0, 0]);
}
