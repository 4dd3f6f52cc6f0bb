#!/usr/bin/env bash
# Makes the Python environment with the peer engines; prints its python. Safe to run again.
set -euo pipefail
venv=${VIEWMILL_BENCH_VENV:-$HOME/.cache/viewmill/bench-venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check duckdb chdb numpy pyarrow pymysql requests tpchgen-cli
echo "$venv/bin/python"
