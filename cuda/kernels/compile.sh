#!/usr/bin/env bash
# compile.sh FOLDER writes the PTX of every .cu file here into FOLDER, with clang 16 alone. The first line carries a hash of the sources.
set -euo pipefail
export LC_ALL=C
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
clang=${CLANG:-clang-16}
for source in *.cu; do
	family=${source%.cu}
	hash=$(cat "$source" ./*.cuh | sha256sum | cut -c1-64)
	"$clang" -x cuda --cuda-device-only --cuda-gpu-arch=sm_70 --cuda-feature=+ptx64 -nocudalib -nocudainc -std=c++17 -O3 \
		-fno-strict-aliasing -ffp-contract=off -Wall -Werror -S "$source" -o "$out/$family.tmp"
	{ echo "// sources sha256 $hash"; cat "$out/$family.tmp"; } >"$out/$family.ptx"
	rm "$out/$family.tmp"
done
