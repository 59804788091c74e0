#!/usr/bin/env bash
# Installs the pinned package into a folder of its own and runs the mode that was asked for.
set -euo pipefail

home="${RUNNER_TEMP:?}/leanpix"
if [ ! -x "$home/bin/leanpix" ]; then
    "${LEANPIX_PYTHON:-python3}" -m venv "$home"
    mapfile -t packages <<<"$LEANPIX_PACKAGE"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
fi
exec "$home/bin/python" "$(dirname "$0")/action.py"
