#!/bin/sh
# Installs the live witness of the tests into .venv-witness, once per change of its lock. It needs
# Python 3.12 or newer (PYTHON312 names one); where there is none, its tests say that they were skipped.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/witness.txt
home=.venv-witness
if [ -f "$home/installed" ] && cmp -s "$lock" "$home/installed"; then
    echo "tools: the witness is installed."
    exit 0
fi
found=""
# A pyenv shim is on the PATH also where it leads nowhere, so each is asked what it is.
for python in ${PYTHON312:-} python3.12 python3.13 python3.14 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
    if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
        found=$python
        break
    fi
done
if [ -z "$found" ]; then
    echo "tools: no Python 3.12 or newer was found, so the live witness is not installed:"
    echo "       its tests will say SKIPPED. Name one with PYTHON312=/path/to/python3.12."
    exit 0
fi
echo "tools: installing the witness with $($found --version)"
rm -rf "$home"
"$found" -m venv "$home"
"$home/bin/python" -m pip --disable-pip-version-check install -q --require-hashes --no-deps -r "$lock" </dev/null
cp "$lock" "$home/installed"
