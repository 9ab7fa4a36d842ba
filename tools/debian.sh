#!/bin/sh
# Installs the packages of requirements/debian.txt that are missing; needs Debian and root or sudo.
set -eu
list="$(dirname "$0")/../requirements/debian.txt"
missing=""
# Node.js from elsewhere brings an npm of its own, which Debian's would conflict with.
command -v npm >/dev/null || missing=" npm"
for package in $(grep -v '^#' "$list"); do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "tools: all Debian packages are installed."
    exit 0
fi
echo "tools: installing$missing"
if [ "$(id -u)" = 0 ]; then become=""; else become="sudo"; fi
$become apt-get update -q
# shellcheck disable=SC2086 # the list is meant to be split
DEBIAN_FRONTEND=noninteractive $become apt-get install -q -y --no-install-recommends $missing </dev/null
