package agg

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// Keys that are dictionaries under the same codes give the groups of their values: those of entries that no selected row has are not among them.
func TestJointKeysGiveTheGroupsOfTheirValues(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 4))
	all := columntest.Types()
	count := []kernels.Aggregate{{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1}}
	for round := range 300 {
		a := mem.NewArena(nil)
		types := []column.Type{column.T(column.Text), all[r.IntN(len(all))]}
		if round%3 == 0 {
			types = []column.Type{column.T(column.Int32), column.T(column.Int16)} // packed
		}
		joint, err := New(nil, types, count)
		if err != nil {
			t.Fatal(err)
		}
		flat, err := New(nil, types, count)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + r.IntN(3) {
			entries, rows := 1+r.IntN(30), 50+r.IntN(100)
			values := make([][]column.Value, len(types))
			for i, typ := range types {
				values[i] = columntest.Values(r, typ, entries, 0)
			}
			codes := make([]uint32, rows)
			for k := range codes {
				codes[k] = uint32(r.IntN(entries))
			}
			dicts, plain := &column.Batch{Len: rows}, &column.Batch{Len: rows}
			if r.IntN(2) == 0 {
				dicts.Sel = columntest.Selection(r, rows)
				plain.Sel = dicts.Sel
			}
			for i, typ := range types {
				dictionary := columntest.Vector(a, typ, values[i])
				dicts.Cols = append(dicts.Cols, &column.Vector{Type: typ, Form: column.Dict, Len: rows, Codes: codes, Dictionary: dictionary, DictID: column.NewDictID()})
				v, err := column.Gather(a, dictionary, codes)
				if err != nil {
					t.Fatal(err)
				}
				plain.Cols = append(plain.Cols, v)
			}
			if got, _ := jointCodes(dicts, []int{0, 1}); (got == nil) != (entries*4 > dicts.Rows()*3) {
				t.Fatalf("%d entries of %d rows: joint %v", entries, dicts.Rows(), got != nil)
			}
			for g, b := range map[*Aggregator]*column.Batch{joint: dicts, flat: plain} {
				if err := g.Update(b, []int{0, 1}); err != nil {
					t.Fatal(err)
				}
			}
		}
		compareAggregators(t, joint, flat)
		// Merged with hashes that are known and strings that stay where they are, the groups are the same.
		merged, err := New(nil, types, count)
		if err != nil {
			t.Fatal(err)
		}
		merged.BorrowStrings()
		for _, list := range flat.Partition(3) {
			if err := merged.Merge(joint, list); err != nil {
				t.Fatal(err)
			}
		}
		again, err := New(nil, types, count)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range flat.Partition(3) {
			if err := again.Merge(flat, list); err != nil {
				t.Fatal(err)
			}
		}
		compareAggregators(t, merged, again)
		for _, g := range []*Aggregator{merged, again, joint, flat} {
			g.Free()
		}
		a.Free()
	}
}
