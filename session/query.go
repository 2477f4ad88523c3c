package session

import (
	"context"
	"strconv"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/planner/physical"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/planner/stage"
)

// query runs a query whose rows go to the client.
func (s *Session) query(ctx context.Context, q *parse.Query, o sql.Options) (Result, error) {
	o.Assign = s.Set
	p, err := s.plan(ctx, q, o, nil)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, p)
}

// now is the statement's time, fixed once.
func now(o sql.Options) sql.Options {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}

// options completes what a statement is bound with.
func (s *Session) options(o sql.Options) sql.Options {
	o = now(o)
	o.Setting, o.Relation = s.function, s.relation
	if zone := s.Zone(); zone != time.UTC {
		o.Zone = zone
	}
	o.Values = s.pivotValues(o.Now)
	return o
}

// plan takes a query all the way to a physical plan. write, when not nil, puts what takes the rows on top.
func (s *Session) plan(ctx context.Context, q *parse.Query, o sql.Options, write func(plan.Node) plan.Node) (*plan.Plan, error) {
	o = s.options(o)
	bound, err := sql.Bind(ctx, q, resolver{s}, o)
	if err != nil {
		return nil, err
	}
	return s.planBound(ctx, bound.Plan, bound.IDs, o.Now, write)
}

func (s *Session) planBound(ctx context.Context, n logical.Node, ids *logical.IDs, at time.Time, write func(plan.Node) plan.Node) (*plan.Plan, error) {
	columns := n.Columns()
	n, err := s.seeded(n, ids)
	if err != nil {
		return nil, err
	}
	n, err = optimize.Optimize(ctx, n, ids, s.optimizerOptions())
	if err != nil {
		return nil, err
	}
	force := s.mustSetting("exchange") == "force"
	threads, _ := strconv.Atoi(s.mustSetting("threads"))
	partitions, _ := strconv.Atoi(s.mustSetting("partitions"))
	limit, err := ParseBytes(s.mustSetting("memory_limit"))
	if err != nil {
		return nil, fault.Wrap(fault.InvalidParameterValue, err, "setting memory_limit")
	}
	root, shared, err := physical.Plan(ctx, n, physical.Options{Exchange: force, Partitions: partitions, Threads: threads, Names: names(columns)})
	if err != nil {
		return nil, err
	}
	if write != nil {
		root = write(root)
	}
	return stage.Cut(root, shared, plan.Settings{Threads: threads, MemoryLimit: limit, Now: at.UTC(), TimeZone: s.mustSetting("timezone"), Scheduling: s.scheduling(), Device: s.mustSetting("device")})
}

func names(cols []logical.Col) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name
	}
	return out
}

// start encodes a plan and runs what it decodes to.
func (s *Session) start(ctx context.Context, p *plan.Plan) (*rows, error) {
	encoded, err := plan.Marshal(p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var timer *time.Timer
	if ms, _ := strconv.ParseInt(s.mustSetting("statement_timeout"), 10, 64); ms > 0 {
		timer = time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
			cancel(fault.New(fault.QueryCanceled, "canceling statement due to statement timeout").
				WithHint("the setting statement_timeout is %d ms", ms))
		})
	}
	job, err := s.config.Jobs.Run(ctx, encoded)
	if err != nil {
		if timer != nil {
			timer.Stop()
		}
		cancel(err)
		return nil, err
	}
	return &rows{session: s, job: job, fields: p.Result(), cancel: cancel, timer: timer}, nil
}

// each runs a plan to its end, gives f its rows, and returns what was measured.
func (s *Session) each(ctx context.Context, p *plan.Plan, f func(*column.Batch) error) (stats map[int]plan.NodeStats, err error) {
	r, err := s.start(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return r.job.Stats(), nil
		}
		if err := f(b); err != nil {
			return nil, err
		}
	}
}

// runToEnd runs a plan whose result is a single count, such as a Write's, and returns it.
func (s *Session) runToEnd(ctx context.Context, p *plan.Plan) (count int64, err error) {
	_, err = s.each(ctx, p, func(b *column.Batch) error {
		for k := range b.Rows() {
			count += b.Cols[0].ValueAt(b.Row(k)).Int64()
		}
		return nil
	})
	return count, err
}

// fieldsOf are a query's result columns.
func fieldsOf(cols []logical.Col) []column.Field {
	out := make([]column.Field, len(cols))
	for i, c := range cols {
		out[i] = column.Field{Name: c.Name, Type: c.Type, NotNull: !c.Nullable}
	}
	return out
}
