package remote

import (
	"testing"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/plan"
)

// nothing takes rows and drops them.
type nothing struct{}

func (nothing) Push(*column.Batch) error { return nil }
func (nothing) Finish() error            { return nil }

// numbers is a batch of one column with every third value NULL.
func numbers(t *testing.T, a *mem.Arena, from, to int64) *column.Batch {
	t.Helper()
	typ := column.T(column.Int64)
	rows := make([]column.Value, 0, to-from)
	for v := from; v < to; v++ {
		if v%3 == 0 {
			rows = append(rows, column.NullValue(typ))
		} else {
			rows = append(rows, column.IntValue(typ, v))
		}
	}
	v, err := column.FromValues(a, typ, len(rows), func(i int) *column.Value { return &rows[i] })
	if err != nil {
		t.Fatal(err)
	}
	return &column.Batch{Cols: []*column.Vector{v}, Len: len(rows)}
}

// filterOf is the filter that a stage's only task makes of rows.
func filterOf(t *testing.T, expected int64, batches ...*column.Batch) *controlv1.KeyFilter {
	t.Helper()
	return filterOfTask(t, expected, 1, batches...)
}

// filterOfTask is the filter that one of so many tasks makes of rows.
func filterOfTask(t *testing.T, expected int64, tasks int, batches ...*column.Batch) *controlv1.KeyFilter {
	t.Helper()
	typ := column.T(column.Int64)
	def := plan.StageFilter{Filter: 7, Keys: expected}
	f := &filtering{tasks: tasks, defs: []plan.StageFilter{def}, types: []column.Type{typ}, found: []*keys{newKeys(def, typ, tasks)}}
	for _, b := range batches {
		s := &filteringSink{Sink: nothing{}, of: f, hasher: hash.NewWidener(), keys: []*keys{newKeys(def, typ, tasks)}}
		if err := s.Push(b); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	return f.messages()[0]
}

// passing counts the rows that a filter lets pass.
func passing(t *testing.T, m *controlv1.KeyFilter, b *column.Batch) int {
	t.Helper()
	var f filters
	f.add(m)
	var r executor.RuntimeFilter = f.all[7]
	sel, err := r.Apply(b.Cols[0], b, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range sel {
		if b.Cols[0].IsNull(int(row)) {
			t.Errorf("row %d is NULL and passes", row)
		}
	}
	return len(sel)
}

func TestKeyFilterPassesItsKeysAndFewOthers(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	for _, expected := range []int64{1, 1000, 1 << 40} {
		m := filterOf(t, expected, numbers(t, a, 0, 3000), numbers(t, a, 3000, 6000))
		if n := passing(t, m, numbers(t, a, 0, 6000)); n != 4000 {
			t.Errorf("%d expected: %d of 4000 keys pass", expected, n)
		}
		if n := passing(t, m, numbers(t, a, 1_000_000, 1_006_000)); n > 200 {
			t.Errorf("%d expected: %d of 4000 others pass a filter of %d bytes", expected, n, len(m.GetBloom()))
		}
		least, greatest := value(t, m.GetLeast()), value(t, m.GetGreatest())
		if least != 1 || greatest != 5999 {
			t.Errorf("keys from %d to %d", least, greatest)
		}
	}
}

func value(t *testing.T, data []byte) int64 {
	t.Helper()
	v, err := plan.UnmarshalValue(data)
	if err != nil {
		t.Fatal(err)
	}
	return v.Int64()
}

// TestKeyFiltersOfManyTasksPassFewOthersTogether puts together what tasks have found, each a part of the keys.
func TestKeyFiltersOfManyTasksPassFewOthersTogether(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	const tasks = 16
	var all *controlv1.KeyFilter
	for task := range tasks {
		m := filterOfTask(t, 16*2000, tasks, numbers(t, a, int64(task)*3000, int64(task)*3000+3000))
		if all == nil {
			all = m
			continue
		}
		if len(m.GetBloom()) != len(all.GetBloom()) {
			t.Fatalf("task %d has a filter of %d bytes, others %d", task, len(m.GetBloom()), len(all.GetBloom()))
		}
		for i, b := range m.GetBloom() {
			all.Bloom[i] |= b
		}
	}
	for task := range tasks {
		if n := passing(t, all, numbers(t, a, int64(task)*3000, int64(task)*3000+3000)); n != 2000 {
			t.Errorf("%d of 2000 keys of task %d pass", n, task)
		}
	}
	if n := passing(t, all, numbers(t, a, 1_000_000, 1_006_000)); n > 200 {
		t.Errorf("%d of 4000 others pass the filters of %d tasks together", n, tasks)
	}
}

// TestKeyFiltersOfAStageAreBounded asks for as many keys as there can be: the filters of many tasks are smaller.
func TestKeyFiltersOfAStageAreBounded(t *testing.T) {
	for tasks, want := range map[int]int{1: 1 << 20, 64: 1 << 20, 100: 512 << 10, 10_000: 256 << 10} {
		if k := newKeys(plan.StageFilter{Keys: 1 << 40}, column.T(column.Int64), tasks); 8*len(k.bloom) != want {
			t.Errorf("%d tasks: filters of %d bytes, want %d", tasks, 8*len(k.bloom), want)
		}
	}
}

func TestKeyFilterWithoutKeysPassesNothing(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	if n := passing(t, filterOf(t, 10), numbers(t, a, 0, 100)); n != 0 {
		t.Errorf("%d pass", n)
	}
}

func TestKeyFilterThatIsTooFullHasOnlyBounds(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	var all []*column.Batch
	for n := range int64(100) {
		all = append(all, numbers(t, a, n*10_000, (n+1)*10_000))
	}
	m := filterOf(t, 10, all...)
	if len(m.GetBloom()) > 0 || !m.GetAny() || value(t, m.GetGreatest()) != 999_998 {
		t.Errorf("%d bytes of bits, any %v", len(m.GetBloom()), m.GetAny())
	}
}
