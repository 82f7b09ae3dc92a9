#!/usr/bin/env bash
# Installs redis-server from Debian or Ubuntu, if it is not in PATH. Checks that it is version 7 or later.
set -euo pipefail

if ! command -v redis-server >/dev/null; then
    as_root=()
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo)
    fi
    # The version of the distribution: 7.0 in Debian 12 and Ubuntu 24.04.
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends redis-server
fi

version="$(redis-server --version | sed -n 's/.* v=\([0-9]*\)\..*/\1/p')"
if [ "${version:-0}" -lt 7 ]; then
    echo "redis-server is too old: version 7 or later is required" >&2
    exit 1
fi
