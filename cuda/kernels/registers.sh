#!/usr/bin/env bash
# registers.sh FOLDER [ARCHITECTURE] prints what each kernel takes on a card of that architecture (sm_90): registers, bytes spilled, shared memory. It needs no card:
# NVIDIA's assembler is put into FOLDER, from its wheel for Python.
set -euo pipefail
out=$1
arch=${2:-sm_90}
wheel=nvidia-cuda-nvcc-cu12==12.9.86
if [ ! -x "$out/ptxas" ]; then
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
		--platform manylinux2010_x86_64 --platform manylinux_2_12_x86_64 -d "$folder" "$wheel"
	mkdir -p "$out"
	python3 - "$folder" "$out/ptxas" <<'PYTHON'
import glob, os, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]) as wheel:
    name = next(n for n in wheel.namelist() if n.endswith("/bin/ptxas"))
    with open(sys.argv[2], "wb") as out:
        out.write(wheel.read(name))
os.chmod(sys.argv[2], 0o755)
PYTHON
fi
for family in "$(dirname "$0")"/*.ptx; do
	"$out/ptxas" -v -arch="$arch" "$family" -o /dev/null 2>&1 | sed -n \
		-e "s/.*Compiling entry function '\([^']*\)'.*/\1/p" -e 's/.*, \([0-9]* bytes spill stores, [0-9]* bytes spill loads\).*/\1/p' -e 's/.*: Used \([0-9]* registers\)\(.*\)/\1\2/p' |
		paste - - - | awk -F'\t' '{printf "%-24s %-44s %s\n", $1, $2, $3}'
done
