"""PyMySQL: types of values, parameters, many rows, errors, two sessions."""
import datetime
import decimal

import threading

import pymysql
import requests

from server import Server, eventually, rows


def run(checks):
    with Server() as server:
        db = server.connect()
        rows(db, "CREATE DATABASE d")
        db.select_db("d")
        rows(db, "CREATE TABLE t (b BOOLEAN, i INT, l BIGINT, x DOUBLE, n DECIMAL(10, 2), d DATE, ts DATETIME, s STRING)")
        values = (True, -5, 2**62, 0.1, decimal.Decimal("3.10"), datetime.date(2024, 2, 29),
                  datetime.datetime(2024, 2, 29, 1, 2, 3, 4000), "it's \\ \"quoted\"\n世界")
        with db.cursor() as cursor:
            affected = cursor.execute("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", values)
        checks.equal("rows affected", affected, 1)
        checks.equal("values come back", rows(db, "SELECT * FROM t"), [values])
        checks.equal("types of Python", [type(v) for v in rows(db, "SELECT * FROM t")[0]][1:],
                     [int, int, float, decimal.Decimal, datetime.date, datetime.datetime, str])
        with db.cursor() as cursor:
            cursor.executemany("INSERT INTO t (i, s) VALUES (%s, %s)", [(i, f"row {i}") for i in range(500)])
        checks.equal("executemany", rows(db, "SELECT count(*), sum(i) FROM t WHERE s LIKE %s", ("row%",)), [(500, 124750)])
        rows(db, "INSERT INTO t (i) SELECT a.i FROM t a CROSS JOIN t b WHERE a.s LIKE 'row%' AND b.i < 100 AND b.s LIKE 'row%'")
        with db.cursor(pymysql.cursors.SSCursor) as cursor:
            cursor.execute("SELECT i FROM t WHERE s IS NULL")
            checks.equal("50,000 rows, streamed", sum(1 for _ in cursor), 50_000)
        for sql, number in [("SELEC 1", 1064), ("SELECT nosuch FROM t", 1054), ("SELECT * FROM nosuch.t", 1049),
                            ("CREATE TABLE t (a INT)", 1050), ("INSERT INTO t (i) VALUES ('x')", 1366)]:
            try:
                rows(db, sql)
                checks.that(f"error {number} for {sql}", False, "no error")
            except pymysql.MySQLError as error:
                checks.equal(f"error for {sql}", error.args[0], number)
        checks.equal("the session goes on", rows(db, "SELECT 1"), [(1,)])
        big = "x" * 1_000_000
        checks.equal("a megabyte of text", rows(db, "SELECT length(%s)", (big,)), [(1_000_000,)])
        wide = rows(db, "SELECT " + ", ".join(f"repeat('{c}', 1000000)" for c in "abcdefghijklmnopqrst"))[0]
        checks.equal("a row of 20 MB, which MySQL sends in two packets", [(len(v), v[0], v[-1]) for v in wide],
                     [(1_000_000, c, c) for c in "abcdefghijklmnopqrst"])
        db.ping()
        db.close()
        many_sessions(checks, server)
        kill_query(checks, server)
        sleeping_queries(checks, server)
        stopped_reader(checks, server)


def many_sessions(checks, server):
    connections = [server.connect(database="d") for _ in range(60)]
    counts = []

    def ask(connection):
        counts.extend(rows(connection, "SELECT count(*) FROM t WHERE i < 5")[0] for _ in range(3))

    threads = [threading.Thread(target=ask, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks.equal("60 sessions at once agree", (len(counts), len(set(counts))), (180, 1))
    for connection in connections:
        connection.close()


def kill_query(checks, server):
    """A query that computes for hours: others are served meanwhile, and KILL ends it."""
    victim, killer = server.connect(database="d"), server.connect(read_timeout=20)
    errors = []

    def compute():
        try:
            rows(victim, "SELECT max(a.i + b.i + c.i) FROM t a CROSS JOIN t b CROSS JOIN t c")
            errors.append(None)
        except pymysql.MySQLError as error:
            errors.append(error.args[0])

    thread = threading.Thread(target=compute, daemon=True)
    thread.start()
    try:
        running = lambda: [r for r in rows(killer, "SHOW FULL PROCESSLIST") if "CROSS JOIN" in repr(r)]
        checks.that("the process list shows the query", eventually(running, 10))
        health = requests.get(server.url("/api/health"), timeout=10)
        checks.equal("health while a query computes", health.status_code, 200)
        rows(killer, f"KILL QUERY {victim.thread_id()}")
    except (pymysql.MySQLError, requests.RequestException) as error:
        checks.that("others are served while a query computes", False, error)
    thread.join(20)
    if checks.equal("KILL QUERY ends it", errors, [1317]):
        checks.equal("its session goes on", rows(victim, "SELECT 1"), [(1,)])


def sleeping_queries(checks, server):
    """More sleeping queries than there are cores hold nobody up and end when killed."""
    sleepers = [server.connect(database="d") for _ in range(12)]
    other = server.connect(database="d", read_timeout=20)
    ended = []

    def sleep(connection):
        try:
            rows(connection, "SELECT sleep(600) FROM t LIMIT 1")
        except pymysql.MySQLError as error:
            ended.append(error.args[0])

    threads = [threading.Thread(target=sleep, args=(sleeper,), daemon=True) for sleeper in sleepers]
    for thread in threads:
        thread.start()
    asleep = lambda: len([r for r in rows(other, "SHOW FULL PROCESSLIST") if "sleep(600)" in repr(r)]) == len(sleepers)
    checks.that("the process list shows the sleepers", eventually(asleep, 10))
    checks.that("others are served meanwhile", rows(other, "SELECT count(*), max(i) FROM t")[0][0] > 0)
    for sleeper in sleepers:
        rows(other, f"KILL QUERY {sleeper.thread_id()}")
    for thread in threads:
        thread.join(20)
    checks.equal("KILL QUERY wakes them", ended, [1317] * len(sleepers))


def stopped_reader(checks, server):
    """A client that stops reading: its query ends at query_timeout, its connection at net_write_timeout."""
    wide = "SELECT repeat('x', 1000), a.i FROM t a CROSS JOIN t b"
    watcher = server.connect(database="d")
    # Without query_timeout net_write_timeout alone closes the connection.
    for query_timeout in (2, 0):
        reader = server.connect(database="d")
        rows(reader, f"SET query_timeout = {query_timeout}, net_write_timeout = 1")
        id = rows(reader, "SELECT connection_id()")[0][0]
        listed = lambda: rows(watcher, f"SELECT INFO FROM information_schema.processlist WHERE ID = {id}")
        cursor = reader.cursor(pymysql.cursors.SSCursor)
        cursor.execute(wide)
        checks.equal("a reader that stops holds its query", listed(), [(wide,)])
        checks.that("until it is closed", eventually(lambda: not listed(), 20), listed())
        # PyMySQL would read the rest.
        cursor._result.unbuffered_active = False
        reader._force_close()
