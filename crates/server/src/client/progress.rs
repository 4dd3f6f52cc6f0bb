//! One line on stderr while a statement runs, rewritten in place: how long it has run and what the server says it does.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

const FIRST_AFTER: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(500);

/// The line of one statement; gone when dropped.
pub(super) struct Progress {
    started: Instant,
    enabled: bool,
    next_draw: Instant,
    drawn: bool,
}

impl Progress {
    pub(super) fn start() -> Self {
        let started = Instant::now();
        Progress { started, enabled: io::stderr().is_terminal(), next_draw: started + FIRST_AFTER, drawn: false }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for `work` and meanwhile shows the state of connection `id`, asked for on a second connection.
    pub(super) async fn watch<T>(&mut self, work: impl Future<Output = T>, opts: &Opts, id: u32) -> T {
        if !self.enabled {
            return work.await;
        }
        tokio::pin!(work);
        let result = tokio::select! {
            biased;
            result = &mut work => Some(result),
            () = self.draw_state(opts, id) => None,
        };
        match result {
            Some(result) => result,
            None => work.await,
        }
    }

    /// For the time while rows arrive and are not seen on the terminal.
    pub(super) fn rows(&mut self, rows: u64) {
        if self.enabled && Instant::now() >= self.next_draw {
            self.draw(&format!("{rows} rows"));
        }
    }

    pub(super) fn clear(&mut self) {
        if self.drawn {
            // The line is a courtesy; a closed stderr must not fail the statement.
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.drawn = false;
        }
    }

    async fn draw_state(&mut self, opts: &Opts, id: u32) {
        tokio::time::sleep_until(self.next_draw.into()).await;
        self.draw("");
        let mut second = Conn::new(opts.clone()).await.ok();
        loop {
            let state = match &mut second {
                Some(conn) => state_of(conn, id).await,
                None => String::new(),
            };
            self.draw(&state);
            tokio::time::sleep(EVERY).await;
        }
    }

    fn draw(&mut self, what: &str) {
        let comma = if what.is_empty() { "" } else { ", " };
        let _ = write!(io::stderr(), "\r\x1b[K{:.1} s{comma}{what}", self.elapsed().as_secs_f64());
        let _ = io::stderr().flush();
        self.drawn = true;
        self.next_draw = Instant::now() + EVERY;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The column `State` of the connection's line in the process list; empty if there is nothing to say.
async fn state_of(conn: &mut Conn, id: u32) -> String {
    let Ok(rows) = conn.query::<mysql_async::Row, _>("SHOW FULL PROCESSLIST").await else { return String::new() };
    let text = |row: &mysql_async::Row, column: &str| row.get_opt::<String, _>(column).and_then(Result::ok);
    let line = rows.iter().find(|row| text(row, "Id").as_deref() == Some(&id.to_string()));
    let state = line.and_then(|row| text(row, "State")).unwrap_or_default();
    // This one only says that a statement runs.
    if state == "executing" { String::new() } else { state }
}
