"""The way of a new user: a table, a Stream Load with curl, a materialized view, queries, a crash.

On a smaller file than the full one (`benchmarks/gen_crash.py` with fewer records), so that a debug build is quick enough.
"""
import json
import subprocess
import sys

from server import ROOT, Server, eventually, rows

RECORDS, DAYS, GROUPS = 20_000, 73, 1_050
TABLE = """CREATE TABLE IF NOT EXISTS crashdata (
    CRASH_DATE DATETIME, BOROUGH STRING, ZIP_CODE STRING, LATITUDE INT, LONGITUDE INT, LOCATION STRING,
    ON_STREET_NAME STRING, CROSS_STREET_NAME STRING, OFF_STREET_NAME STRING, CONTRIBUTING_FACTOR_VEHICLE_1 STRING,
    CONTRIBUTING_FACTOR_VEHICLE_2 STRING, COLLISION_ID INT, VEHICLE_TYPE_CODE_1 STRING, VEHICLE_TYPE_CODE_2 STRING)"""
COLUMNS = ", ".join([
    "tmp_CRASH_DATE", "tmp_CRASH_TIME",
    "CRASH_DATE=str_to_date(concat_ws(' ', tmp_CRASH_DATE, tmp_CRASH_TIME), '%m/%d/%Y %H:%i')",
    "BOROUGH", "ZIP_CODE", "LATITUDE", "LONGITUDE", "LOCATION", "ON_STREET_NAME", "CROSS_STREET_NAME", "OFF_STREET_NAME",
    *(f"PERSONS_{i}" for i in range(8)), *(f"CONTRIBUTING_FACTOR_VEHICLE_{i}" for i in range(1, 6)), "COLLISION_ID",
    *(f"VEHICLE_TYPE_CODE_{i}" for i in range(1, 6)),
])
VIEW = """CREATE MATERIALIZED VIEW mv_crashdata
REFRESH ASYNC START("2024-01-01 00:00:00") EVERY(INTERVAL 10 MINUTE)
AS SELECT date_trunc('day', CRASH_DATE) AS Time, VEHICLE_TYPE_CODE_1, count(*) AS CNT
FROM quickstart.crashdata GROUP BY Time, VEHICLE_TYPE_CODE_1"""
KEYS = ["TxnId", "Label", "Status", "Message", "NumberTotalRows", "NumberLoadedRows", "NumberFilteredRows",
        "NumberUnselectedRows", "LoadBytes", "LoadTimeMs", "BeginTxnTimeMs", "StreamLoadPlanTimeMs", "ReadDataTimeMs",
        "WriteDataTimeMs", "CommitAndPublishTimeMs", "ErrorURL"]


def load(server, csv, label):
    headers = {"label": label, "column_separator": ",", "skip_header": "1", "enclose": '"', "max_filter_ratio": "1",
               "columns": COLUMNS}
    options = [word for name, value in headers.items() for word in ("-H", f"{name}:{value}")]
    return json.loads(server.curl("/api/quickstart/crashdata/_stream_load", "-T", csv, *options, "-XPUT"))


def run(checks):
    with Server() as server:
        csv = f"{server.folder}/crash.csv"
        generator = [sys.executable, str(ROOT / "benchmarks/gen_crash.py"), csv, "--rows", str(RECORDS), "--days", str(DAYS),
                     "--groups", str(GROUPS)]
        subprocess.run(generator, check=True)
        db = server.connect()
        for sql in ("CREATE DATABASE quickstart", "USE quickstart", TABLE):
            rows(db, sql)
        reply = load(server, csv, "crashdata-0")
        checks.equal("keys of the answer", list(reply), KEYS)
        checks.equal("load", [reply.get(k) for k in KEYS[2:8]], ["Success", "OK", RECORDS + 1, RECORDS, 1, 0])
        errors = subprocess.run(["curl", "-sS", reply.get("ErrorURL", "")], capture_output=True, text=True).stdout
        checks.that("the bad record and its reason are served", "29" in errors and "BEARD" in errors, errors)
        again = load(server, csv, "crashdata-0")
        checks.equal("the label again", (again.get("Status"), again.get("ExistingJobStatus")), ("Label Already Exists", "FINISHED"))

        rows(db, VIEW)
        done = eventually(lambda: rows(db, "SELECT 1 FROM information_schema.materialized_views WHERE LAST_REFRESH_STATE = 'SUCCESS'"))
        checks.that("the first refresh begins by itself", done)
        checks.equal("groups", rows(db, "SELECT count(*), sum(CNT) FROM mv_crashdata"), [(GROUPS, RECORDS)])
        definition = VIEW.split("AS SELECT", 1)[1]
        checks.equal("the view has the rows of its query", sorted(rows(db, "SELECT * FROM mv_crashdata"), key=repr),
                     sorted(rows(db, "SELECT" + definition), key=repr))
        load(server, csv, "crashdata-1")
        rows(db, "REFRESH MATERIALIZED VIEW mv_crashdata WITH SYNC MODE")
        checks.equal("after a second load", rows(db, "SELECT sum(CNT) FROM mv_crashdata"), [(2 * RECORDS,)])

        second = subprocess.run([*server.command()[:4], "--set", "query_port=0", "--set", "http_port=0"],
                                capture_output=True, text=True, timeout=60)
        checks.that("a second server on the directory is refused", second.returncode != 0, second.stderr)
        server.kill()
        server.start()
        db = server.connect(database="quickstart")
        checks.equal("rows after kill -9", rows(db, "SELECT count(*) FROM crashdata"), [(2 * RECORDS,)])
        checks.equal("the view after kill -9", rows(db, "SELECT sum(CNT) FROM mv_crashdata"), [(2 * RECORDS,)])
        checks.equal("labels after kill -9", load(server, csv, "crashdata-1").get("Status"), "Label Already Exists")
