package agg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

func init() { mem.Poison = true }

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

func tupleText(vals []column.Value) string {
	parts := make([]string, len(vals))
	for i, v := range vals {
		parts[i] = keyText(v)
	}
	return strings.Join(parts, "|")
}

// Every combination of key types, in any form and selection, must give each tuple one number for all batches, and give the tuple back.
func TestTableNumbersTuples(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	all := append(columntest.Types(), column.T(column.Null))
	sets := [][]column.Type{}
	for _, typ := range all {
		sets = append(sets, []column.Type{typ})
	}
	for range 60 {
		var types []column.Type
		for range 2 + r.IntN(4) {
			types = append(types, all[r.IntN(len(all))])
		}
		sets = append(sets, types)
	}
	for _, types := range sets {
		budget := mem.NewBudget("test", 0, nil)
		a := mem.NewArena(nil)
		table, err := NewTable(budget, types)
		if err != nil {
			t.Fatal(err)
		}
		cols := make([]int, len(types))
		for i := range cols {
			cols[i] = i
		}
		numbers := map[string]uint32{}
		for range 12 {
			b := columntest.RandomBatch(r, a, types, r.IntN(700))
			out := make([]uint32, b.Rows())
			if err := table.Find(b, cols, out); err != nil {
				t.Fatal(err)
			}
			for k, row := range columntest.Rows(b) {
				name := tupleText(row)
				want, ok := numbers[name]
				if !ok {
					numbers[name] = out[k]
					want = out[k]
				}
				if out[k] != want {
					t.Fatalf("%v: tuple %s is group %d and %d", types, name, want, out[k])
				}
			}
		}
		if len(numbers) != table.Len() {
			t.Fatalf("%v: %d tuples, %d groups", types, len(numbers), table.Len())
		}
		b, err := table.Keys(a, 0, table.Len())
		if err != nil {
			t.Fatal(err)
		}
		for g, row := range columntest.Rows(b) {
			if numbers[tupleText(row)] != uint32(g) {
				t.Fatalf("%v: group %d comes back as %s", types, g, tupleText(row))
			}
		}
		covered := 0
		for p, list := range table.Partition(5) {
			if !slices.IsSorted(list) {
				t.Errorf("%v: partition %d is not ascending", types, p)
			}
			covered += len(list)
		}
		if covered != table.Len() {
			t.Errorf("%v: partitions have %d of %d groups", types, covered, table.Len())
		}
		table.Free()
		a.Free()
		if budget.Used() != 0 {
			t.Errorf("%v: %d bytes not given back", types, budget.Used())
		}
	}
}

func TestTableGrowsFarBeyondItsFirstSize(t *testing.T) {
	for _, types := range [][]column.Type{
		{column.T(column.Int64)}, {column.T(column.Int64), column.T(column.Int32)}, {column.T(column.Text)}, {column.T(column.Text), column.T(column.Int64)},
	} {
		a := mem.NewArena(nil)
		table, err := NewTable(nil, types)
		if err != nil {
			t.Fatal(err)
		}
		const n = 30_000
		out := make([]uint32, n)
		for round := range 2 {
			b := &column.Batch{Len: n}
			var cols []int
			for c, typ := range types {
				vals := make([]column.Value, n)
				for i := range vals {
					if vals[i] = column.IntValue(typ, int64(i)*1_000_003); typ.Kind == column.Text {
						vals[i] = column.TextValue(fmt.Sprintf("some long common prefix %d", i))
					}
				}
				b.Cols = append(b.Cols, columntest.Vector(a, typ, vals))
				cols = append(cols, c)
			}
			if err := table.Find(b, cols, out); err != nil {
				t.Fatal(err)
			}
			for i, g := range out {
				if g != uint32(i) {
					t.Fatalf("%v round %d: row %d is group %d", types, round, i, g)
				}
			}
		}
		table.Free()
		a.Free()
	}
}

// check compares what g emits with the naive results by group.
func check(t *testing.T, g *Aggregator, aggs []kernels.Aggregate, keys int, byGroup map[string][][]column.Value) {
	t.Helper()
	a := mem.NewArena(nil)
	defer a.Free()
	if g.Groups() != len(byGroup) {
		t.Fatalf("%d groups, want %d", g.Groups(), len(byGroup))
	}
	for lo := 0; lo < g.Groups(); lo += 5 {
		b, err := g.Emit(a, lo, min(lo+5, g.Groups()), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range columntest.Rows(b) {
			name := tupleText(row[:keys])
			rows, ok := byGroup[name]
			if !ok {
				t.Fatalf("unexpected group %s", name)
			}
			for i, x := range aggs {
				got, want := keyText(row[keys+i]), naive(x, rows)
				if x, ok := strings.CutPrefix(want, "~"); ok && !row[keys+i].Null {
					// The order of additions shows in the last digits.
					f, err := strconv.ParseFloat(x, 64)
					if err != nil {
						t.Fatal(err)
					}
					if v := row[keys+i].Float; v == f || v != v && f != f || math.Abs(v-f) <= 1e-6+1e-9*math.Abs(f) {
						got = want
					}
				}
				if got != want {
					t.Fatalf("group %s: %s(%v) distinct %v filter %d is %s, want %s", name, x.Op, x.ArgTypes, x.Distinct, x.Filter, got, want)
				}
			}
		}
	}
}

// All functions over all types against their definitions: by one aggregator, by several merged whole or by partitions, and through partial states.
func TestAggregatesAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	argTypes, aggs := aggregates()
	argTypes = slices.Clone(argTypes)
	for round := range 24 {
		keyTypes := []column.Type{}
		for range r.IntN(3) {
			keyTypes = append(keyTypes, argTypes[r.IntN(len(argTypes))])
		}
		types := slices.Clone(argTypes)
		var keys []int
		for _, k := range keyTypes {
			keys = append(keys, len(types))
			types = append(types, k)
		}
		budget := mem.NewBudget("test", 0, nil)
		arena := mem.NewArena(nil)
		workers := make([]*Aggregator, 1+round%3)
		byGroup := map[string][][]column.Value{}
		if len(keys) == 0 {
			byGroup[""] = nil
		}
		separator, err := column.NewConstant(arena, column.TextValue(", "), 0)
		if err != nil {
			t.Fatal(err)
		}
		for w := range workers {
			if workers[w], err = New(budget, keyTypes, aggs); err != nil {
				t.Fatal(err)
			}
			for range r.IntN(4) {
				b := columntest.RandomBatch(r, arena, types, r.IntN(300))
				sep := *separator
				sep.Len = b.Len
				b.Cols[len(argTypes)-1] = &sep
				if err := workers[w].Update(b, keys); err != nil {
					t.Fatal(err)
				}
				for _, row := range columntest.Rows(b) {
					name := tupleText(row[len(argTypes):])
					byGroup[name] = append(byGroup[name], row)
				}
			}
		}
		target := workers[0]
		if len(workers) > 1 {
			if target, err = New(budget, keyTypes, aggs); err != nil {
				t.Fatal(err)
			}
		}
		// Partition by partition gives the same as at once, but for the order of rows, which the first worker's groups have first here.
		for _, w := range workers {
			if w == target {
				break
			}
			lists := [][]uint32{nil}
			if round%2 == 0 && len(keys) > 0 {
				lists = w.Partition(3)
			}
			for _, list := range lists {
				if list == nil && len(lists) > 1 {
					list = []uint32{}
				}
				if err := target.Merge(w, list); err != nil {
					t.Fatal(err)
				}
			}
		}
		spilled := spillAndAbsorb(t, target)
		apart := spillApart(t, target)
		check(t, target, aggs, len(keys), byGroup)
		check(t, spilled, aggs, len(keys), byGroup)
		check(t, apart, aggs, len(keys), byGroup)

		// The same through columns of partial states.
		var partial []kernels.Aggregate
		for _, a := range aggs {
			if HasPartial(a) {
				partial = append(partial, a)
			}
		}
		final, err := New(budget, keyTypes, partial)
		if err != nil {
			t.Fatal(err)
		}
		half := make([]*Aggregator, 0, len(workers))
		for range workers {
			h, err := New(budget, keyTypes, partial)
			if err != nil {
				t.Fatal(err)
			}
			half = append(half, h)
		}
		ident := []int{0, 1, 2}[:len(keys)]
		for range 3 {
			b := columntest.RandomBatch(r, arena, types, r.IntN(300))
			if err := half[r.IntN(len(half))].Update(b, keys); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range half {
			for lo := 0; lo < h.Groups(); lo += 100 {
				b, err := h.Emit(arena, lo, min(lo+100, h.Groups()), true)
				if err != nil {
					t.Fatal(err)
				}
				at := len(keys)
				for _, a := range partial {
					for _, typ := range PartialTypes(a) {
						if !b.Cols[at].Type.Equal(typ) {
							t.Fatalf("state of %s(%v) has type %s, not %s", a.Op, a.ArgTypes, b.Cols[at].Type, typ)
						}
						if err := b.Cols[at].Check(); err != nil {
							t.Fatal(err)
						}
						at++
					}
				}
				if err := final.Absorb(b, ident, len(keys)); err != nil {
					t.Fatal(err)
				}
			}
		}
		direct, err := New(budget, keyTypes, partial)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range half {
			if err := direct.Merge(h, nil); err != nil {
				t.Fatal(err)
			}
		}
		compareAggregators(t, final, direct)
		for _, g := range append(append(workers, half...), target, spilled, apart, final, direct) {
			g.Free()
		}
		arena.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes not given back", budget.Used())
		}
	}
}

func compareAggregators(t *testing.T, a, b *Aggregator) {
	t.Helper()
	arena := mem.NewArena(nil)
	defer arena.Free()
	x, err := a.Emit(arena, 0, a.Groups(), false)
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Emit(arena, 0, b.Groups(), false)
	if err != nil {
		t.Fatal(err)
	}
	rows, want := columntest.Rows(x), columntest.Rows(y)
	if len(rows) != len(want) {
		t.Fatalf("%d groups, want %d", len(rows), len(want))
	}
	for g := range rows {
		if tupleText(rows[g]) != tupleText(want[g]) {
			t.Fatalf("group %d through states: %s\nmerged: %s", g, tupleText(rows[g]), tupleText(want[g]))
		}
	}
}

func TestSumOverflowIsAnError(t *testing.T) {
	big38 := column.Value{Type: column.DecimalType(38, 0), Int: column.Pow10(38).Sub(column.Int128FromInt64(1))}
	for _, test := range []struct {
		name   string
		arg    column.Value
		rows   int
		result column.Type
		code   fault.Code
	}{
		{"two of the greatest bigint", column.IntValue(column.T(column.Int64), math.MaxInt64), 2, column.DecimalType(38, 0), ""},
		{"the greatest decimal", big38, 1, column.DecimalType(38, 0), ""},
		{"two of the greatest decimal", big38, 2, column.DecimalType(38, 0), fault.NumericOutOfRange},
		{"beyond 128 bits", big38, 4, column.DecimalType(38, 0), fault.NumericOutOfRange},
		{"integer sums beyond bigint", column.IntValue(column.T(column.Int64), math.MaxInt64), 2, column.T(column.Int64), fault.NumericOutOfRange},
	} {
		a := mem.NewArena(nil)
		g, err := New(nil, nil, []kernels.Aggregate{{Op: kernels.AggSum, Args: []int{0}, ArgTypes: []column.Type{test.arg.Type}, Result: test.result, Filter: -1}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := column.NewConstant(a, test.arg, test.rows)
		if err != nil {
			t.Fatal(err)
		}
		err = g.Update(&column.Batch{Cols: []*column.Vector{v}, Len: test.rows}, nil)
		if err == nil {
			_, err = g.Emit(a, 0, 1, false)
		}
		if (err != nil || test.code != "") && fault.CodeOf(err) != test.code {
			t.Errorf("%s: error %v, want code %q", test.name, err, test.code)
		}
		g.Free()
		a.Free()
	}
}

func TestSingleRefusesASecondRow(t *testing.T) {
	typ := column.T(column.Int32)
	aggs := []kernels.Aggregate{{Op: kernels.AggSingle, Args: []int{0}, ArgTypes: []column.Type{typ}, Result: typ, Filter: -1}}
	a := mem.NewArena(nil)
	defer a.Free()
	g, err := New(nil, nil, aggs)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Free()
	one := &column.Batch{Cols: []*column.Vector{column.NewNull(typ, 1)}, Len: 1}
	if err := g.Update(one, nil); err != nil {
		t.Fatal(err)
	}
	if err := g.Update(one, nil); fault.CodeOf(err) != fault.CardinalityViolation {
		t.Errorf("error %v", err)
	}
}

func TestApproxCountIsNear(t *testing.T) {
	typ := column.T(column.Int64)
	x := kernels.Aggregate{Op: kernels.AggApproxCount, Args: []int{0}, ArgTypes: []column.Type{typ}, Result: typ, Filter: -1}
	a := mem.NewArena(nil)
	defer a.Free()
	for _, n := range []int{0, 1, 100, 5000, 200_000} {
		g, err := New(nil, nil, []kernels.Aggregate{x})
		if err != nil {
			t.Fatal(err)
		}
		v, err := column.NewFlat(a, typ, n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range column.Values[int64](v) {
			column.Values[int64](v)[i] = int64(i) * 7
		}
		for range 2 {
			if err := g.Update(&column.Batch{Cols: []*column.Vector{v}, Len: n}, nil); err != nil {
				t.Fatal(err)
			}
		}
		b, err := g.Emit(a, 0, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		// Four standard errors.
		if got := b.Cols[0].ValueAt(0).Int64(); math.Abs(float64(got)-float64(n)) > 0.092*float64(n) {
			t.Errorf("%d distinct values are counted as %d", n, got)
		}
		g.Free()
	}
}

func TestSmallBudgetRefuses(t *testing.T) {
	budget := mem.NewBudget("query", 1<<20, nil)
	a := mem.NewArena(nil)
	defer a.Free()
	g, err := New(budget, []column.Type{column.T(column.Int64)}, []kernels.Aggregate{{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1}})
	if err != nil {
		t.Fatal(err)
	}
	v, _ := column.NewFlat(a, column.T(column.Int64), 1<<20)
	for i := range column.Values[int64](v) {
		column.Values[int64](v)[i] = int64(i)
	}
	if err := g.Update(&column.Batch{Cols: []*column.Vector{v}, Len: v.Len}, []int{0}); fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("error %v", err)
	}
	g.Free()
	if budget.Used() != 0 {
		t.Errorf("%d bytes not given back", budget.Used())
	}
}
