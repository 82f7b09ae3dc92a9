#!/usr/bin/env bash
# Runs every client in every mode against the reference server, which verifies the scripts themselves.
# With arguments, it runs them against another server: selftest.sh COMMAND ARGS…
# INPUT=1 adds the `input_required` results of 2026-07-28. The reference server always has them.
# TASKS=1 adds the clients for tasks. The reference server has none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
input=()
if [ $# -eq 0 ]; then
    set -- node node/everything-reference.mjs
    input=(--input)
elif [ -n "${INPUT:-}" ]; then
    input=(--input)
fi
python=python/.venv/bin/python
status=0

run() { # run <script…>: prints the last line of the output, and the failure if there is one
    local what="$*" out
    if out="$("$@" -- "${server[@]}" 2>&1)"; then
        echo "$what: $(tail -n 1 <<<"$out")"
    else
        status=1
        echo "$what:"
        grep -v '^ok ' <<<"$out" | sed 's/^/    /'
    fi
}

server=("$@")
run node node/client-v1.mjs
for mode in legacy 2025-06-18 2025-03-26 2024-11-05; do run node node/client-v2.mjs --mode "$mode"; done
for mode in auto 2026-07-28; do run node node/client-v2.mjs --mode "$mode" "${input[@]}"; done
run "$python" python/client.py --mode legacy
for mode in auto 2026-07-28; do run "$python" python/client.py --mode "$mode" "${input[@]}"; done
for mode in legacy auto 2026-07-28; do run "$python" python/client_fastmcp.py --mode "$mode"; done
if [ -n "${TASKS:-}" ]; then
    for mode in 2026-07-28 2025-11-25; do run node node/client-tasks.mjs --mode "$mode"; done
    for mode in auto 2026-07-28; do
        run python/tasks/.venv/bin/python python/client_fastmcp_tasks.py --mode "$mode"
    done
fi
exit "$status"
