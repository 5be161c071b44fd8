#!/usr/bin/env bash
# Every checker, also after one has found something; fails if any did.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
check() {
    echo "== $*"
    "$@" || failed=1
}
check .venv/bin/ruff check .
check .venv/bin/ruff format --check .
check .venv/bin/mypy
# Sqitch deploys in one go into a schema of its own: timeouts and IF NOT EXISTS would only hide mistakes. What is an int
# or a smallint here has a CHECK that keeps it small.
excluded=require-lock-timeout,require-statement-timeout,prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-robust-stmts
check .venv/bin/squawk --exclude="$excluded" deploy/*.sql
exit "$failed"
