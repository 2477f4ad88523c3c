#!/usr/bin/env bash
# sanitizer.sh FOLDER puts compute-sanitizer into FOLDER, from NVIDIA's wheel for Python.
set -euo pipefail
out=$1
wheel=nvidia-cuda-sanitizer-api==13.4.92
if [ -x "$out/compute-sanitizer" ]; then exit 0; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --platform manylinux_2_25_x86_64 -d "$folder" "$wheel"
mkdir -p "$out"
python3 - "$folder" "$out" <<'PYTHON'
import glob, os, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]) as wheel:
    for name in wheel.namelist():
        head, _, file = name.rpartition("/")
        if head.endswith("/compute-sanitizer") and file:
            path = os.path.join(sys.argv[2], file)
            with open(path, "wb") as out:
                out.write(wheel.read(name))
            os.chmod(path, 0o755)
PYTHON
