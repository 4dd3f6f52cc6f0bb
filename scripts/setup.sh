#!/usr/bin/env bash
# Installs what building and testing need beside Rust, on Debian or Ubuntu: a C compiler (for zstd), curl, a MySQL client,
# and a Python environment outside the repository with the clients that tests and benchmarks use.
# Safe to run again: what is there is left alone.
set -euo pipefail

venv=${VIEWMILL_VENV:-$HOME/.cache/viewmill/venv}

missing=()
command -v cc >/dev/null || missing+=(build-essential)
command -v curl >/dev/null || missing+=(curl)
command -v mysql >/dev/null || missing+=(default-mysql-client)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import moto.server, pymysql, requests, sqlalchemy, duckdb, numpy, pyarrow' 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check 'moto[server]' pymysql requests sqlalchemy duckdb numpy pyarrow
echo "python: $venv/bin/python"
