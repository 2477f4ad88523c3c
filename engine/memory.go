package engine

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// heapBytes is what Go's heap may take beside the memory limit: parsed statements, plans, metadata of files, buffers of libraries.
const heapBytes = 96 << 20

// BoundHeap makes the collector keep Go's heap small, as a program wants whose process is to stay near a memory limit that it gives to Open. A limit that the
// environment (GOMEMLIMIT) has set stays.
func BoundHeap() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapBytes)
	}
}

// physicalMemory is how many bytes of memory this process may count on: the machine's, or less where a control group says so.
func physicalMemory() int64 {
	var info unix.Sysinfo_t
	total := int64(4 << 30)
	if err := unix.Sysinfo(&info); err == nil {
		total = int64(info.Totalram) * int64(info.Unit)
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < total {
			total = n
		}
	}
	return total
}
