package remote

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// The names of what is measured at the start, by one thread.
const (
	copyRate = "memory_copy_bytes_per_second"
	scanRate = "scan_bytes_per_second"
	hashRate = "hash_rows_per_second"
)

const (
	// calibrationRows is how many rows the calibration writes, scans and groups: enough to leave the caches of a column behind, few enough for 300 ms.
	calibrationRows = 200_000
	// calibrationGroups is how many groups they have: a hash table larger than the first-level cache.
	calibrationGroups = 50_000
)

// calibrate measures what this machine does: how fast one thread copies memory, reads a Parquet file and groups rows. It works in a folder of its own.
func calibrate(ctx context.Context, budget *mem.Budget, folder string) (map[string]float64, error) {
	out := map[string]float64{copyRate: copySpeed()}
	path := filepath.Join(folder, "calibration.parquet")
	write := &plan.Write{Info: plan.Info{ID: 4}, Input: calibrationRowsOf(), Format: "parquet", URL: path}
	write.Schema = write.Input.Fields()
	if _, err := calibrationRun(ctx, budget, write); err != nil {
		return out, err
	}
	defer func() { _ = os.Remove(path) }() // the folder goes with the executor
	info, err := os.Stat(path)
	if err != nil {
		return out, fault.Wrap(fault.IOError, err, "look at the file that was written to measure this machine")
	}
	f, err := format.Lookup("parquet")
	if err != nil {
		return out, err
	}
	store, err := objectstore.For(path)
	if err != nil {
		return out, err
	}
	splits, err := f.Splits(ctx, store, plan.File{URL: path, Size: info.Size(), ModTime: info.ModTime()}, nil)
	if err != nil {
		return out, err
	}
	scan := &plan.Scan{Info: plan.Info{ID: 1}, Table: "calibration", Format: "parquet", Schema: write.Schema, Columns: []int{0, 1}, Splits: splits, Limit: -1}
	took, err := best(ctx, budget, sums(scan, nil))
	if err != nil {
		return out, err
	}
	out[scanRate] = float64(info.Size()) / took.Seconds()
	if took, err = best(ctx, budget, sums(calibrationRowsOf(), []int{0})); err != nil {
		return out, err
	}
	out[hashRate] = calibrationRows / took.Seconds()
	return out, nil
}

// calibrationRowsOf is rows of a group and a number.
func calibrationRowsOf() plan.Node {
	t := column.T(column.Int64)
	n := column.Field{Name: "n", Type: t, NotNull: true}
	series := &plan.Series{
		Info: plan.Info{ID: 3}, Out: n, Start: column.IntValue(t, 1), Stop: column.IntValue(t, calibrationRows), Step: column.IntValue(t, 1),
	}
	group, err := expr.NewCall("%", []expr.Expr{
		&expr.Ref{Index: 0, Name: "n", Typ: t}, &expr.Literal{Value: column.IntValue(t, calibrationGroups)},
	})
	if err != nil {
		return series // a build without the function measures with what it has
	}
	return &plan.Project{
		Info: plan.Info{ID: 2}, Input: series, Exprs: []expr.Expr{group, &expr.Ref{Index: 0, Name: "n", Typ: t}},
		Out: []column.Field{{Name: "g", Type: t}, n},
	}
}

// sums adds up the last column of in by keys.
func sums(in plan.Node, keys []int) plan.Node {
	t := column.T(column.Int64)
	last := len(in.Fields()) - 1
	a := &plan.Aggregate{Info: plan.Info{ID: 5}, Input: in, Keys: keys, Aggs: []kernels.Aggregate{{
		Op: kernels.AggCount, Args: []int{last}, ArgTypes: []column.Type{t}, Result: t, Filter: -1,
	}}}
	for _, k := range keys {
		a.Out = append(a.Out, in.Fields()[k])
	}
	a.Out = append(a.Out, column.Field{Name: "sum", Type: t})
	return a
}

// calibrationRounds is how often something is measured, at most in calibrationTime: what disturbs it only makes it slower.
const (
	calibrationRounds = 4
	calibrationTime   = 25 * time.Millisecond
)

// best is the shortest time that a tree takes.
func best(ctx context.Context, budget *mem.Budget, root plan.Node) (time.Duration, error) {
	least := time.Duration(1 << 62)
	for start, n := time.Now(), 0; n < calibrationRounds && (n == 0 || time.Since(start) < calibrationTime); n++ {
		took, err := calibrationRun(ctx, budget, root)
		if err != nil {
			return 0, err
		}
		least = min(least, took)
	}
	return least, nil
}

// calibrationRun runs a tree on one thread and says how long it took.
func calibrationRun(ctx context.Context, budget *mem.Budget, root plan.Node) (time.Duration, error) {
	store := shuffle.NewMemory(budget)
	id := shuffle.ID{Job: "calibration"}
	defer store.Drop(id.Job)
	t := &executor.Task{
		Stage:   &plan.Stage{Root: root, Output: plan.Partitioning{Kind: plan.Gather, Partitions: 1}, Tasks: 1},
		Threads: 1, Budget: budget, Settings: plan.Settings{TimeZone: "UTC"},
	}
	out, err := executor.NewExchangeOutput(ctx, t, store, id)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	_, err = executor.RunTask(ctx, t, out)
	return max(time.Since(start), time.Microsecond), err
}

// copySpeed is how fast one thread copies memory that no cache holds.
func copySpeed() float64 {
	const size, rounds = 16 << 20, 3
	from, to := make([]byte, size), make([]byte, size)
	// Pages that were never written are all one page, which a cache holds.
	for i := 0; i < size; i += 4096 {
		from[i] = 1
	}
	copy(to, from)
	best := time.Duration(1 << 62)
	for range rounds {
		start := time.Now()
		copy(to, from)
		best = min(best, time.Since(start))
	}
	return size / max(best, 1).Seconds()
}
