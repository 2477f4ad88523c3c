package sort

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	m.Run()
}

// order is PostgreSQL's order of two values, by the simplest means.
func order(a, b column.Value) int {
	switch {
	case a.Type.Kind.IsFloat():
		x, y := a.Float, b.Float
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		case x == y:
			return 0
		}
		return cmp.Compare(x, y)
	case a.Type.Kind == column.Interval:
		return a.Interval.Compare(b.Interval)
	case a.Type.Kind == column.Text || a.Type.Kind == column.Binary:
		return strings.Compare(a.Str, b.Str)
	case a.Type.Kind == column.UUID:
		return cmp.Or(cmp.Compare(uint64(a.Int.Hi), uint64(b.Int.Hi)), cmp.Compare(a.Int.Lo, b.Int.Lo))
	}
	return a.Int.Cmp(b.Int)
}

func compareRows(a, b []column.Value, keys []kernels.SortKey) int {
	for _, k := range keys {
		x, y := a[k.Column], b[k.Column]
		c := 0
		switch {
		case x.Null && y.Null:
		case x.Null || y.Null:
			c = 1
			if x.Null == k.NullsFirst {
				c = -1
			}
		default:
			if c = order(x, y); k.Descending {
				c = -c
			}
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func inOrder(n int, f func(i int) error) error {
	for i := range n {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

func goOn() error { return nil }

// testPiece is how many rows a piece of a merge has here: few, so that few rows make several.
const testPiece = 10_000

// sorted sorts batches on some runs and reads the order back.
func sorted(t *testing.T, types []column.Type, keys []kernels.SortKey, limit int64, runs int, batches []*column.Batch) [][]column.Value {
	t.Helper()
	layout, err := NewLayout(types, keys)
	if err != nil {
		t.Fatal(err)
	}
	budget := mem.NewBudget("test", 0, nil)
	var arenas []*mem.Arena
	newArena := func() *mem.Arena {
		a := mem.NewArena(budget)
		arenas = append(arenas, a)
		return a
	}
	s := New(types, layout, limit)
	s.piece = testPiece
	workers := make([]*Run, runs)
	for i := range workers {
		workers[i] = s.NewRun(newArena)
	}
	for i, b := range batches {
		if err := workers[i%runs].Add(b, goOn); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range workers {
		if err := w.Finish(goOn); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Merge(newArena(), inOrder, goOn); err != nil {
		t.Fatal(err)
	}
	var out [][]column.Value
	a := newArena()
	for from := 0; from < s.Rows(); from += 1000 {
		b, err := s.Read(a, from, min(1000, s.Rows()-from))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, columntest.Rows(b)...)
		a.Reset()
	}
	for _, a := range arenas {
		a.Free()
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes still charged", budget.Used())
	}
	return out
}

// verify compares an order with that of the reference: keys row by row, and the rows as a multiset when all are there.
func verify(t *testing.T, got, all [][]column.Value, keys []kernels.SortKey, limit int64) {
	t.Helper()
	want := slices.Clone(all)
	slices.SortStableFunc(want, func(a, b []column.Value) int { return compareRows(a, b, keys) })
	if limit >= 0 && int64(len(want)) > limit {
		want = want[:limit]
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range got {
		if compareRows(got[i], want[i], keys) != 0 {
			t.Fatalf("row %d is %v, want keys of %v (%v)", i, got[i], want[i], keys)
		}
	}
	if limit < 0 {
		if g, w := multiset(got), multiset(want); !slices.Equal(g, w) {
			t.Fatal("rows were lost or doubled")
		}
	}
}

func multiset(rows [][]column.Value) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r)
	}
	slices.Sort(out)
	return out
}

func TestEveryTypeSortsAsPostgreSQLDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, typ := range append(columntest.Types(), column.T(column.Null)) {
		for _, key := range []kernels.SortKey{{}, {Descending: true}, {NullsFirst: true}, {Descending: true, NullsFirst: true}} {
			t.Run(fmt.Sprintf("%s/%+v", typ, key), func(t *testing.T) {
				a := mem.NewArena(nil)
				defer a.Free()
				var batches []*column.Batch
				var all [][]column.Value
				for range 6 {
					b := columntest.RandomBatch(r, a, []column.Type{typ}, r.IntN(150))
					batches = append(batches, b)
					all = append(all, columntest.Rows(b)...)
				}
				verify(t, sorted(t, []column.Type{typ}, []kernels.SortKey{key}, -1, 3, batches), all, []kernels.SortKey{key}, -1)
			})
		}
	}
}

func TestSeveralKeysAndTopN(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	types := append(columntest.Types(), columntest.NestedTypes()...)
	for range 150 {
		var keys []kernels.SortKey
		for range 1 + r.IntN(4) {
			keys = append(keys, kernels.SortKey{Column: r.IntN(len(columntest.Types())), Descending: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0})
		}
		if r.IntN(2) == 0 {
			keys[0].Column = 18 // text
		}
		limit := []int64{-1, 0, 1, 10, 200, 1 << 30}[r.IntN(6)]
		a := mem.NewArena(nil)
		var batches []*column.Batch
		var all [][]column.Value
		for range r.IntN(6) {
			b := columntest.RandomBatch(r, a, types, r.IntN(300))
			batches = append(batches, b)
			all = append(all, columntest.Rows(b)...)
		}
		verify(t, sorted(t, types, keys, limit, 1+r.IntN(3), batches), all, keys, limit)
		a.Free()
	}
}

func TestManyRowsInSeveralPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 5))
	types := []column.Type{column.T(column.Int64), column.T(column.Text)}
	for _, c := range []struct {
		name  string
		keys  []kernels.SortKey
		limit int64
		value func() int64
	}{
		{"wide range", []kernels.SortKey{{Column: 0}}, -1, func() int64 { return int64(r.Uint64()) }},
		{"few values", []kernels.SortKey{{Column: 0, Descending: true}}, -1, func() int64 { return r.Int64N(5) }},
		{"ties to strings", []kernels.SortKey{{Column: 0}, {Column: 1}}, -1, func() int64 { return r.Int64N(50) }},
		{"long strings", []kernels.SortKey{{Column: 1, Descending: true}, {Column: 0}}, -1, func() int64 { return r.Int64N(50) }},
		{"first rows", []kernels.SortKey{{Column: 1}, {Column: 0}}, 1000, func() int64 { return r.Int64N(50) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := mem.NewArena(nil)
			defer a.Free()
			var batches []*column.Batch
			var all [][]column.Value
			for range 15 {
				nums, texts := make([]column.Value, 4000), make([]column.Value, 4000)
				for i := range nums {
					nums[i] = column.IntValue(types[0], c.value())
					texts[i] = column.TextValue(strings.TrimRight(fmt.Sprintf("some prefix of every row %d\x00", r.IntN(3000)), []string{"", "\x00"}[r.IntN(2)]))
				}
				b := &column.Batch{Cols: []*column.Vector{columntest.Vector(a, types[0], nums), columntest.Vector(a, types[1], texts)}, Len: 4000}
				batches = append(batches, b)
				all = append(all, columntest.Rows(b)...)
			}
			verify(t, sorted(t, types, c.keys, c.limit, 3, batches), all, c.keys, c.limit)
		})
	}
}

func TestStringsWithALongCommonPrefix(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	a := mem.NewArena(nil)
	defer a.Free()
	types := []column.Type{column.T(column.Text), column.T(column.Int32)}
	prefix := strings.Repeat("x", 1000)
	var vals, nums []column.Value
	for range 600 {
		vals = append(vals, column.TextValue(prefix[:[]int{990, 1000}[r.IntN(2)]]+[]string{"", "a", "b", "\x00"}[r.IntN(4)]))
		nums = append(nums, column.IntValue(types[1], r.Int64N(100)))
	}
	b := &column.Batch{Cols: []*column.Vector{columntest.Vector(a, types[0], vals), columntest.Vector(a, types[1], nums)}, Len: len(vals)}
	for _, keys := range [][]kernels.SortKey{{{Column: 0}, {Column: 1}}, {{Column: 0, Descending: true}, {Column: 1}}} {
		verify(t, sorted(t, types, keys, -1, 1, []*column.Batch{b}), columntest.Rows(b), keys, -1)
	}
}

func TestSortingStopsWhenAsked(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	types := []column.Type{column.T(column.Int64)}
	layout, err := NewLayout(types, []kernels.SortKey{{}})
	if err != nil {
		t.Fatal(err)
	}
	run := New(types, layout, -1).NewRun(func() *mem.Arena { return a })
	r := rand.New(rand.NewPCG(1, 1))
	vals := make([]column.Value, 4000)
	for i := range vals {
		vals[i] = column.IntValue(types[0], int64(r.Uint64()))
	}
	if err := run.Add(&column.Batch{Cols: []*column.Vector{columntest.Vector(a, types[0], vals)}, Len: len(vals)}, goOn); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := run.Finish(func() error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestNestedTypesHaveNoOrder(t *testing.T) {
	if _, err := NewLayout(columntest.NestedTypes(), []kernels.SortKey{{Column: 0}}); err == nil {
		t.Error("a list was accepted as a sort key")
	}
}

func BenchmarkSortInt64(b *testing.B) {
	types := []column.Type{column.T(column.Int64), column.T(column.Int64)}
	layout, _ := NewLayout(types, []kernels.SortKey{{Column: 0}})
	src := mem.NewArena(nil)
	defer src.Free()
	r := rand.New(rand.NewPCG(1, 1))
	v, _ := column.NewFlat(src, types[0], column.BatchRows)
	const rows = 1 << 20
	for b.Loop() {
		var arenas []*mem.Arena
		s := New(types, layout, -1)
		run := s.NewRun(func() *mem.Arena { arenas = append(arenas, mem.NewArena(nil)); return arenas[len(arenas)-1] })
		for range rows / column.BatchRows {
			for i := range column.Values[int64](v) {
				column.Values[int64](v)[i] = r.Int64()
			}
			if err := run.Add(&column.Batch{Cols: []*column.Vector{v, v}, Len: v.Len}, goOn); err != nil {
				b.Fatal(err)
			}
		}
		if err := run.Finish(goOn); err != nil {
			b.Fatal(err)
		}
		for _, a := range arenas {
			a.Free()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

func BenchmarkSortText(b *testing.B) {
	types := []column.Type{column.T(column.Text)}
	layout, _ := NewLayout(types, []kernels.SortKey{{Column: 0}})
	src := mem.NewArena(nil)
	defer src.Free()
	r := rand.New(rand.NewPCG(1, 1))
	const rows = 1 << 18
	var batches []*column.Batch
	for range rows / column.BatchRows {
		vals := make([]column.Value, column.BatchRows)
		for i := range vals {
			vals[i] = column.TextValue(fmt.Sprintf("Customer#%09d", r.IntN(1e9)))
		}
		batches = append(batches, &column.Batch{Cols: []*column.Vector{columntest.Vector(src, types[0], vals)}, Len: len(vals)})
	}
	for b.Loop() {
		var arenas []*mem.Arena
		run := New(types, layout, -1).NewRun(func() *mem.Arena { arenas = append(arenas, mem.NewArena(nil)); return arenas[len(arenas)-1] })
		for _, batch := range batches {
			if err := run.Add(batch, goOn); err != nil {
				b.Fatal(err)
			}
		}
		if err := run.Finish(goOn); err != nil {
			b.Fatal(err)
		}
		for _, a := range arenas {
			a.Free()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
