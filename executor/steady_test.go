package executor

import (
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// discard is a sink that wants nothing.
type discard struct{}

func (discard) Push(*column.Batch) error { return nil }
func (discard) Finish() error            { return nil }

// steadyBatch is n, n % 1000 and a text of each, n beginning with first.
func steadyBatch(t *testing.T, a *mem.Arena, first int64) *column.Batch {
	t.Helper()
	b := &column.Batch{Len: column.BatchRows}
	for c := range 3 {
		typ := bigint
		if c == 2 {
			typ = text
		}
		v, err := column.FromValues(a, typ, b.Len, func(i int) *column.Value {
			n := first + int64(i)
			if c > 0 {
				n %= 1000
			}
			v := column.IntValue(bigint, n)
			if c == 2 {
				v = column.TextValue("a text that does not lie in its view " + v.String())
			}
			return &v
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

// In steady state operators allocate nothing for a batch.
func TestOperatorsAllocateNothingForABatch(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	batch := steadyBatch(t, a, 0)
	fields := []column.Field{{Name: "n", Type: bigint}, {Name: "r", Type: bigint}, {Name: "t", Type: text}}
	in := &plan.Values{Out: fields}
	few := &column.Batch{Cols: batch.Cols, Len: batch.Len}
	for k := range batch.Len / 10 {
		few.Sel = append(few.Sel, uint32(k*10))
	}
	for name, c := range map[string]struct {
		operator func(*Task) Operator
		batch    *column.Batch
	}{
		"filter": {func(*Task) Operator { return filterOf(t, greater(ref(0), literal(100)), fields) }, batch},
		"project": {func(*Task) Operator {
			return projectOf(t, []expr.Expr{mustCall(t, "+", ref(0), ref(1)), ref(0)}, fields)
		}, batch},
		"join, unique":           {func(k *Task) Operator { return joinOf(t, k, plan.Inner, in, 0, a) }, batch},
		"join, few rows":         {func(k *Task) Operator { return joinOf(t, k, plan.Inner, in, 0, a) }, few},
		"join, several partners": {func(k *Task) Operator { return joinOf(t, k, plan.Inner, in, 1, a) }, few},
		"join, outer":            {func(k *Task) Operator { return joinOf(t, k, plan.ProbeOuter, in, 0, a) }, batch},
		"join, semi":             {func(k *Task) Operator { return joinOf(t, k, plan.ProbeSemi, in, 1, a) }, batch},
		"join, mark":             {func(k *Task) Operator { return joinOf(t, k, plan.Mark, in, 0, a) }, batch},
	} {
		t.Run(name, func(t *testing.T) {
			task := taskOf(in, 1)
			defer task.release()
			w := &Worker{Ctx: t.Context(), Task: task, Arena: mem.NewArena(nil)}
			defer w.Arena.Free()
			sink, err := c.operator(task).Worker(w, discard{})
			if err != nil {
				t.Fatal(err)
			}
			push := func() {
				if err := sink.Push(c.batch); err != nil {
					t.Fatal(err)
				}
			}
			push()
			if n := testing.AllocsPerRun(20, push); n > 0 {
				t.Errorf("%g allocations a batch", n)
			}
		})
	}
}

func filterOf(t *testing.T, cond expr.Expr, fields []column.Field) Operator {
	t.Helper()
	f, err := newFilter(cond, fieldTypes(fields))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func projectOf(t *testing.T, exprs []expr.Expr, fields []column.Field) Operator {
	t.Helper()
	p, err := expr.Compile(exprs, fieldTypes(fields))
	if err != nil {
		t.Fatal(err)
	}
	return &project{program: p}
}

// joinOf joins in with itself by column key.
func joinOf(t *testing.T, task *Task, kind plan.JoinKind, in plan.Node, key int, a *mem.Arena) Operator {
	t.Helper()
	j, err := newHashJoin(task, &plan.HashJoin{Kind: kind, Probe: in, Build: in, ProbeKeys: []int{key}, BuildKeys: []int{key}})
	if err != nil {
		t.Fatal(err)
	}
	build := (*joinBuild)(j)
	w := &Worker{Ctx: t.Context(), Task: task, Arena: a}
	sink, err := build.Worker(w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		if err := sink.Push(steadyBatch(t, a, i*column.BatchRows)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := build.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	return j
}
