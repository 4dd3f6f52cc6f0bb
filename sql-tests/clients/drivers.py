"""PyMySQL: types of values, parameters, many rows, errors, two sessions."""
import datetime
import decimal

import pymysql

from server import Server, rows


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
        db.ping()
        db.close()
