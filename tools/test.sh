#!/usr/bin/env bash
# tools/test.sh "15 18" [pytest arguments]: the whole suite, or what the arguments name, on each of these versions of
# PostgreSQL. All of it runs side by side, each run with a server of its own; they are shown one after the other.
# The whole suite is two runs a version, one of which mostly waits, and one of what does not need the server of the tests,
# on the last version (FAULTLINE_TESTS=server or rest chooses); of tests that are about Python, and of some long lists of
# cases, each is tried on one version (FAULTLINE_SHARE: see tests/support/share.py); and it has to reach every statement
# of our PL/pgSQL, on 15, where that can be counted (FAULTLINE_STATEMENTS names the file).
set -euo pipefail
cd "$(dirname "$0")/.."
readonly pg15=$PWD/.tools/postgresql-15/usr/lib/postgresql/15/bin
read -ra versions <<<"$1"
shift
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
names=()
jobs=()
trap 'rm -rf "$TMPDIR"' EXIT
trap 'kill "${jobs[@]}" 2>/dev/null || true; exit 130' INT TERM

# run VERSION [pytest arguments]
run() {
    case $1 in
    15) export FAULTLINE_PG_BIN=$pg15 ;;
    18) unset FAULTLINE_PG_BIN ;;
    esac
    exec .venv/bin/python -m pytest "${@:2}"
}

# begin NAME VERSION [pytest arguments]
begin() {
    : >"$logs/$1" # tail may be there before the job
    run "${@:2}" >>"$logs/$1" 2>&1 </dev/null &
    names+=("$1")
    jobs+=($!)
}

for version in "${versions[@]}"; do
    if [ $# -gt 0 ]; then
        begin "$version" "$version" "$@"
        continue
    fi
    export FAULTLINE_TESTS=server
    export FAULTLINE_SHARE=$((${#names[@]} / 2))/${#versions[@]}
    FAULTLINE_STATEMENTS=$logs/$version.python.json begin "$version.python" "$version" tests/python
    FAULTLINE_STATEMENTS=$logs/$version.sql.json begin "$version.sql" "$version" tests --ignore=tests/python
done
[ $# -gt 0 ] || FAULTLINE_TESTS=rest begin "${versions[-1]}.rest" "${versions[-1]}" tests
failed=()
for position in "${!jobs[@]}"; do
    echo "== PostgreSQL ${names[position]}"
    tail --lines=+1 --follow --pid="${jobs[position]}" "$logs/${names[position]}"
    wait "${jobs[position]}" || failed+=("${names[position]}")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed on PostgreSQL ${failed[*]}" >&2
    exit 1
fi
counts=("$logs"/*.json)
[ ! -e "${counts[0]}" ] || .venv/bin/python -m tests.support.statements "${counts[@]}"
