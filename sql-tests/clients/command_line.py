"""The mysql command line client: connecting, batch mode, tables, errors, a script."""
import subprocess

from server import Server


def run(checks):
    with Server() as server:
        base = ["mysql", "-h", "127.0.0.1", "-P", str(server.sql_port), "-u", "root", "--protocol=tcp"]

        def mysql(*options, text=None):
            return subprocess.run([*base, *options], input=text, capture_output=True, text=True, timeout=60)

        script = """CREATE DATABASE shop; USE shop;
-- a comment
CREATE TABLE t (a INT, s STRING);
INSERT INTO t VALUES (1, 'Grüße; 世界'), (2, NULL);
SELECT a, s FROM t ORDER BY a;
"""
        out = mysql("--default-character-set=utf8mb4", text=script)
        checks.equal("a script", out.stdout, "a\ts\n1\tGrüße; 世界\n2\tNULL\n")
        checks.equal("its errors", out.stderr, "")
        out = mysql("-N", "-B", "-e", "SELECT count(*) FROM t; SELECT 'two'", "shop")
        checks.equal("two statements", out.stdout, "2\ntwo\n")
        out = mysql("-t", "-e", "SELECT a FROM t WHERE a = 1", "shop")
        checks.equal("a table", out.stdout, "+------+\n| a    |\n+------+\n|    1 |\n+------+\n")
        out = mysql("-e", "SELECT * FROM nosuch", "shop")
        checks.that("an error", "ERROR 1146 (42S02)" in out.stderr and "nosuch" in out.stderr, out.stderr)
        out = mysql("-e", "SELECT 1", "nosuch")
        checks.that("an unknown database", "ERROR 1049 (42000)" in out.stderr, out.stderr)
        out = mysql("--password=wrong", "-e", "SELECT 1")
        checks.that("a wrong password", "ERROR 1045 (28000)" in out.stderr, out.stderr)
        out = mysql("-e", "status")
        checks.that("status", "Server version" in out.stdout and out.returncode == 0, out.stdout + out.stderr)
        out = mysql("-vv", "-e", "INSERT INTO t VALUES (3, 'x')", "shop")
        checks.that("rows affected", "1 row affected" in out.stdout, out.stdout + out.stderr)
