#!/usr/bin/env bash
# headers.sh FOLDER puts a cuda.h of version 11.8 to 12.9 into FOLDER: a link to that of an installed toolkit, otherwise the one of NVIDIA's wheel for Python.
set -euo pipefail
out=$1
wheel=nvidia-cuda-runtime-cu12==12.8.90

fits() {
	local version
	version=$(sed -n 's/^#define CUDA_VERSION \([0-9]*\).*/\1/p' "$1" 2>/dev/null | head -n 1)
	[ -n "$version" ] && [ "$version" -ge 11080 ] && [ "$version" -le 12090 ]
}

if fits "$out/cuda.h"; then exit 0; fi
mkdir -p "$out"
for found in ${CUDA_HOME:+"$CUDA_HOME/include/cuda.h"} /usr/local/cuda/include/cuda.h /usr/local/cuda-1[12].*/include/cuda.h /opt/cuda/include/cuda.h /usr/include/cuda.h; do
	if fits "$found"; then
		ln -sf "$found" "$out/cuda.h"
		echo "cuda.h of $found"
		exit 0
	fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
	--platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 -d "$folder" "$wheel"
python3 - "$folder" "$out/cuda.h" <<'PYTHON'
import glob, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]) as wheel:
    name = next(n for n in wheel.namelist() if n.endswith("/include/cuda.h"))
    with open(sys.argv[2], "wb") as out:
        out.write(wheel.read(name))
PYTHON
fits "$out/cuda.h" || { echo "$wheel has no cuda.h that fits" >&2; exit 1; }
echo "cuda.h of $wheel"
