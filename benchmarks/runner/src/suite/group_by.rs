//! GROUP BY day and vehicle type over millions of rows against DuckDB's own storage, and the same answers from a
//! materialized view.

use super::crash;
use crate::contestant::{Engine, compare_queries, report};
use crate::peer::Peer;
use crate::sample::{Bound, Goal, median_wall, ratio};
use crate::viewmill::Viewmill;
use crate::{Options, data};

const DEFINITION: &str = "SELECT date_trunc('day', CRASH_DATE) AS Time, VEHICLE_TYPE_CODE_1, count(*) AS CNT \
    FROM crash GROUP BY Time, VEHICLE_TYPE_CODE_1";

/// Dashboards ask a view again and again; only the first time finds the processor's caches full of the base table.
const VIEW_REPEATS: usize = 5;

/// A dashboard's question, asked of the base table and of the view.
const TOP_TYPES: [&str; 2] = [
    "SELECT VEHICLE_TYPE_CODE_1, count(*) AS c FROM crash WHERE CRASH_DATE >= '2014-06-01' AND CRASH_DATE < '2014-09-01' \
     GROUP BY VEHICLE_TYPE_CODE_1 ORDER BY c DESC LIMIT 10",
    "SELECT VEHICLE_TYPE_CODE_1, sum(CNT) AS c FROM daily WHERE Time >= '2014-06-01' AND Time < '2014-09-01' \
     GROUP BY VEHICLE_TYPE_CODE_1 ORDER BY c DESC LIMIT 10",
];
const DAYS: [&str; 2] = [
    "SELECT Time, sum(CNT) AS c FROM (SELECT date_trunc('day', CRASH_DATE) AS Time, VEHICLE_TYPE_CODE_1, count(*) AS CNT \
     FROM crash GROUP BY Time, VEHICLE_TYPE_CODE_1) t GROUP BY Time ORDER BY c DESC, Time LIMIT 10",
    "SELECT Time, sum(CNT) AS c FROM daily GROUP BY Time ORDER BY c DESC, Time LIMIT 10",
];

pub(crate) async fn run(options: &Options, group_by: bool, view: bool) -> Result<Vec<Goal>, String> {
    let csv = data::crash_csv(options)?;
    println!("\ngroup by: {} rows, {} rounds", crash::ROWS * options.copies, options.rounds);
    let mut viewmill = Viewmill::start(options).await?;
    viewmill.execute(&crash::create("crash")).await?;
    for _ in 0..options.copies {
        viewmill.stream_load("crash", &csv, crash::HEADERS).await?;
    }
    viewmill.settle().await?;
    let mut goals = Vec::new();
    if group_by {
        goals.push(against_duckdb(options, &csv, &mut viewmill).await?);
    }
    if view {
        goals.extend(from_view(options, &mut viewmill).await?);
    }
    println!("peak memory of Viewmill: {:.0} MiB", viewmill.peak_memory_mb()?);
    viewmill.end().await;
    Ok(goals)
}

async fn against_duckdb(options: &Options, csv: &std::path::Path, viewmill: &mut Viewmill) -> Result<Goal, String> {
    let mut duckdb = Peer::start(options, "duckdb")?;
    duckdb.execute(&crash::duckdb("crash", csv, options.copies))?;
    duckdb.execute("CHECKPOINT")?;
    let (_, rows) = viewmill.query(DEFINITION).await?;
    if rows.len() != crash::GROUPS {
        return Err(format!("{} groups, expected {}", rows.len(), crash::GROUPS));
    }
    let mut engines = [(Engine::Viewmill(viewmill), DEFINITION), (Engine::Peer(&mut duckdb), DEFINITION)];
    let samples = compare_queries("group by", &mut engines, options.rounds).await?;
    let value = ratio(&samples[0], &samples[1], |s| s.wall_s);
    println!("CPU ratio {:.2}", ratio(&samples[0], &samples[1], |s| s.cpu_s));
    Ok(Goal { text: "group by: time, Viewmill / DuckDB native".into(), value, bound: Bound::AtMost(2.0) })
}

async fn from_view(options: &Options, viewmill: &mut Viewmill) -> Result<Vec<Goal>, String> {
    viewmill.execute(&format!("CREATE MATERIALIZED VIEW daily REFRESH DEFERRED MANUAL AS {DEFINITION}")).await?;
    let refresh = viewmill.execute("REFRESH MATERIALIZED VIEW daily WITH SYNC MODE").await?;
    println!("full refresh {:.0} ms", refresh.wall_s * 1e3);
    let mut goals = Vec::new();
    let read_all = [DEFINITION, "SELECT Time, VEHICLE_TYPE_CODE_1, CNT FROM daily"];
    for (name, [base, view]) in [("all groups", read_all), ("ten busiest days", DAYS)] {
        let value = times_faster(options, viewmill, name, base, view).await?;
        goals.push(Goal { text: format!("view, {name}: times faster"), value, bound: Bound::AtLeast(100.0) });
    }
    // Reads an eighth of the base table, so it has no goal of its own.
    let [base, view] = TOP_TYPES;
    println!("three months: {:.1} times faster", times_faster(options, viewmill, "three months", base, view).await?);
    Ok(goals)
}

/// Asks both questions in turn on the same server; their answers must be equal.
async fn times_faster(
    options: &Options,
    viewmill: &mut Viewmill,
    name: &str,
    base: &str,
    view: &str,
) -> Result<f64, String> {
    let (mut from_base, mut from_view) = (Vec::new(), Vec::new());
    let (mut expected, mut got) = (viewmill.query(base).await?.1, viewmill.query(view).await?.1);
    expected.sort_unstable();
    got.sort_unstable();
    if expected != got {
        return Err(format!("view, {name}: the view answers differently"));
    }
    for _ in 0..options.rounds {
        from_base.push(viewmill.arrival(base).await?);
        for _ in 0..VIEW_REPEATS {
            from_view.push(viewmill.arrival(view).await?);
        }
    }
    report(name, "base table", &from_base);
    report(name, "view", &from_view);
    Ok(median_wall(&from_base) / median_wall(&from_view).max(1e-6))
}
