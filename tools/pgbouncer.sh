#!/usr/bin/env bash
# PgBouncer from Debian, unpacked into .tools/pgbouncer with the libraries it needs; nothing is installed. Quick when it
# is there already. The tests call it.
set -euo pipefail
cd "$(dirname "$0")/.."
target=.tools/pgbouncer
library=$target/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
if ! LD_LIBRARY_PATH=$library "$target/usr/sbin/pgbouncer" --version >/dev/null 2>&1; then
    rm -rf "$target"
    mkdir -p "$target/debs"
    cd "$target/debs"
    packages="pgbouncer libevent-2.1-7 libc-ares2"
    # shellcheck disable=SC2086 # a list of names
    apt-get -q -o APT::Sandbox::User=root download $packages ||
        { apt-get -q update && apt-get -q -o APT::Sandbox::User=root download $packages; }
    for deb in *.deb; do dpkg-deb -x "$deb" ..; done
    cd - >/dev/null
    LD_LIBRARY_PATH=$library "$target/usr/sbin/pgbouncer" --version >/dev/null
fi
