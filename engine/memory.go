package engine

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

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
