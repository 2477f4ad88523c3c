package session

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ExecutorState says whether an executor takes tasks.
type ExecutorState string

// The states of an executor.
const (
	Serving  ExecutorState = "serving"
	Draining ExecutorState = "draining" // it ends its tasks and takes no more
	Lost     ExecutorState = "lost"     // it gives no sign of life: its tasks run elsewhere soon, unless it is back before
)

// Executor is a row of SHOW EXECUTORS.
type Executor struct {
	Name    string // unique among those that are there, as logs and errors have it
	Address string // host:port where its outputs are read; empty: it is the process of the session
	Threads int
	SIMD    string
	Memory  int64    // bytes that it may hold, 0: no limit
	Devices []string // names of its GPUs
	Labels  map[string]string
	Group   string // resource group, "" without
	Files   string // URL of the folder that it shares, "" without
	State   ExecutorState
	Tasks   int // that run
}

var executorColumns = []string{"name", "address", "threads", "simd", "memory", "devices", "labels", "resource_group", "files", "state", "tasks"}

// showExecutors lists what the session's queries run on. Cells of what an executor does not have are NULL.
func (s *Session) showExecutors() (Result, error) {
	var list []Executor
	if s.config.Executors != nil {
		var err error
		if list, err = s.config.Executors(); err != nil {
			return nil, err
		}
	}
	rows := make([][]*string, len(list))
	for i, x := range list {
		var labels []string
		for _, k := range slices.Sorted(maps.Keys(x.Labels)) {
			labels = append(labels, k+"="+x.Labels[k])
		}
		memory := ""
		if x.Memory > 0 {
			memory = fmt.Sprint(x.Memory)
		}
		rows[i] = cells(x.Name, x.Address, fmt.Sprint(x.Threads), x.SIMD, memory, strings.Join(x.Devices, ","), strings.Join(labels, ","),
			x.Group, x.Files, string(x.State), fmt.Sprint(x.Tasks))
		for c, cell := range rows[i] {
			if *cell == "" {
				rows[i][c] = nil
			}
		}
	}
	return newTable("SHOW", executorColumns, rows)
}
