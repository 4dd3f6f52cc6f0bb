//! One client, from its first byte to its last: login, then command after command.
//!
//! Whatever a command does runs under a guard: `KILL`, the client's disappearance and a panic all end it, and only it.
//! The output buffer holds whole packets at every await, so an error packet can follow at any time.

use crate::mysql::command::{ChangeUser, Command, text};
use crate::mysql::frontend::{ClientSession, Frontend};
use crate::mysql::handshake::{self, Gate};
use crate::mysql::native_password::SALT_BYTES;
use crate::mysql::ok_err::{ErrorReply, end, ok, status_flags};
use crate::mysql::packet::{Incoming, PacketReader, PacketWriter};
use crate::mysql::prepared::PreparedStatements;
use crate::mysql::result_set::{Failure, write_definitions};
use crate::process_list::{Registration, Running};
use crate::reply::Done;
use base::limits::MYSQL_HANDSHAKE_TIMEOUT_MS;
use base::metrics::Metric;
use futures::FutureExt;
use mysql_common::constants::CapabilityFlags;
use std::any::Any;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

static PANICS: Metric = Metric::counter("mysql_panics_total", "MySQL commands that ended by a panic");

/// How long the last packet to a client that is being thrown out may take.
pub(super) const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// A logged-in client.
pub(super) struct Connection<R, W> {
    pub(super) reader: PacketReader<R>,
    pub(super) writer: PacketWriter<W>,
    pub(super) session: Box<dyn ClientSession>,
    pub(super) process: Registration,
    /// What both sides can do; COM_SET_OPTION changes MULTI_STATEMENTS.
    pub(super) capabilities: CapabilityFlags,
    pub(super) prepared: PreparedStatements,
    frontend: Arc<dyn Frontend>,
    peer: SocketAddr,
    salt: [u8; SALT_BYTES],
}

/// Serves one client until it quits, is killed, is idle for too long, or `shutdown` is raised while it is idle.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    frontend: Arc<dyn Frontend>,
    process: Registration,
    shutdown: CancellationToken,
) {
    if let Err(e) = crate::sockets::prepare(&stream) {
        debug!(%peer, error = %e, "the client left at once");
        return;
    }
    let (read, write) = stream.into_split();
    let (mut reader, mut writer) = (PacketReader::new(read), PacketWriter::new(write));
    let gate = Gate { frontend: frontend.as_ref(), process: &process, peer };
    let login = tokio::select! {
        biased;
        () = process.killed() => return,
        () = shutdown.cancelled() => return,
        login = tokio::time::timeout(
            Duration::from_millis(MYSQL_HANDSHAKE_TIMEOUT_MS),
            handshake::log_in(&mut reader, &mut writer, gate),
        ) => login,
    };
    let Ok(login) = login else {
        debug!(%peer, "the client did not log in in time");
        return;
    };
    match login {
        Ok(login) => {
            reader.authenticated();
            let (session, capabilities, salt) = (login.session, login.capabilities, login.salt);
            let prepared = PreparedStatements::new();
            let mut connection =
                Connection { reader, writer, session, process, capabilities, prepared, frontend, peer, salt };
            connection.write_ok();
            connection.run(&shutdown).await;
        }
        Err(Failure::Reply(error) | Failure::Last(error)) => {
            writer.packet(|out| error.write(out));
            // A client that does not take its refusal is closed all the same.
            let _ = tokio::time::timeout(FAREWELL_TIMEOUT, writer.flush()).await;
        }
        Err(Failure::Gone) => debug!(%peer, "the client did not finish its login"),
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    async fn run(&mut self, shutdown: &CancellationToken) {
        let mut open = self.flush().await;
        while open {
            self.process.set_idle();
            self.writer.set_stall_timeout(self.session.write_timeout());
            let Some(incoming) = self.next(shutdown).await else { return };
            let answered = match incoming {
                Incoming::Packet { payload, sequence } => {
                    self.writer.answer_to(sequence);
                    self.command(&payload).await
                }
                Incoming::TooLarge { sequence } => {
                    self.writer.answer_to(sequence);
                    Err(ErrorReply::packet_too_large().into())
                }
                Incoming::End => return,
            };
            open = self.settle(answered).await;
        }
    }

    /// The next packet, or `None` if the connection shall end.
    async fn next(&mut self, shutdown: &CancellationToken) -> Option<Incoming> {
        let wait_timeout = self.session.wait_timeout();
        let incoming = async {
            match tokio::time::timeout(wait_timeout, self.reader.ready()).await {
                Ok(ready) => ready?,
                Err(_) => return Ok(Incoming::End),
            }
            self.reader.next().await
        };
        tokio::select! {
            biased;
            () = self.process.killed() => None,
            () = shutdown.cancelled() => None,
            incoming = incoming => match incoming {
                Ok(incoming) => Some(incoming),
                Err::<_, std::io::Error>(e) => {
                    debug!(peer = %self.peer, error = %e, "the connection broke");
                    None
                }
            },
        }
    }

    /// Tells the client what went wrong and sends what is pending. Returns whether the connection goes on.
    async fn settle(&mut self, answered: Result<(), Failure>) -> bool {
        let (error, last) = match answered {
            Ok(()) => (None, false),
            Err(Failure::Reply(error)) => (Some(error), false),
            Err(Failure::Last(error)) => (Some(error), true),
            Err(Failure::Gone) => return false,
        };
        if let Some(error) = error {
            self.writer.discard_unfinished();
            self.writer.packet(|out| error.write(out));
        }
        self.flush().await && !last
    }

    /// Sends what is pending; false if the connection shall end.
    async fn flush(&mut self) -> bool {
        let sent = tokio::select! {
            biased;
            () = self.process.killed() => None,
            () = self.reader.closed() => Some(false),
            sent = self.writer.flush() => Some(sent.is_ok()),
        };
        if let Some(sent) = sent {
            return sent;
        }
        // Killed: the client is closed whether it takes its last packet or not.
        let _ = tokio::time::timeout(FAREWELL_TIMEOUT, self.writer.flush()).await;
        false
    }

    async fn command(&mut self, payload: &[u8]) -> Result<(), Failure> {
        match Command::parse(payload, self.capabilities)? {
            Command::Quit => Err(Failure::Gone),
            Command::InitDatabase(name) => self.use_database(text(name)?).await,
            Command::Query(sql) => self.query(text(sql)?).await,
            Command::FieldList { table, pattern } => self.field_list(text(table)?, text(pattern)?).await,
            // Nothing is cached that a refresh would have to throw away.
            Command::Refresh | Command::Ping => {
                drop(self.process.begin("Ping", None));
                self.write_ok();
                Ok(())
            }
            Command::Statistics => {
                drop(self.process.begin("Statistics", None));
                let text = self.statistics();
                self.writer.packet(|out| out.extend_from_slice(text.as_bytes()));
                Ok(())
            }
            // Who may kill whom is for the statement to decide.
            Command::Kill(id) => self.query(&format!("KILL CONNECTION {id}")).await,
            Command::ChangeUser(request) => self.change_user(request).await,
            Command::Prepare(sql) => self.prepare(text(sql)?).await,
            Command::Execute { statement, bound } => self.execute_prepared(statement, bound).await,
            Command::LongData { statement, parameter, data } => {
                self.prepared.long_data(statement, parameter, data);
                Ok(())
            }
            Command::CloseStatement(statement) => {
                self.prepared.close(statement);
                Ok(())
            }
            Command::ResetStatement(statement) => {
                self.prepared.reset(statement)?;
                self.write_ok();
                Ok(())
            }
            Command::SetOption(option) => self.set_option(option),
            Command::ResetConnection => self.reset().await,
        }
    }

    async fn use_database(&mut self, name: &str) -> Result<(), Failure> {
        let running = self.process.begin("Init DB", Some(name));
        let work = async { Ok(self.session.use_database(name).await?) };
        guarded(&mut self.reader, &running, work).await?;
        self.write_ok();
        Ok(())
    }

    async fn field_list(&mut self, table: &str, pattern: &str) -> Result<(), Failure> {
        /// There is no default value to tell, which is the length of NULL.
        const NO_DEFAULT: u8 = 0xFB;
        let running = self.process.begin("Field List", Some(table));
        let work = async { Ok(self.session.field_list(table).await?) };
        let columns = guarded(&mut self.reader, &running, work).await?;
        for column in columns.iter().filter(|column| pattern.is_empty() || like(&column.name, pattern)) {
            self.writer.packet(|out| {
                crate::mysql::column::definition(out, column);
                out.push(NO_DEFAULT);
            });
        }
        self.write_end();
        Ok(())
    }

    async fn change_user(&mut self, request: ChangeUser) -> Result<(), Failure> {
        let running = self.process.begin("Change user", None);
        let gate = Gate { frontend: self.frontend.as_ref(), process: &self.process, peer: self.peer };
        let login =
            handshake::change_user(&mut self.reader, &mut self.writer, gate, request, (&self.salt, self.capabilities));
        let login = AssertUnwindSafe(login).catch_unwind();
        let session = tokio::select! {
            biased;
            () = running.token().cancelled() => return Err(ErrorReply::interrupted().into()),
            login = tokio::time::timeout(Duration::from_millis(MYSQL_HANDSHAKE_TIMEOUT_MS), login) => {
                login.map_err(|_| Failure::Gone)?.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))?
            }
        };
        self.session = session;
        self.prepared.clear();
        self.write_ok();
        Ok(())
    }

    async fn reset(&mut self) -> Result<(), Failure> {
        let running = self.process.begin("Reset Connection", None);
        let work = async {
            self.session.reset().await;
            Ok(())
        };
        guarded(&mut self.reader, &running, work).await?;
        self.prepared.clear();
        self.write_ok();
        Ok(())
    }

    fn set_option(&mut self, option: u16) -> Result<(), Failure> {
        const MULTI_STATEMENTS_ON: u16 = 0;
        const MULTI_STATEMENTS_OFF: u16 = 1;
        if !matches!(option, MULTI_STATEMENTS_ON | MULTI_STATEMENTS_OFF) {
            return Err(ErrorReply::unknown_command().into());
        }
        self.capabilities.set(CapabilityFlags::CLIENT_MULTI_STATEMENTS, option == MULTI_STATEMENTS_ON);
        self.write_end();
        Ok(())
    }

    /// Names and values with two spaces between pairs, as clients split them.
    fn statistics(&self) -> String {
        let totals = self.frontend.processes().totals();
        let average = totals.questions as f64 / totals.uptime_seconds.max(1) as f64;
        format!(
            "Uptime: {}  Threads: {}  Questions: {}  Slow queries: 0  Opens: 0  Flush tables: 1  Open tables: 0  \
             Queries per second avg: {average:.3}",
            totals.uptime_seconds, totals.connections, totals.questions
        )
    }

    fn write_ok(&mut self) {
        let status = status_flags(self.session.status(), false);
        self.writer.packet(|out| ok(out, &Done::default(), status));
    }

    fn write_end(&mut self) {
        let (capabilities, status) = (self.capabilities, status_flags(self.session.status(), false));
        self.writer.packet(|out| end(out, capabilities, 0, status));
    }

    /// Writes the definitions of `columns` and their end.
    pub(super) fn write_definitions(&mut self, columns: &[crate::reply::ResultColumn]) {
        let status = status_flags(self.session.status(), false);
        write_definitions(columns, &mut self.writer, self.capabilities, status);
    }
}

/// Runs a command's work until it is done, killed, panics, or its client is gone.
pub(super) async fn guarded<R: AsyncRead + Unpin, T>(
    reader: &mut PacketReader<R>,
    running: &Running,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    // The session is not used again after a panic, so nobody sees what it left half done.
    let work = AssertUnwindSafe(work).catch_unwind();
    tokio::select! {
        biased;
        () = running.token().cancelled() => Err(ErrorReply::interrupted().into()),
        () = reader.closed() => Err(Failure::Gone),
        finished = work => finished.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    PANICS.add(1);
    error!(panic = message, "a MySQL command panicked, its connection is closed");
    Failure::Last(ErrorReply::panicked(message))
}

/// Whether a name matches a LIKE pattern with `%`, `_` and `\`; letters match in either case.
fn like(name: &str, pattern: &str) -> bool {
    fn matches(name: &[char], pattern: &[char]) -> bool {
        match (pattern, name) {
            ([], _) => name.is_empty(),
            (['%', rest @ ..], _) => (0..=name.len()).any(|skipped| matches(&name[skipped..], rest)),
            (['_', rest @ ..], [_, name @ ..]) => matches(name, rest),
            (['\\', literal, rest @ ..], [first, name @ ..]) => first == literal && matches(name, rest),
            ([literal, rest @ ..], [first, name @ ..]) => first == literal && matches(name, rest),
            (_, []) => false,
        }
    }
    let folded = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    matches(&folded(name), &folded(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_patterns() {
        for (name, pattern, expected) in [
            ("id", "%", true),
            ("Id", "iD", true),
            ("order_id", "%\\_id", true),
            ("orderxid", "%\\_id", false),
            ("ab", "a_", true),
            ("a", "a_", false),
            ("abc", "%b", false),
        ] {
            assert_eq!(like(name, pattern), expected, "{name} {pattern}");
        }
    }
}
