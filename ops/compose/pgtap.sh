#!/usr/bin/env bash
# The tests in SQL: each file in a database of its own. `pgtap.sh [FILE…]`: only these. Ends with 1 if any fails.
#   PGHOST  a server whose superuser one is, with max_prepared_transactions; unset: a new one, gone at the end
#   PGTAP   pgTAP as a file of SQL; where Debian's packages put it, unless told otherwise
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly template=faultline_pgtap
pgtap=${PGTAP:-$(ls /usr/share/postgresql/*/extension/pgtap--[0-9]*.[0-9].sql | grep -v -- '--.*--' | sort -V | tail -n 1)}
export PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning' TZ=UTC LC_ALL=C.UTF-8
run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

drop() {
    run --command "drop database if exists ${template}_test with (force)"
    run --command "drop database if exists $template with (force)"
}

if [ -z "${PGHOST:-}" ]; then
    PGHOST=$(mktemp -d)
    export PGHOST PGUSER=postgres
    initdb --pgdata "$PGHOST/data" --username postgres --auth trust --encoding UTF8 --no-locale --no-sync >/dev/null
    trap 'pg_ctl --pgdata "$PGHOST/data" --mode immediate stop >/dev/null; rm -rf "$PGHOST"' EXIT
    pg_ctl --pgdata "$PGHOST/data" --wait --log "$PGHOST/log" start --options \
        "-k $PGHOST -c listen_addresses= -c fsync=off -c autovacuum=off -c max_prepared_transactions=16" >/dev/null
else
    trap drop EXIT
fi
drop
run --command "create database $template template template0 encoding 'UTF8' locale 'C'"
run --dbname "$template" --file runner/faultline/schema.sql >/dev/null
run --dbname "$template" --command 'select faultline.maintain()' >/dev/null
run --dbname "$template" --command 'create schema tap; grant usage on schema tap to public'
PGOPTIONS="$PGOPTIONS -c search_path=tap,public" run --dbname "$template" --file "$pgtap" >/dev/null

[ $# -gt 0 ] || mapfile -t files < <(find tests/sql -name '*.sql' | sort)
[ $# -eq 0 ] || files=("$@")
failed=0
for file in "${files[@]}"; do
    run --command "create database ${template}_test template $template"
    # Good: psql ends well, there is a plan, and nothing of it is missing or not ok.
    if ! said=$(PGOPTIONS='-c search_path=tap,public' run --dbname "${template}_test" -At --file "$file" 2>&1) ||
        grep -qE '^not ok|^# Looks like' <<<"$said" || ! grep -qE '^1\.\.[0-9]+' <<<"$said"; then
        printf 'FAILED %s\n%s\n' "$file" "$said"
        failed=$((failed + 1))
    fi
    run --command "drop database ${template}_test with (force)"
done
echo "${#files[@]} files, $failed failed"
[ "$failed" -eq 0 ]
