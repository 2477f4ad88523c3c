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

// spareBytes is by how much Go's heap may grow before it is collected, however little it holds. A server's live heap is a few megabytes, and every exchange fills as much with
// buffers of messages: the collector would run tens of times a second. With this, executors took a tenth less processor time for queries that exchange rows.
const spareBytes = 64 << 20

// spare counts as live and is never touched, so it takes no memory of the machine.
var spare []byte

// SpareCollector keeps the collector from running as long as Go's heap is small, as a server wants that has no memory limit. A policy that the environment (GOGC, GOMEMLIMIT) has
// set stays.
func SpareCollector() {
	if spare == nil && os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		spare = make([]byte, spareBytes)
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
