package agg

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// All functions that have partial states, over all types, through states of single rows, against their definitions.
func TestStatesOfSingleRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 11))
	argTypes, all := aggregates()
	var aggs []kernels.Aggregate
	for _, a := range all {
		if HasPartial(a) {
			aggs = append(aggs, a)
		}
	}
	for round := range 12 {
		types := slices.Clone(argTypes)
		keyType := argTypes[round%len(argTypes)]
		types = append(types, keyType)
		budget, arena := mem.NewBudget("test", 0, nil), mem.NewArena(nil)
		rows, err := NewRows(budget, aggs)
		if err != nil {
			t.Fatal(err)
		}
		final, err := New(budget, []column.Type{keyType}, aggs)
		if err != nil {
			t.Fatal(err)
		}
		byGroup := map[string][][]column.Value{}
		for range 1 + r.IntN(5) {
			b := columntest.RandomBatch(r, arena, types, r.IntN(300))
			made, err := rows.Emit(arena, b, []int{len(argTypes)})
			if err != nil {
				t.Fatal(err)
			}
			if made.Sel != nil || made.Len != b.Rows() {
				t.Fatalf("%d rows, selection %v, for %d rows", made.Len, made.Sel, b.Rows())
			}
			at := 1
			for _, a := range aggs {
				for _, typ := range PartialTypes(a) {
					if v := made.Cols[at]; !v.Type.Equal(typ) || v.Check() != nil {
						t.Fatalf("state of %s(%v) has type %s, not %s: %v", a.Op, a.ArgTypes, v.Type, typ, v.Check())
					}
					at++
				}
			}
			if err := final.Absorb(made, []int{0}, 1); err != nil {
				t.Fatal(err)
			}
			for _, row := range columntest.Rows(b) {
				name := tupleText(row[len(argTypes):])
				byGroup[name] = append(byGroup[name], row)
			}
		}
		check(t, final, aggs, 1, byGroup)
		rows.Free()
		final.Free()
		arena.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes not given back", budget.Used())
		}
	}
}

// States are made anew after so many rows.
func TestStatesOfManySingleRows(t *testing.T) {
	bigint := column.T(column.Int64)
	aggs := []kernels.Aggregate{{Op: kernels.AggSum, Args: []int{0}, ArgTypes: []column.Type{bigint}, Result: column.DecimalType(38, 0), Filter: -1}}
	arena := mem.NewArena(nil)
	defer arena.Free()
	rows, err := NewRows(nil, aggs)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Free()
	vals := make([]column.Value, 3000)
	for i := range 4 * rowStates / len(vals) {
		for k := range vals {
			vals[k] = column.IntValue(bigint, int64(i*len(vals)+k))
		}
		made, err := rows.Emit(arena, &column.Batch{Cols: []*column.Vector{columntest.Vector(arena, bigint, vals)}, Len: len(vals)}, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		for k, row := range columntest.Rows(made) {
			if want := int64(i*len(vals) + k); row[0].Int64() != want || row[1].Int.Lo != uint64(want) {
				t.Fatalf("row %d: %v", want, row)
			}
		}
		if rows.made > rowStates {
			t.Fatalf("%d rows have states", rows.made)
		}
	}
}
