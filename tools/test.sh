#!/usr/bin/env bash
# tools/test.sh "15 18" [pytest arguments]: the whole suite on each of these versions of PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly versions=$1
shift
# The whole suite has to reach every statement of our PL/pgSQL (on 15, where it can be counted); a part of it can't.
[ $# -gt 0 ] || export FAULTLINE_STATEMENTS=all
failed=()
for version in $versions; do
    case $version in
    15) export FAULTLINE_PG_BIN=$PWD/.tools/postgresql-15/usr/lib/postgresql/15/bin ;;
    18) unset FAULTLINE_PG_BIN ;;
    *) echo "PG=$version: the tests know PostgreSQL 15 and 18" >&2 && exit 2 ;;
    esac
    echo "== PostgreSQL $(.venv/bin/python -c 'from faultline.embedded import Server; print(Server().version_text)')"
    .venv/bin/python -m pytest "$@" || failed+=("$version")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed on PostgreSQL: ${failed[*]}" >&2
    exit 1
fi
