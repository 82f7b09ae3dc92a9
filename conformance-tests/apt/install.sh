#!/usr/bin/env bash
# Installs redis-server and haproxy from Debian or Ubuntu, those that are missing. Checks that they are
# new enough.
set -euo pipefail

missing=()
for program in redis-server haproxy; do
    if ! command -v "$program" >/dev/null; then
        missing+=("$program")
    fi
done
if [ "${#missing[@]}" -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo)
    fi
    # The versions of the distribution: 7.0 and 2.6 in Debian 12, 7.0 and 2.8 in Ubuntu 24.04.
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

version="$(redis-server --version | sed -n 's/.* v=\([0-9]*\)\..*/\1/p')"
if [ "${version:-0}" -lt 7 ]; then
    echo "redis-server is too old: version 7 or later is required" >&2
    exit 1
fi
version="$(haproxy -v | sed -n 's/^HAProxy version \([0-9]*\)\..*/\1/p')"
if [ "${version:-0}" -lt 2 ]; then
    echo "haproxy is too old: version 2 or later is required" >&2
    exit 1
fi
