//! CSV into a committed table: Stream Load with curl against DuckDB's and ClickHouse's CREATE TABLE AS.

use super::crash;
use crate::contestant::report;
use crate::peer::Peer;
use crate::sample::{Bound, Goal, ratio};
use crate::viewmill::Viewmill;
use crate::{Options, data};

pub(crate) async fn run(options: &Options) -> Result<Vec<Goal>, String> {
    let csv = data::crash_csv(options)?;
    let bytes = std::fs::metadata(&csv).map_err(|e| e.to_string())?.len();
    println!("\nload: {} rows, {bytes} bytes, {} rounds", crash::ROWS, options.rounds);
    let mut viewmill = Viewmill::start(options).await?;
    let (mut duckdb, mut clickhouse) = (Peer::start(options, "duckdb")?, Peer::start(options, "clickhouse")?);
    let mut samples = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..=options.rounds {
        for turn in 0..samples.len() {
            let contestant = (turn + round) % samples.len();
            let sample = match contestant {
                0 => {
                    viewmill.execute("DROP TABLE IF EXISTS crash FORCE").await?;
                    viewmill.execute(&crash::create("crash")).await?;
                    let (sample, rows) = viewmill.stream_load("crash", &csv, crash::HEADERS).await?;
                    check_rows("Viewmill", rows)?;
                    sample
                }
                1 => {
                    duckdb.execute("DROP TABLE IF EXISTS crash")?;
                    duckdb.execute("CHECKPOINT")?;
                    let load = duckdb.execute(&crash::duckdb("crash", &csv, 1))?;
                    // Stream Load answers when the rows are on disk, so DuckDB's have to get there too.
                    let checkpoint = duckdb.execute("CHECKPOINT")?;
                    check_rows(&duckdb.version.clone(), count(&mut duckdb)?)?;
                    crate::sample::Sample {
                        wall_s: load.wall_s + checkpoint.wall_s,
                        cpu_s: load.cpu_s + checkpoint.cpu_s,
                    }
                }
                _ => {
                    clickhouse.execute("DROP TABLE IF EXISTS crash SYNC")?;
                    let sample = clickhouse.execute(&crash::clickhouse("crash", &csv))?;
                    check_rows(&clickhouse.version.clone(), count(&mut clickhouse)?)?;
                    sample
                }
            };
            if round > 0 {
                samples[contestant].push(sample);
            }
        }
    }
    let [ours, duck, click] = samples;
    report("load", "Viewmill", &ours);
    report("load", &duckdb.version, &duck);
    report("load", &clickhouse.version, &click);
    println!("peak memory of Viewmill: {:.0} MiB", viewmill.peak_memory_mb()?);
    viewmill.end().await;
    let goal = |text: String, value: f64, bound| Goal { text, value, bound };
    Ok(vec![
        goal("load: rows/s, Viewmill / DuckDB".into(), 1.0 / ratio(&ours, &duck, |s| s.wall_s), Bound::AtLeast(0.8)),
        goal(
            "load: rows per CPU second, Viewmill / DuckDB".into(),
            1.0 / ratio(&ours, &duck, |s| s.cpu_s),
            Bound::AtLeast(0.8),
        ),
    ])
}

fn count(peer: &mut Peer) -> Result<u64, String> {
    let (_, rows) = peer.query("SELECT count(*) FROM crash")?;
    let text = rows.first().and_then(|row| row.first().cloned().flatten()).unwrap_or_default();
    text.parse().map_err(|_| format!("count(*) gave {text:?}"))
}

fn check_rows(engine: &str, rows: u64) -> Result<(), String> {
    (rows == crash::ROWS).then_some(()).ok_or_else(|| format!("{engine} loaded {rows} rows of {}", crash::ROWS))
}
