#!/bin/sh
# Installs the npm packages of requirements/npm, once per change of its lock.
# (third-party-web is pinned there because one of lighthouse's parts asks for the latest of it.)
set -eu
cd "$(dirname "$0")/../requirements/npm"
if [ -f node_modules/.package-lock.json ] && cmp -s package-lock.json node_modules/.installed; then
    echo "tools: all npm packages are installed."
    exit 0
fi
echo "tools: installing requirements/npm"
npm ci --no-progress </dev/null
cp package-lock.json node_modules/.installed
