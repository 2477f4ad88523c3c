package executor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
)

// Groups by columns of a join's build side, NULLs among them, are the same whether repeated build rows make dictionaries or a filter between keeps them from it.
func TestGroupsOfRepeatedBuildRows(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for round := range 60 {
		a := mem.NewArena(nil)
		nulls := 0
		if round%2 == 0 {
			nulls = 20
		}
		types := columntest.Types()
		other := types[r.IntN(len(types))]
		build := &batchesNode{out: []column.Field{{Name: "id", Type: bigint}, {Name: "name", Type: text}, {Name: "other", Type: other}}}
		rows := 1 + r.IntN(300)
		var ids []column.Value
		for i := range rows {
			ids = append(ids, column.IntValue(bigint, int64(i/(1+round%2))))
		}
		build.batches = append(build.batches, &column.Batch{Len: rows, Cols: []*column.Vector{columntest.Vector(a, bigint, ids),
			columntest.Vector(a, text, columntest.Values(r, text, rows, nulls)), columntest.Vector(a, other, columntest.Values(r, other, rows, nulls))}})
		probe := &batchesNode{out: []column.Field{{Name: "id", Type: bigint}, {Name: "v", Type: bigint}}}
		for range 3 {
			var keys, vals []column.Value
			for len(keys) < 1000 {
				key := column.IntValue(bigint, r.Int64N(int64(rows)+2))
				for range 1 + r.IntN(5) {
					keys, vals = append(keys, key), append(vals, column.IntValue(bigint, r.Int64N(10)))
				}
			}
			probe.batches = append(probe.batches, &column.Batch{Len: len(keys), Cols: []*column.Vector{columntest.Vector(a, bigint, keys), columntest.Vector(a, bigint, vals)}})
		}
		join := &plan.HashJoin{Info: plan.Info{ID: 1}, Kind: plan.Inner, Probe: probe, Build: build, ProbeKeys: []int{0}, BuildKeys: []int{0}, Output: []int{1, 3, 4},
			Out: []column.Field{{Name: "v", Type: bigint}, build.out[1], build.out[2]}}
		group := func(in plan.Node) *plan.Aggregate {
			turned := &plan.Project{Info: plan.Info{ID: 2}, Input: in, Exprs: []expr.Expr{&expr.Ref{Index: 2, Typ: other}, ref(0), &expr.Ref{Index: 1, Typ: text}},
				Out: []column.Field{build.out[2], {Name: "v", Type: bigint}, build.out[1]}}
			return &plan.Aggregate{Info: plan.Info{ID: 3}, Input: turned, Keys: []int{0, 2}, Aggs: append(countStar(), sumOf(1)),
				Out: []column.Field{build.out[2], build.out[1], {Name: "count", Type: bigint}, {Name: "sum", Type: column.DecimalType(38, 0)}}}
		}
		want, _, err := collect(t, taskOf(group(&plan.Filter{Info: plan.Info{ID: 4}, Input: join, Cond: greater(ref(0), literal(-1))}), 2))
		if err != nil {
			t.Fatal(err)
		}
		task := taskOf(group(join), 2)
		b := &Builder{Task: task, Ctx: t.Context()}
		s, err := b.Build(group(join).Input)
		if err != nil {
			t.Fatal(err)
		}
		repeats(group(join), s)
		if j := s.Operators[0].(*hashJoin); j.repeats == nil || j.repeats[0] || !j.repeats[1] || !j.repeats[2] {
			t.Fatalf("dictionaries of columns %v", j.repeats)
		}
		task.release()
		got, _, err := collect(t, taskOf(group(join), 2))
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, fmt.Sprintf("round %d, %s", round, other), got, want)
		a.Free()
	}
}

// What only drops rows between the join and the aggregation keeps the dictionaries: joins that look for a partner, whichever columns they pass on.
func TestRepeatedBuildRowsPassJoinsThatDropRows(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 16))
	for round := range 30 {
		a := mem.NewArena(nil)
		build := &batchesNode{out: []column.Field{{Name: "id", Type: bigint}, {Name: "name", Type: text}, {Name: "size", Type: bigint}}}
		rows := 1 + r.IntN(300)
		var ids []column.Value
		for i := range rows {
			ids = append(ids, column.IntValue(bigint, int64(i)))
		}
		build.batches = append(build.batches, &column.Batch{Len: rows, Cols: []*column.Vector{columntest.Vector(a, bigint, ids),
			columntest.Vector(a, text, columntest.Values(r, text, rows, 0)), columntest.Vector(a, bigint, columntest.Values(r, bigint, rows, 0))}})
		probe := &batchesNode{out: []column.Field{{Name: "id", Type: bigint}, {Name: "v", Type: bigint}}}
		var keys, vals []column.Value
		for len(keys) < 2000 {
			key := column.IntValue(bigint, r.Int64N(int64(rows)+2))
			for range 1 + r.IntN(5) {
				keys, vals = append(keys, key), append(vals, column.IntValue(bigint, r.Int64N(10)))
			}
		}
		probe.batches = append(probe.batches, &column.Batch{Len: len(keys), Cols: []*column.Vector{columntest.Vector(a, bigint, keys), columntest.Vector(a, bigint, vals)}})
		dropped := &batchesNode{out: []column.Field{{Name: "v", Type: bigint}}}
		some := []column.Value{column.IntValue(bigint, 3), column.IntValue(bigint, 7)}
		dropped.batches = append(dropped.batches, &column.Batch{Len: len(some), Cols: []*column.Vector{columntest.Vector(a, bigint, some)}})
		kind := plan.ProbeAnti
		if round%2 == 1 {
			kind = plan.ProbeSemi
		}
		query := func(between bool) *plan.Aggregate {
			join := &plan.HashJoin{Info: plan.Info{ID: 1}, Kind: plan.Inner, Probe: probe, Build: build, ProbeKeys: []int{0}, BuildKeys: []int{0}, Output: []int{1, 3, 4},
				Out: []column.Field{{Name: "v", Type: bigint}, build.out[1], build.out[2]}}
			in := plan.Node(join)
			if between {
				in = &plan.Filter{Info: plan.Info{ID: 2}, Input: join, Cond: greater(ref(0), literal(-1))}
			}
			drop := &plan.HashJoin{Info: plan.Info{ID: 3}, Kind: kind, Probe: in, Build: dropped, ProbeKeys: []int{0}, BuildKeys: []int{0}, Output: []int{2, 1, 0},
				Out: []column.Field{build.out[2], build.out[1], {Name: "v", Type: bigint}}}
			return &plan.Aggregate{Info: plan.Info{ID: 4}, Input: drop, Keys: []int{0, 1}, Aggs: append(countStar(), sumOf(2)),
				Out: []column.Field{build.out[2], build.out[1], {Name: "count", Type: bigint}, {Name: "sum", Type: column.DecimalType(38, 0)}}}
		}
		want, _, err := collect(t, taskOf(query(true), 2))
		if err != nil {
			t.Fatal(err)
		}
		task := taskOf(query(false), 2)
		b := &Builder{Task: task, Ctx: t.Context()}
		q := query(false)
		s, err := b.Build(q.Input)
		if err != nil {
			t.Fatal(err)
		}
		repeats(q, s)
		if j := s.Operators[0].(*hashJoin); j.repeats == nil || j.repeats[0] || !j.repeats[1] || !j.repeats[2] {
			t.Fatalf("dictionaries of columns %v", j.repeats)
		}
		task.release()
		got, _, err := collect(t, taskOf(query(false), 2))
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, fmt.Sprintf("round %d", round), got, want)
		a.Free()
	}
}
