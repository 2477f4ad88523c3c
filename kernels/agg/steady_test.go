package agg

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// TestUpdateDoesNotAllocate checks that batches of known groups are taken without allocating, whatever the keys.
func TestUpdateDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(90, 91))
	bigint, text := column.T(column.Int64), column.T(column.Text)
	a := mem.NewArena(nil)
	defer a.Free()
	value, _ := column.NewFlat(a, column.DecimalType(15, 2), column.BatchRows)
	nullable, _ := column.NewFlat(a, column.DecimalType(15, 2), column.BatchRows)
	nullable.Valid, _ = column.AllocBitmap(a, column.BatchRows)
	flag, _ := column.NewFlat(a, column.T(column.Bool), column.BatchRows)
	for k := range column.BatchRows {
		column.Values[int64](value)[k] = r.Int64N(1000)
		column.Values[uint8](flag)[k] = uint8(r.IntN(2))
		if r.IntN(5) > 0 {
			nullable.Valid.Set(k)
		} else {
			nullable.Valid.Clear(k)
		}
	}
	filtered := sumAgg(0)
	filtered.Filter = 2
	aggs := []kernels.Aggregate{sumAgg(0), avgAgg(1), filtered, {Op: kernels.AggCountStar, Result: bigint, Filter: -1}}
	for _, groups := range []int{3, 200, 3000} {
		numbers, _ := column.NewFlat(a, bigint, column.BatchRows)
		words, _ := column.NewFlat(a, text, column.BatchRows)
		codes, _ := column.AllocSlice[uint32](a, column.BatchRows)
		var entries []column.Value
		for i := range groups {
			entries = append(entries, column.TextValue(fmt.Sprintf("a word, number %d", i)))
		}
		dictionary := columntest.Vector(a, text, entries)
		for k := range column.BatchRows {
			g := r.IntN(groups)
			column.Values[int64](numbers)[k] = int64(g) * 1_000_003
			column.Values[column.View](words)[k] = column.Values[column.View](dictionary)[g]
			codes[k] = uint32(g)
		}
		dict := &column.Vector{Type: text, Form: column.Dict, Len: column.BatchRows, Codes: codes, Dictionary: dictionary, DictID: column.NewDictID()}
		for _, c := range []struct {
			name  string
			types []column.Type
			keys  []*column.Vector
		}{
			{"bigint", []column.Type{bigint}, []*column.Vector{numbers}},
			{"bigint with NULLs", []column.Type{column.DecimalType(15, 2)}, []*column.Vector{nullable}},
			{"two bigints", []column.Type{bigint, bigint}, []*column.Vector{numbers, numbers}},
			{"text", []column.Type{text}, []*column.Vector{words}},
			{"dictionary", []column.Type{text}, []*column.Vector{dict}},
			{"bigint and text", []column.Type{bigint, text}, []*column.Vector{numbers, words}},
		} {
			b := &column.Batch{Cols: append([]*column.Vector{value, nullable, flag}, c.keys...), Len: column.BatchRows}
			keys := make([]int, len(c.keys))
			for i := range keys {
				keys[i] = 3 + i
			}
			g, err := New(nil, c.types, aggs)
			if err != nil {
				t.Fatal(err)
			}
			update := func() {
				if err := g.Update(b, keys); err != nil {
					t.Fatal(err)
				}
			}
			update()
			update()
			if n := testing.AllocsPerRun(10, update); n != 0 {
				t.Errorf("%d groups of %s: %v allocations a batch", groups, c.name, n)
			}
			g.Free()
		}
	}
}
