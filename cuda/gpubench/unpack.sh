#!/usr/bin/env bash
# unpack.sh ARCHIVE FOLDER unpacks the programs for a machine with a GPU, unless FOLDER has them already.
set -euo pipefail
if [ -x "$2/gpubench" ] && [ ! "$1" -nt "$2/gpubench" ]; then exit 0; fi
[ -f "$1" ] || { echo "there is no $1: make gpu-bundle builds it" >&2; exit 1; }
mkdir -p "$2"
tar -xJf "$1" -C "$2" --strip-components=1
touch "$2/gpubench"
