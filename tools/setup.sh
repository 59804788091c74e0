#!/bin/sh
# Start tools/bootstrap.py with a Python that runs: not every python3 on a path does.
cd "$(dirname "$0")/.." || exit 1
for python in "${LEANPIX_PYTHON:-}" python3 python3.13 python3.12 python3.14 python3.11 /usr/bin/python3; do
    if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
        exec "$python" tools/bootstrap.py
    fi
done
echo "setup: Python 3.11 or later is needed and none was found; install it or set LEANPIX_PYTHON" >&2
exit 1
