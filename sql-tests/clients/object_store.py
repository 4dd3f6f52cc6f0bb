"""The store in an S3 bucket instead of a directory: load, refresh, crash, and a second server that takes over."""
import json
import pathlib
import re
import subprocess
import sys
import time

import pymysql
import requests

from server import Server, eventually, free_port, rows

PREFIX = "some/prefix"
VIEW = "CREATE MATERIALIZED VIEW d.mv REFRESH MANUAL AS SELECT b, count(*) AS n FROM d.t GROUP BY b"


class Store:
    """moto's S3 server with one bucket; a context manager."""

    def __enter__(self):
        port = free_port()
        program = pathlib.Path(sys.executable).parent / "moto_server"
        self.process = subprocess.Popen([program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.endpoint = f"127.0.0.1:{port}"
        begun = time.monotonic()
        while time.monotonic() - begun < 60:
            try:
                requests.put(f"http://{self.endpoint}/viewmill-tests", timeout=5).raise_for_status()
                return self
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError("the S3 server does not answer")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def numbers(self, folder):
        """Of the log records or checkpoints."""
        answer = requests.get(f"http://{self.endpoint}/viewmill-tests?list-type=2&prefix={PREFIX}/{folder}/", timeout=30)
        return [int(number) for number in re.findall(r"<Key>[^<]*/(\d+)</Key>", answer.text)]

    def settings(self):
        return [f"storage_url=s3://viewmill-tests/{PREFIX}", f"aws_s3_endpoint={self.endpoint}",
                "aws_s3_access_key=key", "aws_s3_secret_key=secret"]


def load(server, label):
    options = ["-H", f"label:{label}", "-H", "column_separator:,", "--data-binary", "1,x\n2,y\n3,x\n", "-XPUT"]
    return json.loads(server.curl("/api/d/t/_stream_load", *options))["Status"]


def run(checks):
    with Store() as store, Server(store.settings()) as server:
        for sql in ("CREATE DATABASE d", "CREATE TABLE d.t (a INT, b STRING)", VIEW):
            rows(server.connect(), sql)
        checks.equal("a load", load(server, "one"), "Success")
        rows(server.connect(), "REFRESH MATERIALIZED VIEW d.mv WITH SYNC MODE")
        server.kill()
        spilled = pathlib.Path(server.folder, "data/scratch/spill/left-by-a-killed-server")
        spilled.write_bytes(b"x")
        server.start()
        checks.that("spilled rows are gone after a crash", not spilled.exists())
        checks.equal("rows after a crash", rows(server.connect(), "SELECT count(*), sum(a) FROM d.t"), [(3, 6)])
        checks.equal("view after a crash", rows(server.connect(), "SELECT * FROM d.mv ORDER BY b"), [("x", 2), ("y", 1)])
        checks.equal("label after a crash", load(server, "one"), "Label Already Exists")
        taken_over(checks, store, server)
    with Store() as store, Server(store.settings()) as server:
        rows(server.connect(), "CREATE DATABASE d")
        rows(server.connect(), "CREATE TABLE d.t (a INT, b STRING)")
        taken_over_and_trimmed(checks, store, server)
        data_directory_is_taken(checks, store, server)


def taken_over(checks, store, first):
    with Server(store.settings()) as second:
        checks.equal("the second server loads", load(second, "two"), "Success")
        try:
            rows(first.connect(), "CREATE DATABASE late")
            checks.that("the first server is refused", False, "it committed")
        except pymysql.MySQLError as error:
            checks.equal("the first server is refused with", error.args[0], 1290)
        checks.equal("the second sees its load only", rows(second.connect(), "SELECT count(*) FROM d.t"), [(6,)])


def taken_over_and_trimmed(checks, store, idle):
    """The successor's checkpoints remove log records; the number that the first server tries next must not be free."""
    next_record = max(store.numbers("meta/log")) + 1
    with Server([*store.settings(), "checkpoint_records=2", "gc_interval_ms=200"]) as second:
        # Its first record, and one with rows.
        rows(second.connect(), "INSERT INTO d.t VALUES (0, 'x')")

        def trimmed():
            rows(second.connect(), "INSERT INTO d.t VALUES (1, 'x')")
            return next_record + 1 not in store.numbers("meta/log")

        checks.that("the log is trimmed beyond the first server's next record", eventually(trimmed))
        kept = rows(second.connect(), "SELECT count(*) FROM d.t")
        for sql in ("INSERT INTO d.t VALUES (99, 'late')", "INSERT OVERWRITE d.t VALUES (99, 'late')"):
            try:
                rows(idle.connect(), sql)
                checks.that("the idle server is refused", False, "it committed")
            except pymysql.MySQLError as error:
                checks.equal("the idle server is refused with", error.args[0], 1290)
        second.kill()
        second.start()
        checks.equal("nothing of the idle server", rows(second.connect(), "SELECT count(*) FROM d.t"), kept)


def data_directory_is_taken(checks, store, server):
    command = server.command() + ["--set", "query_port=0", "--set", "http_port=0"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    checks.that("one server for a scratch directory", "another viewmill server" in second.stderr, second.stderr[-300:])
