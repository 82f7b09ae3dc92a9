#!/usr/bin/env bash
# Installs pinned versions of other SDKs: node/node_modules (npm ci), and python/.venv, python/tasks/.venv and
# python/hosts/.venv (pip).
# Does nothing if they are installed and no lock file, Node or Python version has changed.
# Needs Node >= 20 and Python >= 3.11. PYTHON and NPM select other programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
python="${PYTHON:-python3}"
npm="${NPM:-npm}"

# Several processes may run this script at the same time.
if command -v flock >/dev/null; then
    exec 9>.install.lock
    flock 9
fi

stamp() { # stamp <version> <files...>: identifies the inputs of an installation
    local version="$1"
    shift
    { echo "$version"; cat "$@"; } | cksum
}

want="$(stamp "node $(node --version)" node/package.json node/package-lock.json)"
if [ "$(cat node/node_modules/.stamp 2>/dev/null)" != "$want" ]; then
    (cd node && "$npm" ci --no-audit --no-fund --loglevel=error)
    echo "$want" >node/node_modules/.stamp
fi

environment() { # environment <folder>: installs the requirements of the folder
    local folder="$1" want
    want="$(stamp "$("$python" --version)" "$folder/requirements.txt")"
    if [ "$(cat "$folder/.venv/.stamp" 2>/dev/null)" != "$want" ]; then
        rm -rf "$folder/.venv"
        "$python" -m venv "$folder/.venv"
        # The list is complete (pip freeze). With --no-deps, pip check reports a missing pin.
        "$folder/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$folder/requirements.txt"
        "$folder/.venv/bin/python" -m pip check --disable-pip-version-check
        echo "$want" >"$folder/.venv/.stamp"
    fi
}
environment python
environment python/tasks
environment python/hosts
echo "the peers are installed"
