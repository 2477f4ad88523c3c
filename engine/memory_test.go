package engine

import (
	"os"
	"runtime"
	"testing"
)

// TestSpareCollector: garbage below the spare bytes is not collected, though the heap is small.
func TestSpareCollector(t *testing.T) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		t.Skip("the environment has set a policy")
	}
	collections := func() (n uint32) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range spareBytes / 2 >> 16 {
			garbage = make([]byte, 1<<16)
		}
		runtime.ReadMemStats(&after)
		return after.NumGC - before.NumGC
	}
	if n := collections(); n == 0 {
		t.Skip("this heap is too large to tell")
	}
	SpareCollector()
	defer func() { spare = nil }()
	if n := collections(); n > 0 {
		t.Errorf("%d collections for %d bytes of garbage", n, spareBytes/2)
	}
}

var garbage []byte // keeps allocations on the heap
