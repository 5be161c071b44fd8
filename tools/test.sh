#!/usr/bin/env bash
# tools/test.sh "15 18" [pytest arguments]: the whole suite, or what the arguments name, on each of these versions of
# PostgreSQL. Two versions run side by side, each with servers of its own; the first one is shown as it goes.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly pg15=$PWD/.tools/postgresql-15/usr/lib/postgresql/15/bin
read -ra versions <<<"$1"
shift
# The whole suite has to reach every statement of our PL/pgSQL (on 15, where it can be counted); a part of it can't.
[ $# -gt 0 ] || export FAULTLINE_STATEMENTS=all

# run VERSION [pytest arguments]
run() {
    case $1 in
    15) export FAULTLINE_PG_BIN=$pg15 ;;
    18) unset FAULTLINE_PG_BIN ;;
    esac
    echo "== PostgreSQL $(.venv/bin/python -c 'from faultline.embedded import Server; print(Server().version_text)')"
    exec .venv/bin/python -m pytest "${@:2}"
}

for version in "${versions[@]}"; do
    [[ $version =~ ^(15|18)$ ]] || { echo "PG=$version: the tests know PostgreSQL 15 and 18" >&2 && exit 2; }
done
# A test has a database of its own, which is 700 files: ten times as fast in memory, where that has the room.
if [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -1)" -ge $((4 * 1024 * 1024)) ]; then
    TMPDIR=/dev/shm
fi
TMPDIR=$(mktemp -d --tmpdir="${TMPDIR:-/tmp}" faultline-test.XXXXXX)
export TMPDIR
chmod 711 "$TMPDIR" # as root, PostgreSQL runs as another user
logs=$TMPDIR/logs
mkdir "$logs"
jobs=()
trap 'rm -rf "$TMPDIR"' EXIT
trap 'kill "${jobs[@]}" 2>/dev/null || true; exit 130' INT TERM
for version in "${versions[@]}"; do
    : >"$logs/$version" # tail may be there before the job
    run "$version" "$@" >>"$logs/$version" 2>&1 </dev/null &
    jobs+=($!)
done
failed=()
for position in "${!versions[@]}"; do
    tail --lines=+1 --follow --pid="${jobs[position]}" "$logs/${versions[position]}"
    wait "${jobs[position]}" || failed+=("${versions[position]}")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed on PostgreSQL ${failed[*]}" >&2
    exit 1
fi
