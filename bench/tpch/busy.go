package tpch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// busySample is how long is looked at what else the machine does.
const busySample = 300 * time.Millisecond

// busy is the share of the machine's processor time that is taken, by whom ever, while the engines are stopped: 0 when all is quiet, 1 when all cores work.
func busy(ctx context.Context) (float64, error) {
	taken, all, err := processorTime()
	if err != nil {
		return 0, err
	}
	timer := time.NewTimer(busySample)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	takenThen, allThen, err := processorTime()
	if err != nil || allThen == all {
		return 0, err
	}
	return float64(takenThen-taken) / float64(allThen-all), nil
}

func processorTime() (taken, all int64, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("processor time: %w", err)
	}
	return parseProcessorTime(string(stat))
}

// parseProcessorTime adds the columns of the first line of /proc/stat: user, nice, system, idle, waiting for a disk, interrupts (two), stolen by other
// virtual machines. Those after it are contained in the first.
func parseProcessorTime(stat string) (taken, all int64, err error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, errors.New("processor time: the system's statistics have no line for all processors")
	}
	for i, f := range fields[1:9] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("processor time: %w", err)
		}
		all += n
		if i != 3 && i != 4 {
			taken += n
		}
	}
	return taken, all, nil
}
