#!/usr/bin/env python3
"""One peer engine in a process of its own, driven through standard input and output by benchmarks/runner.

  peers.py duckdb FOLDER | peers.py clickhouse FOLDER      (chDB: ClickHouse as a library)

Each line of input is a JSON object {"sql": text, "rows": true|false}; each line of output is
{"wall": seconds, "cpu": seconds, "count": rows, "rows": [[text|null]]} or {"error": text}. CPU time counts all threads.
"""
import json
import os
import resource
import sys
import time


class DuckDb:
    def __init__(self, folder):
        import duckdb

        self.version = f"DuckDB {duckdb.__version__}"
        self.connection = duckdb.connect(os.path.join(folder, "duckdb.db"))

    def run(self, sql):
        cursor = self.connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


class ClickHouse:
    def __init__(self, folder):
        from chdb import session

        self.session = session.Session(os.path.join(folder, "clickhouse"))
        self.version = "ClickHouse " + self.run("SELECT version()")[0][0]

    def run(self, sql):
        text = str(self.session.query(sql, "JSONCompactStringsEachRow"))
        return [json.loads(line) for line in text.splitlines()]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def answer(engine, request):
    wall, cpu = time.perf_counter(), cpu_seconds()
    rows = engine.run(request["sql"])
    result = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "count": len(rows)}
    if request.get("rows"):
        result["rows"] = [[None if value is None else str(value) for value in row] for row in rows]
    return result


def main():
    name, folder = sys.argv[1:3]
    engine = {"duckdb": DuckDb, "clickhouse": ClickHouse}[name](folder)
    print(json.dumps({"version": engine.version}), flush=True)
    for line in sys.stdin:
        try:
            result = answer(engine, json.loads(line))
        except Exception as error:  # whatever the engine raises belongs to the runner's report
            result = {"error": str(error)}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
