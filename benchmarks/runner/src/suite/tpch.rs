//! TPC-H: Viewmill's tables, loaded by Stream Load, against DuckDB on Parquet files.

use crate::contestant::{Engine, compare_queries};
use crate::peer::Peer;
use crate::sample::{Bound, Goal, geometric_mean, ratio};
use crate::viewmill::Viewmill;
use crate::{Options, data};

const TABLES: [&str; 8] = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"];
const HEADERS: &[(&str, &str)] = &[("column_separator", ","), ("skip_header", "1"), ("enclose", "\"")];

pub(crate) async fn run(options: &Options) -> Result<Vec<Goal>, String> {
    let files = data::tpch(options)?;
    println!("\nTPC-H scale factor {}, {} rounds", options.scale_factor, options.rounds);
    let mut viewmill = Viewmill::start(options).await?;
    let mut duckdb = Peer::start(options, "duckdb")?;
    let folder = data::benchmarks_folder().join("tpch");
    let read = |name: String| std::fs::read_to_string(folder.join(&name)).map_err(|e| format!("{name}: {e}"));
    for statement in read("schema.sql".into())?.split("\n;\n").filter(|s| !s.trim().is_empty()) {
        viewmill.execute(statement).await?;
    }
    for table in TABLES {
        let (sample, rows) = viewmill.stream_load(table, &files.join(format!("{table}.csv")), HEADERS).await?;
        println!("loaded {table}: {rows} rows in {:.1} s", sample.wall_s);
        let parquet = files.join(format!("{table}.parquet"));
        duckdb.execute(&format!("CREATE VIEW {table} AS SELECT * FROM '{}'", parquet.display()))?;
    }
    viewmill.settle().await?;
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for number in 1..=22 {
        let sql = read(format!("q{number:02}.sql"))?;
        let mut engines = [(Engine::Viewmill(&mut viewmill), sql.as_str()), (Engine::Peer(&mut duckdb), sql.as_str())];
        let samples = compare_queries(&format!("q{number:02}"), &mut engines, options.rounds).await?;
        walls.push(ratio(&samples[0], &samples[1], |s| s.wall_s));
        cpus.push(ratio(&samples[0], &samples[1], |s| s.cpu_s));
    }
    println!("ratios: {}", walls.iter().map(|w| format!("{w:.2}")).collect::<Vec<_>>().join(" "));
    println!("CPU ratio, geometric mean {:.2}", geometric_mean(&cpus));
    println!("peak memory of Viewmill: {:.0} MiB", viewmill.peak_memory_mb()?);
    viewmill.end().await;
    let text = "TPC-H: time, Viewmill / DuckDB on Parquet, geometric mean".to_string();
    Ok(vec![Goal { text, value: geometric_mean(&walls), bound: Bound::AtMost(1.8) }])
}
