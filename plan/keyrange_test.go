package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// randomRanges makes a scan of random splits, some of which overlap, in as many ranges as are asked for; its splits' Start and End are the bounds of their values.
func randomRanges(r *rand.Rand, ranges int) *Scan {
	n := &Scan{Schema: []column.Field{{Name: "a", Type: bigint}}, Columns: []int{0}, Range: &KeyRange{}}
	for at := int64(0); len(n.Splits) < 20; at += r.Int64N(6) {
		n.Splits = append(n.Splits, Split{File: File{URL: fmt.Sprint(len(n.Splits))}, Start: at, End: at + r.Int64N(8)})
	}
	var bounds []int64
	for range ranges - 1 {
		bounds = append(bounds, r.Int64N(60))
	}
	slices.Sort(bounds)
	for i := range ranges {
		p := SplitRange{To: len(n.Splits)}
		if i > 0 {
			p.From = max(0, slices.IndexFunc(n.Splits, func(s Split) bool { return s.End >= bounds[i-1] }))
		}
		if i < len(bounds) {
			for p.To > 0 && n.Splits[p.To-1].Start >= bounds[i] {
				p.To--
			}
			n.Range.Bounds = append(n.Range.Bounds, column.IntValue(bigint, bounds[i]))
		}
		p.From = min(p.From, p.To)
		if i > 0 {
			p.From = max(p.From, n.Range.Parts[i-1].From)
		}
		n.Range.Parts = append(n.Range.Parts, p)
	}
	return n
}

// takes reports whether a row with a value is one task's, by its condition.
func takes(t *testing.T, n *Scan, task, tasks int, v column.Value) bool {
	t.Helper()
	cond := n.RangeFilter(task, tasks)
	if cond == nil {
		return true
	}
	out, err := expr.Evaluate(expr.Rewrite(cond, func(e expr.Expr) expr.Expr {
		if _, ok := e.(*expr.Ref); ok {
			return &expr.Literal{Value: v}
		}
		return e
	}))
	if err != nil {
		t.Fatal(err)
	}
	return !out.Null && out.Bool()
}

func TestEveryValueIsInOneTask(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		tasks := 1 + r.IntN(5)
		n := randomRanges(r, tasks*(1+r.IntN(4)))
		stage := &Stage{Root: n, Tasks: tasks}
		straddles := n.Range.Straddles(len(n.Splits))
		read := make([][]Split, tasks)
		for task := range tasks {
			read[task] = stage.Splits(n, task)
		}
		for i, s := range n.Splits {
			for v := s.Start; v <= s.End; v++ {
				var whose, readers []int
				for task := range tasks {
					if takes(t, n, task, tasks, column.IntValue(bigint, v)) {
						whose = append(whose, task)
					}
					if slices.Contains(read[task], s) {
						readers = append(readers, task)
					}
				}
				if len(whose) != 1 || !slices.Contains(readers, whose[0]) || len(readers) > 1 && !straddles[i] {
					t.Fatalf("seed %d: %d of split %d is task %v's, the split is read by %v, straddles %v\n%+v", seed, v, i, whose, readers, straddles[i], n.Range)
				}
			}
		}
		for task := range tasks {
			seen := map[Split]bool{}
			for _, s := range read[task] {
				if seen[s] {
					t.Fatalf("seed %d: task %d reads a split twice", seed, task)
				}
				seen[s] = true
			}
			if takes(t, n, task, tasks, column.NullValue(bigint)) != (task == 0) {
				t.Fatalf("seed %d: NULL and task %d", seed, task)
			}
		}
	}
}

func TestRangesAreSentAndChecked(t *testing.T) {
	plan := func(spoil func(*Scan)) *Plan {
		n := randomRanges(rand.New(rand.NewPCG(3, 1)), 6)
		n.ID, n.Limit = 1, -1
		spoil(n)
		return &Plan{Stages: []*Stage{{Root: n, Tasks: 1, Output: Partitioning{Partitions: 1}}}}
	}
	good := plan(func(*Scan) {})
	encoded, err := Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Unmarshal(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(back); err != nil {
		t.Fatal(err)
	}
	want, got := good.Stages[0].Root.(*Scan), back.Stages[0].Root.(*Scan)
	if got.Range == nil || !slices.Equal(got.Range.Parts, want.Range.Parts) || got.Range.Column != 0 || len(got.Splits) != len(want.Splits) ||
		!slices.EqualFunc(got.Range.Bounds, want.Range.Bounds, func(a, b column.Value) bool { return a.Int == b.Int && a.Type.Equal(b.Type) }) {
		t.Errorf("got %+v, want %+v", got.Range, want.Range)
	}
	if text := Explain(back, nil); !strings.Contains(text, "6 ranges of a, dealt to the tasks") {
		t.Errorf("%s", text)
	}
	for message, spoil := range map[string]func(*Scan){
		"range column 7 of 1":  func(n *Scan) { n.Range.Column = 7 },
		"5 ranges with 5":      func(n *Scan) { n.Range.Parts = n.Range.Parts[1:] },
		"a bound of type text": func(n *Scan) { n.Range.Bounds[2] = column.TextValue("x") },
		"of 20 after":          func(n *Scan) { n.Range.Parts[5].To = 21 },
		"splits 0 to":          func(n *Scan) { n.Range.Parts[4].From = 0 },
	} {
		p := plan(spoil)
		if err := Check(p); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: got %v", message, err)
		}
	}
}
