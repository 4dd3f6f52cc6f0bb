#!/usr/bin/env python3
"""Runs the checks of this folder: real clients against a server of their own.

  run.py [FILTER]...      files whose name contains one of the words
VIEWMILL_BIN names the binary (default: target/debug/viewmill, or the one below CARGO_TARGET_DIR). Prints one line per
check and `N passed, N failed` at the end. Needs curl, mysql and what scripts/setup.sh puts into the Python environment.
"""
import importlib
import pathlib
import sys
import traceback

import server

HERE = pathlib.Path(__file__).parent
CHECKS = ["quick_start", "command_line", "drivers", "sqlalchemy_reflection", "loads", "object_store", "cluster",
          "against_duckdb"]


def main():
    filters = sys.argv[1:]
    passed = failed = 0
    for name in CHECKS:
        if filters and not any(word in name for word in filters):
            continue
        checks = server.Checks(name)
        try:
            importlib.import_module(name).run(checks)
        except Exception:  # a check that cannot go on fails, the other files go on
            checks.that("ends without an exception", False, traceback.format_exc())
        passed, failed = passed + checks.passed, failed + checks.failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
