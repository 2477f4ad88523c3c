package plan

import (
	"fmt"
	"slices"
	"testing"
)

// scanOf makes a scan of splits on hosts, "" for a file that is read anywhere; each of the given bytes.
func scanOf(bytes int64, hosts ...string) *Scan {
	n := &Scan{}
	for i, h := range hosts {
		f := File{URL: fmt.Sprintf("/data/%d", i)}
		if h != "" {
			f.URL = fmt.Sprintf("local://%s/%d", h, i)
		}
		n.Splits = append(n.Splits, Split{File: f, Bytes: bytes})
	}
	return n
}

func TestEverySplitIsReadOnceByATaskOfItsExecutor(t *testing.T) {
	for _, tasks := range []int{1, 2, 3, 5, 12, 40} {
		for _, hosts := range [][]string{{"", "", ""}, {"a"}, {"a", "b", "c"}, {"c", "b", "a", "c", "c", "", "c", "b", ""}} {
			n := scanOf(100, hosts...)
			s := &Stage{Root: n, Tasks: tasks}
			owners := s.Owners()
			if (Hosts(n) > 0) != (owners != nil) {
				t.Errorf("%v: owners %v", hosts, owners)
			}
			var all []string
			for task := range tasks {
				for _, p := range s.Splits(n, task) {
					all = append(all, p.File.URL)
					if host := p.File.Host(); host != "" && tasks >= Hosts(n) && owners[task] != host {
						t.Errorf("%d tasks: task %d of %s reads %s", tasks, task, owners[task], p.File.URL)
					}
				}
			}
			var want []string
			for _, p := range n.Splits {
				want = append(want, p.File.URL)
			}
			slices.Sort(all)
			slices.Sort(want)
			if !slices.Equal(all, want) {
				t.Errorf("%d tasks read %v of %v", tasks, all, want)
			}
		}
	}
}

func TestExecutorsWithMoreBytesGetMoreTasks(t *testing.T) {
	n := scanOf(100, "a", "b", "b", "b", "b")
	if got := (&Stage{Root: n, Tasks: 5}).Owners(); !slices.Equal(got, []string{"a", "b", "b", "b", "b"}) {
		t.Errorf("%v", got)
	}
	if got := (&Stage{Root: scanOf(100, "a", "b", "c", "a", "a"), Tasks: 2}).Owners(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%v", got)
	}
}
