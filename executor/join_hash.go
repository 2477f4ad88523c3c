package executor

import (
	"context"
	"fmt"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/join"
	"github.com/polybolos-db/polybolos/plan"
)

// hashJoin is a join on equality: the breaker of its build side and the operator of its probe side.
type hashJoin struct {
	*joined
	n         *plan.HashJoin
	buildKeys []int // positions in kept
	unknown   *unknowns
}

func newHashJoin(t *Task, n *plan.HashJoin) (*hashJoin, error) {
	common, err := newJoined(t, n.Kind, n.Probe, n.Build, n.Output, n.BuildKeys, n.Residual)
	if err != nil {
		return nil, err
	}
	if len(n.ProbeKeys) != len(n.BuildKeys) || n.NullSafe != nil && len(n.NullSafe) != len(n.BuildKeys) {
		return nil, fault.New(fault.Internal, "join of %d probe keys with %d build keys", len(n.ProbeKeys), len(n.BuildKeys))
	}
	j := &hashJoin{joined: common, n: n}
	for i, k := range n.BuildKeys {
		if p, b := j.probe[n.ProbeKeys[i]].Type, j.build[k].Type; p.Physical() != b.Physical() || p.Scale != b.Scale {
			return nil, fault.New(fault.Internal, "join key of type %s is compared with %s", p, b)
		}
		j.buildKeys = append(j.buildKeys, j.place[k])
	}
	j.spreadBy()
	j.side.drop = j.drop
	return j, nil
}

// spreadBy chooses the keys by which rows are spread over files when the build side is spilled: rows that could be partners must go to the same one. Where
// NULL could be anything those are the null-safe keys alone, or the one key of a plain NOT IN, whose NULLs are told apart (see unknowns).
func (j *hashJoin) spreadBy() {
	j.side.allProbeKeys = j.n.ProbeKeys
	for i, b := range j.buildKeys {
		if j.asksUnknown() && !j.plainIn() && (j.n.NullSafe == nil || !j.n.NullSafe[i]) {
			continue
		}
		j.side.buildKeys, j.side.probeKeys = append(j.side.buildKeys, b), append(j.side.probeKeys, j.n.ProbeKeys[i])
	}
}

// plainIn reports whether the join is IN or NOT IN with one key and no other condition: then only whether there are rows, and NULLs, counts for what is unknown.
func (j *hashJoin) plainIn() bool {
	return j.asksUnknown() && len(j.buildKeys) == 1 && j.cond == nil && (j.n.NullSafe == nil || !j.n.NullSafe[0])
}

func (j *hashJoin) joins() *joined { return j.joined }

// drop frees what Seal has made, but for the array that a runtime filter looks into.
func (j *hashJoin) drop(whole bool) {
	if j.marks != nil {
		j.marks.Free()
		j.marks = nil
	}
	if j.unknown != nil {
		j.unknown.free()
		j.unknown = nil
	}
	if j.table != nil && (whole || len(j.n.Filters) == 0 || !j.table.IsDirect()) {
		j.table.Free()
		j.table = nil
	}
	j.rows = nil
}

// make makes the table over the rows.
func (j *hashJoin) make(ctx context.Context, b *mem.Budget, threads int) (err error) {
	if j.marksBuild() {
		if j.marks, err = join.NewMarks(b, j.rows.End()); err != nil {
			return err
		}
	}
	if j.table, err = join.BuildWith(ctx, b, j.rows, j.buildKeys, j.n.NullSafe, joinWorkers(j.task, j.n, threads)); err != nil {
		return err
	}
	j.byChain = j.cond == nil
	if j.asksUnknown() {
		j.unknown, err = newUnknowns(ctx, b, j, threads)
	}
	return err
}

// joinWorkers runs the work of building a table on up to so many workers of the task.
func joinWorkers(t *Task, n plan.Node, threads int) join.Workers {
	return join.Workers{Threads: threads, Run: func(ctx context.Context, threads int, f func(ctx context.Context) error) error {
		return t.Parallel(ctx, n, threads, func(ctx context.Context, _ int) error { return f(ctx) })
	}}
}

// part is the join without a build side, for a part of it.
func (j *hashJoin) part() *hashJoin {
	return &hashJoin{n: j.n, buildKeys: j.buildKeys, joined: &joined{task: j.task, kind: j.kind, probe: j.probe, build: j.build, outs: j.outs, kept: j.kept,
		place: j.place, cond: j.cond, condIn: j.condIn}}
}

// joinBuild is a hash join as the breaker of its build side.
type joinBuild hashJoin

func (j *joinBuild) Worker(w *Worker) (Sink, error) { return j.side.worker(), nil }

// Seal builds the table and the runtime filters.
func (j *joinBuild) Seal(ctx context.Context) error {
	h := (*hashJoin)(j)
	err := j.side.seal(ctx, j.n, func() error { return h.make(ctx, j.side.state, j.task.Threads) })
	if err != nil || j.side.spilled != nil {
		return err
	}
	for _, def := range j.n.Filters {
		f, err := join.NewFilter(ctx, j.task.state(), j.table, def.Key)
		if mem.Refused(err) {
			// Filters may be missing.
			f.Free()
			continue
		}
		if err != nil {
			return err
		}
		j.task.Defer(f.Free)
		j.task.SetRuntimeFilter(def.Filter, f)
	}
	j.side.register()
	return nil
}

// Report describes the table.
func (j *joinBuild) Report() (int64, string) {
	if x := j.side.spilled; x != nil {
		return 0, fmt.Sprintf("build rows %d, spilled %s", x.rows, formatBytes(x.bytes))
	}
	how := "hashed"
	if j.table.IsDirect() {
		how = "direct"
	}
	if j.table.Unique() {
		how += ", unique"
	}
	return j.rows.Size() + j.table.Size(), fmt.Sprintf("build rows %d, %s", j.rows.Rows(), how)
}
