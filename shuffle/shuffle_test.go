package shuffle_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	m.Run()
}

func fieldsOf(types []column.Type) []column.Field {
	fields := make([]column.Field, len(types))
	for i, t := range types {
		fields[i] = column.Field{Name: t.String(), Type: t}
	}
	return fields
}

// write has two workers write the batches in turn to an output.
func write(t *testing.T, store shuffle.Store, id shuffle.ID, p plan.Partitioning, fields []column.Field, budget *mem.Budget, batches []*column.Batch) {
	t.Helper()
	out, err := store.Create(t.Context(), id, p.Partitions)
	if err != nil {
		t.Fatal(err)
	}
	shared := &shuffle.Shared{Out: out, Fields: fields, Partitioning: p}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for worker := range errs {
		wg.Go(func() {
			w, err := shared.NewWriter(budget)
			if err != nil {
				errs[worker] = err
				return
			}
			defer w.Close()
			for i := worker; i < len(batches); i += len(errs) {
				errs[worker] = errors.Join(errs[worker], w.Write(t.Context(), batches[i]))
			}
			errs[worker] = errors.Join(errs[worker], w.Flush(t.Context()))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, store shuffle.Store, ids []shuffle.ID, partition int, fields []column.Field) [][]column.Value {
	t.Helper()
	r, err := shuffle.NewReader(t.Context(), store, ids, partition, fields)
	if err != nil {
		t.Fatal(err)
	}
	a := mem.NewArena(nil)
	defer a.Free()
	var rows [][]column.Value
	for i := range r.Blocks() {
		batches, err := r.Read(t.Context(), i, a)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			rows = append(rows, columntest.Rows(b)...)
		}
		a.Reset()
	}
	return rows
}

func multiset(rows [][]column.Value) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r)
	}
	slices.Sort(out)
	return out
}

// rangeOf is how many bounds a value is not less than.
func rangeOf(v column.Value, bounds []int64) (n int) {
	for !v.Null && n < len(bounds) && bounds[n] <= int64(v.Int.Lo) {
		n++
	}
	return n
}

func TestRowsArriveOnceAndEqualKeysTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	types := append(columntest.Types(), columntest.NestedTypes()...)
	fields := fieldsOf(types)
	for _, p := range []plan.Partitioning{
		{Kind: plan.Gather, Partitions: 1}, {Kind: plan.Broadcast, Partitions: 1}, {Kind: plan.RoundRobin, Partitions: 3},
		{Kind: plan.Hash, Partitions: 7, Keys: []int{18}}, {Kind: plan.Hash, Partitions: 4, Keys: []int{4, 12, 0}}, {Kind: plan.Hash, Partitions: 1, Keys: []int{1}},
		{Kind: plan.Range, Partitions: 3, Keys: []int{4}, Bounds: []int64{-1 << 40, -3, -3, 0, 1, 100, 1 << 40}}, {Kind: plan.Range, Partitions: 2, Keys: []int{13}, Bounds: []int64{0}},
		{Kind: plan.Range, Partitions: 4, Keys: []int{11}},
	} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			budget := mem.NewBudget("job", 0, nil)
			store := shuffle.NewMemory(budget)
			a := mem.NewArena(nil)
			var want [][]column.Value
			var ids []shuffle.ID
			for task := range 2 {
				var batches []*column.Batch
				for range 6 {
					b := columntest.RandomBatch(r, a, types, r.IntN(300))
					batches = append(batches, b)
					want = append(want, columntest.Rows(b)...)
				}
				id := shuffle.ID{Job: "j", Stage: 1, Task: task}
				write(t, store, id, p, fields, budget, batches)
				ids = append(ids, id)
			}
			a.Free()
			var got [][]column.Value
			where := map[string]int{}
			for part := range p.Partitions {
				rows := read(t, store, ids, part, fields)
				got = append(got, rows...)
				if p.Kind == plan.RoundRobin && (len(rows) < len(want)/p.Partitions-2 || len(rows) > len(want)/p.Partitions+2) {
					t.Errorf("partition %d has %d of %d rows", part, len(rows), len(want))
				}
				if p.Kind == plan.Range {
					for _, row := range rows {
						if v := row[p.Keys[0]]; rangeOf(v, p.Bounds)%p.Partitions != part {
							t.Fatalf("%s is in partition %d", v, part)
						}
					}
				}
				if p.Kind != plan.Hash {
					continue
				}
				for _, row := range rows {
					var key string
					for _, k := range p.Keys {
						key += fmt.Sprint(row[k], "|")
					}
					if at, seen := where[key]; seen && at != part {
						t.Fatalf("key %s is in partitions %d and %d", key, at, part)
					}
					where[key] = part
				}
			}
			if !slices.Equal(multiset(got), multiset(want)) {
				t.Errorf("%d rows arrived of %d, or others", len(got), len(want))
			}
			store.Drop("j")
			if budget.Used() != 0 {
				t.Errorf("%d bytes are still in use", budget.Used())
			}
		})
	}
}

func TestManyRowsMakeBoundedBlocks(t *testing.T) {
	types := []column.Type{column.T(column.Int64), column.T(column.Text)}
	fields := fieldsOf(types)
	budget := mem.NewBudget("job", 0, nil)
	store := shuffle.NewMemory(budget)
	a := mem.NewArena(nil)
	defer a.Free()
	var batches []*column.Batch
	for i := range 100 {
		nums, texts := make([]column.Value, 4096), make([]column.Value, 4096)
		for k := range nums {
			nums[k] = column.IntValue(types[0], int64(i*4096+k))
			texts[k] = column.TextValue(fmt.Sprintf("row %d has a text that fills some bytes", i*4096+k))
		}
		batches = append(batches, &column.Batch{Cols: []*column.Vector{columntest.Vector(a, types[0], nums), columntest.Vector(a, types[1], texts)}, Len: 4096})
	}
	id := shuffle.ID{Job: "j"}
	p := plan.Partitioning{Kind: plan.Hash, Keys: []int{0}, Partitions: 5}
	write(t, store, id, p, fields, budget, batches)
	seen := make([]bool, 100*4096)
	for part := range p.Partitions {
		blocks, err := store.Blocks(t.Context(), id, part)
		if err != nil {
			t.Fatal(err)
		}
		if len(blocks) < 2 {
			t.Errorf("partition %d has %d blocks", part, len(blocks))
		}
		rows := read(t, store, []shuffle.ID{id}, part, fields)
		if len(rows) < len(seen)/10 {
			t.Errorf("partition %d has only %d rows", part, len(rows))
		}
		for _, row := range rows {
			if seen[row[0].Int64()] || row[1].Str != fmt.Sprintf("row %d has a text that fills some bytes", row[0].Int64()) {
				t.Fatalf("row %v is doubled or damaged", row)
			}
			seen[row[0].Int64()] = true
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("row %d is missing", i)
	}
	store.Drop("j")
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still in use", budget.Used())
	}
}

func TestOnlyCommittedOutputsAreSeen(t *testing.T) {
	ctx := context.Background()
	budget := mem.NewBudget("job", 0, nil)
	store := shuffle.NewMemory(budget)
	id := shuffle.ID{Job: "j", Stage: 2, Task: 3}
	out, err := store.Create(ctx, id, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(ctx, id, 1); err == nil {
		t.Error("an output was created twice")
	}
	if err := out.Put(ctx, 0, []byte("block")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Blocks(ctx, id, 0); fault.CodeOf(err) != fault.UndefinedObject {
		t.Errorf("before commit: %v", err)
	}
	out.Abort()
	if budget.Used() != 0 {
		t.Errorf("after abort %d bytes are in use", budget.Used())
	}
	if out, err = store.Create(ctx, id, 1); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Put(ctx, 0, []byte("block")), out.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	out.Abort() // does nothing any more
	blocks, err := store.Blocks(ctx, id, 0)
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	if err := out.Put(ctx, 0, []byte("late")); err == nil {
		t.Error("a block was put after the commit")
	}
	store.Drop("j")
	if _, err := store.Blocks(ctx, id, 0); err == nil || budget.Used() != 0 {
		t.Errorf("after drop: %v, %d bytes", err, budget.Used())
	}
}

// oneBlock is a store of a single block.
type oneBlock struct {
	shuffle.Store
	block []byte
}

func (s oneBlock) Blocks(context.Context, shuffle.ID, int) ([]shuffle.Block, error) {
	return []shuffle.Block{s}, nil
}

func (s oneBlock) Read(context.Context) ([]byte, error) { return s.block, nil }

func TestDamagedBlocksAreRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	types := []column.Type{column.T(column.Int64), column.T(column.Text), column.ListType(column.T(column.Text)), column.DecimalType(15, 2)}
	fields := fieldsOf(types)
	store := shuffle.NewMemory(nil)
	a := mem.NewArena(nil)
	defer a.Free()
	id := shuffle.ID{Job: "j"}
	write(t, store, id, plan.Partitioning{Partitions: 1}, fields, nil, []*column.Batch{columntest.RandomBatch(r, a, types, 200)})
	blocks, err := store.Blocks(t.Context(), id, 0)
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	whole, err := blocks[0].Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		damaged := slices.Clone(whole)
		for range 1 + r.IntN(3) {
			damaged[r.IntN(len(damaged))] ^= byte(1 << r.IntN(8))
		}
		if r.IntN(4) == 0 {
			damaged = damaged[:r.IntN(len(damaged))]
		}
		if slices.Equal(damaged, whole) {
			continue // a bit was flipped twice
		}
		rd, err := shuffle.NewReader(t.Context(), oneBlock{block: damaged}, []shuffle.ID{id}, 0, fields)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rd.Read(t.Context(), 0, a); fault.CodeOf(err) != fault.DataCorrupted {
			t.Fatalf("a damaged block gave %v", err)
		}
	}
	store.Drop("j")
}

func TestAFullStoreRefuses(t *testing.T) {
	store := shuffle.NewMemory(mem.NewBudget("shuffle", 1<<20, nil))
	out, err := store.Create(t.Context(), shuffle.ID{Job: "j"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = out.Put(t.Context(), 0, make([]byte, 100<<10))
	}
	if fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("got %v", err)
	}
	out.Abort()
}
