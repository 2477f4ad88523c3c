package peer

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// PeakBytes is the most memory that this process held resident since its start: VmHWM of Linux.
func PeakBytes() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("peak memory: %w", err)
	}
	return parsePeak(string(status))
}

func parsePeak(status string) (int64, error) {
	for line := range strings.Lines(status) {
		value, found := strings.CutPrefix(line, "VmHWM:")
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("peak memory: VmHWM: %w", err)
		}
		return n << 10, nil
	}
	return 0, errors.New("peak memory: the system's status of the process has no VmHWM")
}
