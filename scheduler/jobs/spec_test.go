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
