"""A server for one check, and the counting of what holds."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import pymysql
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = os.environ.get("VIEWMILL_BIN", str(TARGET / "debug/viewmill"))
READY_S = 60


class Server:
    """`viewmill server` on free ports and a temporary directory; a context manager."""

    def __init__(self, settings=()):
        self.folder = tempfile.mkdtemp(prefix="viewmill-clients-")
        self.settings = [word for setting in settings for word in ("--set", setting)]
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    role = "server"

    def command(self):
        return [BINARY, self.role, "--data-dir", f"{self.folder}/data", "--set", f"query_port={self.sql_port}",
                "--set", f"http_port={self.http_port}", *self.settings]

    def start(self):
        self.sql_port, self.http_port = free_port(), free_port()
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        begun = time.monotonic()
        while time.monotonic() - begun < READY_S:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(requests.RequestException):
                if requests.get(self.url("/api/health"), timeout=1).status_code == 200:
                    return
            time.sleep(0.05)
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as log:
            raise RuntimeError("the server does not answer; its log ends with\n" + log.read()[-2000:])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def url(self, path):
        return f"http://127.0.0.1:{self.http_port}{path}"

    def connect(self, **options):
        return pymysql.connect(**{"host": "127.0.0.1", "port": self.sql_port, "user": "root", "autocommit": True} | options)

    def curl(self, path, *options):
        """curl's standard output for a Stream Load request."""
        command = ["curl", "-sS", "--location-trusted", "-u", "root:", *options, self.url(path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300).stdout


class Cluster(Server):
    """`viewmill fe` and compute nodes; every query that reads stored rows is spread, however few they are."""

    role = "fe"

    def __init__(self, nodes, settings=()):
        self.rpc_port = free_port()
        super().__init__([f"rpc_port={self.rpc_port}", "distribute_min_mb=0", "distribute_task_kb=1", *settings])
        tokens = [setting for setting in settings if setting.startswith("auth_token=")]
        self.nodes = [Node(self, number, tokens) for number in range(nodes)]

    def __enter__(self):
        super().__enter__()
        for node in self.nodes:
            node.start()
        if not eventually(lambda: self.alive() == len(self.nodes)):
            raise RuntimeError(f"the compute nodes do not report: {self.status()}")
        return self

    def __exit__(self, *exit):
        for node in self.nodes:
            node.kill()
        super().__exit__(*exit)

    def status(self):
        """SHOW COMPUTE NODES as dictionaries."""
        with self.connect().cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("SHOW COMPUTE NODES")
            return list(cursor.fetchall())

    def alive(self):
        return sum(node["Alive"] == "true" and node["ErrMsg"] == "" for node in self.status())


class Node:
    """`viewmill cn` of a cluster."""

    def __init__(self, cluster, number, settings=()):
        self.cluster, self.folder, self.settings = cluster, f"{cluster.folder}/node{number}", settings
        self.rpc_port, self.process = free_port(), None

    def command(self):
        sets = [f"rpc_port={self.rpc_port}", "be_http_port=0", *self.settings]
        return [BINARY, "cn", "--fe", f"127.0.0.1:{self.cluster.rpc_port}", "--data-dir", self.folder,
                *(word for setting in sets for word in ("--set", setting))]

    def start(self):
        with open(f"{self.cluster.folder}/log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()


class Checks:
    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def that(self, what, holds, seen=""):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        print(f"{'ok  ' if holds else 'FAIL'} {self.name}: {what}" + ("" if holds else f"\n     seen: {seen}"), flush=True)
        return holds

    def equal(self, what, seen, expected):
        return self.that(f"{what} = {expected!r}"[:150], seen == expected, repr(seen)[:600])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def rows(connection, sql, arguments=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


def eventually(what, timeout_s=60):
    """The first true value of `what()`, or the last one when the time is over."""
    begun = time.monotonic()
    while not (value := what()) and time.monotonic() - begun < timeout_s:
        time.sleep(0.1)
    return value
