package agg

import (
	"fmt"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// spillAndAbsorb is an aggregator that has taken what g spills.
func spillAndAbsorb(t *testing.T, g *Aggregator) *Aggregator {
	t.Helper()
	out, err := New(g.env.budget, g.keyTypes, g.aggs)
	if err != nil {
		t.Fatal(err)
	}
	types := SpillTypes(g.keyTypes, g.aggs)
	err = g.Spill(nil, func(b *column.Batch, hashes []uint64) error {
		if len(hashes) != b.Len || len(b.Cols) != len(types) {
			return fmt.Errorf("%d hashes, %d rows, %d columns of %d", len(hashes), b.Len, len(b.Cols), len(types))
		}
		for c, v := range b.Cols {
			if err := v.Check(); err != nil || !v.Type.Equal(types[c]) {
				return fmt.Errorf("column %d of type %s, not %s: %w", c, v.Type, types[c], err)
			}
		}
		return out.AbsorbSpilled(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A refused update leaves everything as it was: repeated with more memory it counts once.
func TestRefusedUpdatesCanBeRepeated(t *testing.T) {
	number, text := column.T(column.Int64), column.T(column.Text)
	of := func(op kernels.AggOp, result column.Type, distinct bool, args ...int) kernels.Aggregate {
		a := kernels.Aggregate{Op: op, Args: args, Result: result, Distinct: distinct, Filter: -1}
		for _, c := range args {
			a.ArgTypes = append(a.ArgTypes, []column.Type{number, number, text}[c])
		}
		return a
	}
	aggs := []kernels.Aggregate{
		of(kernels.AggCountStar, number, false), of(kernels.AggSum, column.DecimalType(38, 0), false, 1), of(kernels.AggCount, number, true, 1),
		of(kernels.AggMax, text, false, 2), of(kernels.AggList, column.ListType(number), false, 1), of(kernels.AggMedian, column.T(column.Float64), false, 1),
		of(kernels.AggAny, text, false, 2),
	}
	for _, keys := range [][]int{{0}, {2}, {0, 2}} {
		var keyTypes []column.Type
		for _, k := range keys {
			keyTypes = append(keyTypes, []column.Type{number, number, text}[k])
		}
		const limit = 2 << 20
		root := mem.NewBudget("test", 64*limit, nil)
		budget := root.For(mem.State)
		budget.SetShare(limit)
		g, err := New(budget, keyTypes, aggs)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := New(nil, keyTypes, aggs)
		if err != nil {
			t.Fatal(err)
		}
		arena := mem.NewArena(nil)
		refused := 0
		for i := range 200 {
			arena.Reset()
			b := &column.Batch{Len: 1000}
			for c, typ := range []column.Type{number, number, text} {
				v, err := column.FromValues(arena, typ, b.Len, func(k int) *column.Value {
					v := column.IntValue(typ, int64([]int{(i*1000 + k) % 3000, k % 17, 0}[c]))
					v.Str = fmt.Sprintf("a text that does not fit a view %d", (i*1000+k)%3000)
					return &v
				})
				if err != nil {
					t.Fatal(err)
				}
				b.Cols = append(b.Cols, v)
			}
			if err := plain.Update(b, keys); err != nil {
				t.Fatal(err)
			}
			for {
				err := g.Update(b, keys)
				if err == nil {
					break
				}
				if !mem.Refused(err) {
					t.Fatal(err)
				}
				refused++
				budget.SetShare(budget.Limit() * 9 / 8)
			}
		}
		if refused < 5 {
			t.Errorf("only %d refusals", refused)
		}
		budget.SetShare(0)
		compareAggregators(t, g, plain)
		g.Free()
		plain.Free()
		arena.Free()
		if root.Used() != 0 {
			t.Errorf("%d bytes not given back", root.Used())
		}
	}
}

// spillApart is an aggregator of several, each of which has taken what g spills of a part of its distinct values.
func spillApart(t *testing.T, g *Aggregator) *Aggregator {
	t.Helper()
	const n = 3
	var parts []*Aggregator
	for range n + 1 {
		p, err := New(g.env.budget, g.keyTypes, g.aggs)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	whole := parts[n]
	err := g.SpillTuples(nil, func(b *column.Batch, hashes []uint64) error {
		var sel [n][]uint32
		for k, h := range hashes {
			sel[h%n] = append(sel[h%n], uint32(k))
		}
		for p, rows := range sel {
			if len(rows) == 0 {
				continue
			}
			if err := parts[p].AbsorbSpilled(&column.Batch{Cols: b.Cols, Len: b.Len, Sel: rows}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts[:n] {
		if err := whole.MergeDistinct(p); err != nil {
			t.Fatal(err)
		}
		p.Free()
	}
	return whole
}
