package join

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// keyText is a text that is equal exactly for values that are equal as keys.
func keyText(v column.Value) string {
	switch {
	case v.Null:
		return "NULL"
	case v.Type.Kind.IsFloat() && v.Float == 0:
		return "0"
	case v.Type.Kind == column.Interval:
		return v.Interval.Span().String()
	}
	return "=" + v.String()
}

// chain lists the rows behind a head.
func chain(t *Table, head uint32) []uint32 {
	var rows []uint32
	for ; head != 0; head = t.Next(head) {
		rows = append(rows, head-1)
	}
	slices.Sort(rows)
	return rows
}

// Chains hold exactly the rows with the key, for all key types and forms, null-safe or not, built by one goroutine or several.
func TestChainsHoldTheRowsWithTheKey(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	all := columntest.Types()
	for round := range 150 {
		var types []column.Type
		var keys []int
		var safe []bool
		for i := range 1 + r.IntN(3) {
			types, keys, safe = append(types, all[r.IntN(len(all))]), append(keys, i), append(safe, r.IntN(3) == 0)
		}
		if round < len(all) {
			types, keys, safe = all[round:round+1], []int{0}, []bool{false}
		}
		budget := mem.NewBudget("test", 0, nil)
		a := mem.NewArena(nil)
		rows := column.NewAppender(a, types)
		probes := []*column.Batch{}
		for range 1 + r.IntN(3) {
			b := columntest.RandomBatch(r, a, types, r.IntN(6000))
			if err := rows.Append(b); err != nil {
				t.Fatal(err)
			}
			probes = append(probes, b, columntest.RandomBatch(r, a, types, 50))
		}
		text := func(row []column.Value) (string, bool) {
			name := ""
			for i, v := range row {
				if v.Null && !safe[i] {
					return "", false
				}
				name += keyText(v) + "|"
			}
			return name, true
		}
		want := map[string][]uint32{}
		for i := range rows.Chunks() {
			for k, row := range columntest.Rows(rows.Chunk(i)) {
				if name, ok := text(row); ok {
					want[name] = append(want[name], uint32(i*column.ChunkRows+k))
				}
			}
		}
		table, err := Build(t.Context(), budget, rows, keys, safe, 1+round%4)
		if err != nil {
			t.Fatal(err)
		}
		unique := true
		for _, list := range want {
			unique = unique && len(list) == 1
		}
		if table.Unique() != unique {
			t.Fatalf("%v: unique %v, want %v", types, table.Unique(), unique)
		}
		p := NewProber(table)
		for _, b := range probes {
			heads := p.Heads(b, keys)
			seen := map[string]bool{}
			for k, row := range columntest.Rows(b) {
				name, ok := text(row)
				if !ok && heads[k] != 0 {
					t.Fatalf("%v: NULL key %v has partners", types, row)
				}
				if !ok || seen[name] {
					continue
				}
				seen[name] = true
				if got := chain(table, heads[k]); !slices.Equal(got, want[name]) {
					t.Fatalf("%v null-safe %v: key %s has %d rows, want %d", types, safe, name, len(got), len(want[name]))
				}
			}
		}
		table.Free()
		a.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes not given back", budget.Used())
		}
	}
}

// Many rows inserted at once by several goroutines, with skew: no row is lost.
func TestParallelBuildLosesNoRow(t *testing.T) {
	for _, step := range []int64{1, 1 << 40} {
		a := mem.NewArena(nil)
		rows := column.NewAppender(a, []column.Type{column.T(column.Int64)})
		const n, distinct = 200_000, 1000
		for _, b := range bigints(a, n, func(i int) int64 { return int64(i%distinct) * step }) {
			if err := rows.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		table, err := Build(t.Context(), nil, rows, []int{0}, nil, 8)
		if err != nil {
			t.Fatal(err)
		}
		if table.IsDirect() != (step == 1) {
			t.Errorf("step %d: direct %v", step, table.IsDirect())
		}
		probe := bigints(a, distinct, func(i int) int64 { return int64(i) * step })[0]
		for k, head := range NewProber(table).Heads(probe, []int{0}) {
			if got := len(chain(table, head)); got != n/distinct {
				t.Fatalf("key %d has %d rows, want %d", k, got, n/distinct)
			}
		}
		table.Free()
		a.Free()
	}
}

func TestMarksSpreadOverChains(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	rows := column.NewAppender(a, []column.Type{column.T(column.Int64)})
	for _, b := range bigints(a, 10_000, func(i int) int64 { return int64(i % 100) }) {
		if err := rows.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	table, err := Build(t.Context(), nil, rows, []int{0}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Free()
	marks, err := NewMarks(nil, rows.End())
	if err != nil {
		t.Fatal(err)
	}
	defer marks.Free()
	probe := bigints(a, 50, func(i int) int64 { return int64(2 * i) })[0]
	for _, head := range NewProber(table).Heads(probe, []int{0}) {
		marks.Set(head - 1)
	}
	marks.Spread(table)
	for row := range uint32(10_000) {
		if marks.Get(row) != (row%2 == 0) {
			t.Fatalf("row %d is marked: %v", row, marks.Get(row))
		}
	}
}

func TestWithoutKeysAllRowsAreOneChain(t *testing.T) {
	for _, n := range []int{0, 1, 9000} {
		a := mem.NewArena(nil)
		rows := column.NewAppender(a, []column.Type{column.T(column.Int64)})
		for _, b := range bigints(a, n, func(i int) int64 { return int64(i) }) {
			if err := rows.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		table, err := Build(t.Context(), nil, rows, nil, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		heads := NewProber(table).Heads(&column.Batch{Len: 3}, nil)
		if got := len(chain(table, heads[2])); got != n || table.Unique() != (n < 2) {
			t.Errorf("%d rows: the chain has %d, unique %v", n, got, table.Unique())
		}
		table.Free()
		a.Free()
	}
}

// About one value in a hundred that is no key passes a Bloom filter.
func TestFilterDropsMostOfTheRest(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	rows := column.NewAppender(a, []column.Type{column.T(column.Int64)})
	const n = 50_000
	for _, b := range bigints(a, n, func(i int) int64 { return int64(i) << 33 }) {
		if err := rows.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	table, err := Build(t.Context(), nil, rows, []int{0}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Free()
	f, err := NewFilter(t.Context(), nil, table, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Free()
	passed := 0
	for _, b := range bigints(a, n, func(i int) int64 { return int64(i)<<33 + 5 }) {
		sel, err := f.Apply(b.Cols[0], b, nil)
		if err != nil {
			t.Fatal(err)
		}
		passed += len(sel)
	}
	if passed > n/25 {
		t.Errorf("%d of %d values that are no keys pass", passed, n)
	}
	if least, greatest := f.Bounds(); least.Int64() != 0 || greatest.Int64() != (n-1)<<33 {
		t.Errorf("bounds %s to %s", least, greatest)
	}
}

func TestBuildStopsAtBudgetAndContext(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	rows := column.NewAppender(a, []column.Type{column.T(column.Text)})
	for i := range 20 {
		vals := make([]column.Value, 4096)
		for k := range vals {
			vals[k] = column.TextValue(fmt.Sprint(i, k))
		}
		if err := rows.Append(&column.Batch{Cols: []*column.Vector{columntest.Vector(a, column.T(column.Text), vals)}, Len: len(vals)}); err != nil {
			t.Fatal(err)
		}
	}
	budget := mem.NewBudget("query", 1<<20, nil)
	if _, err := Build(t.Context(), budget, rows, []int{0}, nil, 2); fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("error %v", err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes not given back", budget.Used())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Build(ctx, nil, rows, []int{0}, nil, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
