package jobs

import (
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

func TestStagesForDevices(t *testing.T) {
	fields := []column.Field{{Name: "n", Type: column.T(column.Int64)}}
	gather := plan.Partitioning{Kind: plan.Gather, Partitions: 1}
	scan := func() plan.Node {
		return &plan.Scan{Info: plan.Info{ID: 1}, Schema: fields, Columns: []int{0}, Limit: -1}
	}
	for name, c := range map[string]struct {
		root   plan.Node
		device string
		want   bool
	}{
		"a scan":                     {scan(), "auto", false},
		"an aggregate of a scan":     {&plan.Aggregate{Input: scan(), Out: fields}, "auto", true},
		"the same, kept on the CPU":  {&plan.Aggregate{Input: scan(), Out: fields}, "cpu", false},
		"an aggregate of no scan":    {&plan.Aggregate{Input: &plan.Values{Out: fields}, Out: fields}, "auto", false},
		"an aggregate below a limit": {&plan.Limit{Input: &plan.Aggregate{Input: scan(), Out: fields}}, "auto", true},
	} {
		list, err := specs(&plan.Plan{Stages: []*plan.Stage{{Root: c.root, Output: gather, Tasks: 1}}, Settings: plan.Settings{Device: c.device}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := list[0].Work.Device; got != c.want {
			t.Errorf("%s: for a device: %v", name, got)
		}
	}
}

// A stage waits for a filter that another makes as long as that has not far more to scan, and longer where that keeps as many executors busy.
func TestWaitsForFilters(t *testing.T) {
	fields := []column.Field{{Name: "n", Type: column.T(column.Int64)}}
	scan := func(bytes int64, runtime ...plan.RuntimeFilterUse) *plan.Scan {
		return &plan.Scan{Schema: fields, Columns: []int{0}, Limit: -1, Splits: []plan.Split{{Bytes: bytes}}, Runtime: runtime}
	}
	for _, c := range []struct {
		bytes int64 // to scan before there is the filter; the other stage has 1000 and two tasks
		tasks int   // of the stage that makes it
		waits bool
	}{
		{bytes: 3000, tasks: 1, waits: true}, {bytes: 5000, tasks: 1}, {bytes: 5000, tasks: 2, waits: true}, {bytes: 60_000, tasks: 3, waits: true}, {bytes: 70_000, tasks: 2},
	} {
		p := &plan.Plan{Stages: []*plan.Stage{
			{ID: 0, Root: scan(c.bytes), Tasks: c.tasks, Output: plan.Partitioning{Kind: plan.Hash, Keys: []int{0}, Partitions: 2}, Filters: []plan.StageFilter{{Filter: 1}}},
			{ID: 1, Root: scan(1000, plan.RuntimeFilterUse{Filter: 1}), Tasks: 2, Output: plan.Partitioning{Kind: plan.Gather, Partitions: 1}},
		}}
		list, err := specs(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if waits := len(list[1].After) > 0; waits != c.waits {
			t.Errorf("%d bytes in %d tasks: waits %v", c.bytes, c.tasks, waits)
		}
	}
}
