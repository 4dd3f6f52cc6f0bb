"""A front end and compute nodes: queries are spread, and nodes die, freeze, stop and come back."""
import json
import signal
import socket
import subprocess
import threading
import time

import pymysql
import requests

from server import Cluster, Node, Server, eventually, rows

ROWS = 30_000
TOTALS = "SELECT g, count(*), sum(v) FROM d.t GROUP BY g ORDER BY g"
EXPECTED = [(g, ROWS // 10, sum(range(g, ROWS, 10))) for g in range(10)]
# Some seconds of work for a dev build.
SLOW = "SELECT count(*), sum(a.v % 7 + b.v % 5) FROM d.t a JOIN d.t b ON a.v % 3 = b.v % 3"
SILENCE_S = 2
# Asked of a cluster and of one process; the table is one file, which nodes read in parts.
ALIKE = """
SELECT count(v), sum(v) FROM d.one
SELECT g, count(*), sum(v) FROM d.one GROUP BY g ORDER BY g LIMIT 3
SELECT count(*) FROM (SELECT DISTINCT v FROM d.one) x
SELECT v FROM d.one ORDER BY v DESC LIMIT 3
SELECT v FROM d.one ORDER BY v LIMIT 3 OFFSET 29998
SELECT count(*) FROM (SELECT v FROM d.one LIMIT 100) x
SELECT max(v) - min(v), count(DISTINCT g) FROM d.one
SELECT sum(s) FROM (SELECT v, sum(v) OVER (PARTITION BY g ORDER BY v) s FROM d.one) x
SELECT sum(r) FROM (SELECT row_number() OVER (ORDER BY v) r FROM d.one) x
SELECT count(*) FROM (SELECT v FROM d.one UNION ALL SELECT v FROM d.one) x
SELECT count(*) FROM (SELECT v FROM d.one UNION SELECT v FROM d.one) x
SELECT * FROM (SELECT v FROM d.one WHERE v = 5 UNION ALL SELECT 7) x ORDER BY 1
SELECT count(*) FROM d.one a JOIN d.one b ON a.v = b.v
SELECT count(*) FROM d.one a LEFT JOIN d.one b ON a.v = b.v + 15000
SELECT count(*) FROM d.one a FULL JOIN d.one b ON a.v = b.v + 15000
SELECT sum(a.v * b.v) FROM d.one a JOIN d.one b ON a.v < b.v WHERE a.v < 100 AND b.v < 100
SELECT count(*) FROM d.one a, d.one b WHERE a.v < 10 AND b.v < 10
SELECT count(*) FROM d.one WHERE v IN (SELECT v FROM d.one WHERE g = 3)
SELECT count(*) FROM d.one WHERE v NOT IN (SELECT v FROM d.one WHERE g = 3)
SELECT count(*), sum(a.v) FROM d.one a WHERE EXISTS (SELECT 1 FROM d.one b WHERE b.v = a.v * 2)
SELECT g, (SELECT max(v) FROM d.one) m FROM d.one WHERE v < 2 ORDER BY g
SELECT group_concat(v ORDER BY v) FROM d.one WHERE v < 5
SELECT count(*), sum(x.s) FROM d.one b CROSS JOIN (SELECT sum(v) s FROM d.one) x
SELECT count(*), sum(x.s) FROM d.one b JOIN (SELECT g, sum(v) s FROM d.one GROUP BY g) x ON b.g = x.g
SELECT count(*) FROM d.one b CROSS JOIN (SELECT v FROM d.one LIMIT 10) x
SELECT count(*), sum(b.v) FROM d.one b JOIN (SELECT v FROM d.one ORDER BY v DESC LIMIT 10) x ON b.v = x.v
SELECT count(*) FROM d.one b CROSS JOIN (SELECT DISTINCT g FROM d.one) x
SELECT count(*), sum(r) FROM d.one b JOIN (SELECT v, row_number() OVER (ORDER BY v) r FROM d.one) x ON b.v = x.v
""".strip().splitlines()


def run(checks):
    with Cluster(2) as cluster:
        rows(cluster.connect(), "CREATE DATABASE d")
        rows(cluster.connect(), "CREATE TABLE d.t (v BIGINT, g INT)")
        for part in range(4):
            first, last = part * ROWS // 4, (part + 1) * ROWS // 4 - 1
            rows(cluster.connect(), "INSERT INTO d.t SELECT generate_series, generate_series % 10 "
                                    f"FROM TABLE(generate_series({first}, {last}))")
        shown(checks, cluster)
        spread(checks, cluster)
        alike(checks, cluster)
        written(checks, cluster)
        loaded(checks, cluster)
        killed_while_loading(checks, cluster)
        killed(checks, cluster)
        lost_at_work(checks, cluster, signal.SIGSTOP)
        lost_at_work(checks, cluster, signal.SIGKILL)
        front_end_killed(checks, cluster)
        stopped_and_dropped(checks, cluster)
        strangers(checks)
        alone(checks, cluster)


def shown(checks, cluster):
    nodes = cluster.status()
    checks.equal("ports of the nodes", sorted(int(n["BePort"]) for n in nodes), sorted(n.rpc_port for n in cluster.nodes))
    checks.that("nodes tell cores and memory", all(int(n["CpuCores"]) > 0 and "GB" in n["MemLimit"] for n in nodes), nodes)
    with cluster.connect().cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SHOW FRONTENDS")
        front_end = cursor.fetchone()
    checks.equal("the front end", (int(front_end["RpcPort"]), front_end["Role"], front_end["Alive"]),
                 (cluster.rpc_port, "LEADER", "true"))


def spread(checks, cluster):
    checks.equal("rows of both nodes", rows(cluster.connect(), TOTALS), EXPECTED)
    plan = [line for line, in rows(cluster.connect(), "EXPLAIN " + TOTALS)]
    named = [line for line in plan if line.startswith("NODES: ")]
    checks.that("EXPLAIN names the nodes", named and all(str(n.rpc_port) in named[0] for n in cluster.nodes), plan)
    plan = [line for line, in rows(cluster.connect(), "EXPLAIN SELECT 1")]
    checks.that("EXPLAIN says why a small query stays", any("NODES: this one, reads 0 bytes" in l for l in plan), plan)
    measured = "\n".join(line for line, in rows(cluster.connect(), "EXPLAIN ANALYZE " + TOTALS))
    checks.that("EXPLAIN ANALYZE counts rows on the nodes", "Stage 1" in measured and "output_rows" in measured, measured)


def alike(checks, cluster):
    with Server() as alone:
        rows(alone.connect(), "CREATE DATABASE d")
        for server in (alone, cluster):
            rows(server.connect(), "CREATE TABLE d.one (v BIGINT, g INT)")
            rows(server.connect(), "INSERT INTO d.one SELECT generate_series, generate_series % 10 "
                                   f"FROM TABLE(generate_series(0, {ROWS - 1}))")
        plan = "\n".join(line for line, in rows(cluster.connect(), "EXPLAIN " + ALIKE[0]))
        checks.that("one file is read in parts", ".parquet:0.." in plan and "t1:" in plan, plan)
        for parallelism in (0, 1, 2):
            here, there = alone.connect(), cluster.connect()
            for connection in (here, there):
                rows(connection, f"SET parallelism = {parallelism}")
            for question in ALIKE:
                checks.equal(f"{question}, {parallelism}", rows(there, question), rows(here, question))


def written(checks, cluster):
    """INSERT and refreshes of views write where they compute."""
    for sql in ("CREATE TABLE d.copy (v BIGINT, g INT NOT NULL) PARTITION BY (g)",
                "CREATE MATERIALIZED VIEW d.totals REFRESH DEFERRED MANUAL AS SELECT g, count(*) AS n, sum(v) AS s FROM d.t GROUP BY g"):
        rows(cluster.connect(), sql)
    for sql in ("INSERT INTO d.copy SELECT * FROM d.t", "REFRESH MATERIALIZED VIEW d.totals WITH SYNC MODE"):
        before = spread_count(cluster)
        rows(cluster.connect(), sql)
        checks.equal(f"spread: {sql}", spread_count(cluster) > before, True)
    checks.equal("rows that were inserted", rows(cluster.connect(), TOTALS.replace("d.t", "d.copy")), EXPECTED)
    checks.equal("rows of the view", rows(cluster.connect(), "SELECT * FROM d.totals ORDER BY g"), EXPECTED)
    try:
        rows(cluster.connect(), "INSERT INTO d.copy SELECT v, if(v = 29999, NULL, g) FROM d.t")
        checks.that("an error of a node's writer", False, "it committed")
    except pymysql.MySQLError as error:
        checks.equal("an error of a node's writer", error.args, (1048, "Column 'g' cannot be null"))
    checks.equal("nothing of it is there", rows(cluster.connect(), TOTALS.replace("d.t", "d.copy")), EXPECTED)


def loaded(checks, cluster):
    """Stream Load: clients are sent on to a node, or their bodies are passed on."""
    rows(cluster.connect(), "CREATE TABLE d.l (a INT, b STRING)")
    body = "".join(f"{n},x\n" for n in range(1000)) + "bad\n"
    options = ["-H", "column_separator:,", "-H", "max_filter_ratio:0.5", "--data-binary", body, "-XPUT"]
    path = "/api/d/l/_stream_load"
    headers = cluster.curl(path, "-D", "-", "-o", "/dev/null", "-H", "label:sent", "-H", "Expect: 100-continue", *options)
    checks.that("a client that waits is sent on", "307" in headers and "location: http://root:@127.0.0.1:" in headers, headers)
    passed = json.loads(cluster.curl(path, "-H", "label:passed", "-H", "Expect:", *options))
    checks.equal("a body that comes at once is passed on", (passed["Status"], passed["NumberLoadedRows"]), ("Success", 1000))
    checks.that("its bad row can be read", "Row: bad" in requests.get(passed["ErrorURL"], timeout=10).text, passed)
    again = json.loads(cluster.curl(path, "-H", "label:sent", "-H", "Expect: 100-continue", *options))
    checks.equal("a label counts for all nodes", (again["Status"], again["ExistingJobStatus"]),
                 ("Label Already Exists", "FINISHED"))
    checks.equal("rows of both loads", rows(cluster.connect(), "SELECT count(*), sum(a) FROM d.l"), [(2000, 999000)])
    denied = requests.put(cluster.url(path), data="1,x", auth=("root", "wrong"), timeout=10)
    checks.equal("a wrong password", denied.status_code, 401)
    checks.equal("nobody else's table", json.loads(cluster.curl("/api/d/nosuch/_stream_load", *options))["Status"], "Fail")


def killed_while_loading(checks, cluster):
    """The node that loads dies: nothing is loaded, and the label is free."""
    blocked = socket.create_connection(("127.0.0.1", cluster.http_port))
    head = ("PUT /api/d/l/_stream_load HTTP/1.1\r\nHost: h\r\nAuthorization: Basic cm9vdDo=\r\nlabel: blocked\r\n"
            "column_separator: ,\r\nContent-Length: 100\r\n\r\n1,x\n")
    blocked.sendall(head.encode())
    state = lambda: requests.get(cluster.url("/api/d/get_load_state?label=blocked"), auth=("root", ""), timeout=10).json()
    checks.equal("a load waits for its body", eventually(lambda: state()["state"] == "PREPARE"), True)
    for node in cluster.nodes:
        node.kill()
    checks.equal("its label is free once the node is gone", eventually(lambda: state()["state"] == "UNKNOWN"), True)
    blocked.settimeout(60)
    answer = blocked.recv(10_000).decode()
    checks.that("the client is told", "does not answer" in answer, answer)
    for node in cluster.nodes:
        node.start()
    checks.that("nodes come back", eventually(lambda: cluster.alive() == 2), cluster.status())
    checks.equal("nothing was loaded", rows(cluster.connect(), "SELECT count(*) FROM d.l"), [(2000,)])


def spread_count(cluster):
    text = requests.get(cluster.url("/metrics"), timeout=10).text
    return next(float(line.split()[1]) for line in text.splitlines() if "engine_spread_queries_total " in line and line[0] != "#")


def killed(checks, cluster):
    cluster.nodes[0].kill()
    checks.equal("a query at once after a node was killed", rows(cluster.connect(), TOTALS), EXPECTED)
    begun = time.monotonic()
    checks.that("its loss is noticed", eventually(lambda: cluster.alive() == 1, SILENCE_S), cluster.status())
    checks.that(f"within {SILENCE_S} s", time.monotonic() - begun < SILENCE_S)
    cluster.nodes[0].start()
    checks.that("it comes back", eventually(lambda: cluster.alive() == 2), cluster.status())


def lost_at_work(checks, cluster, how):
    """A frozen process keeps its connections; only its silence tells. What the node worked on begins again, once."""
    name, node, outcome = how.name, cluster.nodes[1], {}
    rows(cluster.connect(), f"CREATE TABLE d.{name} (n BIGINT, s BIGINT)")

    def query():
        try:
            rows(cluster.connect(), f"INSERT INTO d.{name} {SLOW} GROUP BY a.g")
            outcome["rows"] = rows(cluster.connect(), f"SELECT sum(n), sum(s) FROM d.{name}")
        except pymysql.MySQLError as error:
            outcome["error"] = error

    expected = rows(cluster.connect(), SLOW)
    worker = threading.Thread(target=query)
    worker.start()
    working = lambda: any("writing" in row for row in rows(cluster.connect(), "SHOW FULL PROCESSLIST"))
    checks.that(f"{name}: a long query runs", eventually(working))
    node.process.send_signal(how)
    checks.that(f"{name}: is noticed", eventually(lambda: cluster.alive() == 1, SILENCE_S), cluster.status())
    checks.that(f"{name}: the long query still runs", worker.is_alive())
    checks.equal(f"{name}: queries leave the node out", rows(cluster.connect(), TOTALS), EXPECTED)
    worker.join(120)
    checks.equal(f"{name}: the long query was repeated", outcome.get("rows", outcome.get("error")), expected)
    if how == signal.SIGSTOP:
        node.process.send_signal(signal.SIGCONT)
    else:
        node.process.wait()
        node.start()
    checks.that(f"{name}: the node comes back", eventually(lambda: cluster.alive() == 2), cluster.status())
    checks.equal(f"{name}: with rows of both again", rows(cluster.connect(), TOTALS), EXPECTED)


def front_end_killed(checks, cluster):
    cluster.kill()
    begun = time.monotonic()
    cluster.start()
    checks.that("nodes find the new front end", eventually(lambda: cluster.alive() == 2, 5), cluster.status())
    checks.equal("it answers as before", rows(cluster.connect(), TOTALS), EXPECTED)
    checks.that("within 5 s", time.monotonic() - begun < 5, time.monotonic() - begun)


def stopped_and_dropped(checks, cluster):
    node = cluster.nodes[0]
    node.process.send_signal(signal.SIGTERM)
    checks.equal("a node that is stopped ends well", node.process.wait(60), 0)
    checks.equal("and is missed by nobody", rows(cluster.connect(), TOTALS), EXPECTED)
    node.start()
    checks.that("another takes its place", eventually(lambda: cluster.alive() == 2), cluster.status())
    rows(cluster.connect(), f"ALTER SYSTEM DROP COMPUTE NODE '127.0.0.1:{node.rpc_port}'")
    checks.equal("a node that is dropped ends", node.process.wait(60), 0)
    checks.equal("and is listed no more", [int(n["BePort"]) for n in cluster.status()], [cluster.nodes[1].rpc_port])
    rows(cluster.connect(), f"ALTER SYSTEM ADD COMPUTE NODE '127.0.0.1:{node.rpc_port}'")
    listed = {int(n["BePort"]): n for n in cluster.status()}
    checks.equal("a node that was added and is not there", listed[node.rpc_port]["Alive"], "false")
    node.start()
    checks.that("and then is", eventually(lambda: cluster.alive() == 2), cluster.status())


def strangers(checks):
    with Cluster(1, ["auth_token=one"]) as other:
        stranger = Node(other, 9, ["auth_token=two"])
        ended = subprocess.run(stranger.command(), capture_output=True, text=True, timeout=60)
        checks.that("a node with another token is refused", ended.returncode == 1 and "auth_token" in ended.stderr,
                    ended.stderr[-500:])


def alone(checks, cluster):
    for node in cluster.nodes:
        node.kill()
    checks.that("both losses are noticed", eventually(lambda: cluster.alive() == 0, SILENCE_S), cluster.status())
    try:
        rows(cluster.connect(), TOTALS)
        checks.that("without nodes large queries fail", False, "rows came")
    except pymysql.MySQLError as error:
        checks.that("without nodes large queries fail", "viewmill cn" in error.args[1], error)
    checks.equal("and small ones do not", rows(cluster.connect(), "SELECT 1 + 1"), [(2,)])
