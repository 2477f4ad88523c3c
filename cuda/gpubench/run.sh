#!/usr/bin/env bash
# run.sh test|sanitize|bench|all RESULTS runs the programs beside it on the machine's card and leaves what they say in the folder RESULTS. It needs the card's
# driver and nothing else; sanitize needs compute-sanitizer, in the path or beside this file.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
what=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
failed=0
export POLYBOLOS_GPU=required

# step NAME COMMAND... keeps the command's output and its status.
step() {
	local name=$1 began=$SECONDS status=0
	shift
	"$@" >"$out/$name.log" 2>&1 || status=$?
	tail -n 25 "$out/$name.log"
	printf '{"step": "%s", "status": %d, "seconds": %d}\n' "$name" "$status" "$((SECONDS - began))" | tee -a "$out/steps.json"
	[ "$status" -eq 0 ] || failed=1
}

if command -v nvidia-smi >/dev/null; then nvidia-smi >"$out/nvidia-smi.log" 2>&1; fi
if [ "$what" = test ] || [ "$what" = all ]; then
	step cuda "$here/cuda.test" -test.v -test.timeout 5m
	step emulator "$here/emulator.test" -test.v -test.timeout 5m
	step steps "$here/steps.test" -test.v -test.timeout 5m
	step ops "$here/ops.test" -test.v -test.timeout 8m
	cd "$here/test/device" && step sql "$here/test/device/device.test" -test.v -test.run Card -test.timeout 8m
fi
if [ "$what" = sanitize ]; then
	sanitizer=$here/sanitizer/compute-sanitizer
	[ -x "$sanitizer" ] || sanitizer=$(command -v compute-sanitizer) || { echo 'there is no compute-sanitizer' >&2; exit 1; }
	for tool in memcheck racecheck synccheck; do
		step "sanitize-$tool-steps" "$sanitizer" --tool "$tool" --error-exitcode 9 "$here/steps.test" -test.short -test.timeout 9m
		POLYBOLOS_ROUNDS=60 step "sanitize-$tool-ops" "$sanitizer" --tool "$tool" --error-exitcode 9 "$here/ops.test" -test.short -test.run Pipelines -test.timeout 9m
	done
fi
if [ "$what" = bench ] || [ "$what" = all ]; then
	step bench "$here/gpubench" -json "$out/bench.json"
fi
exit "$failed"
