package physical

import (
	"context"
	"fmt"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
	"github.com/polybolos-db/polybolos/storage"
)

// Options say for what machine to plan.
type Options struct {
	Exchange   bool     // plan for many tasks that exchange rows
	Partitions int      // tasks of a stage that scans or reads a hash exchange; 0: defaultPartitions
	Threads    int      // workers of a task, 0 unknown
	Names      []string // of the result's columns, where they are to differ from the plan's
	// BroadcastRows is how many rows a build side or a shared result may have to be sent to every task; 0: defaultBroadcastRows, negative: none.
	BroadcastRows int
	// Splits lists the parts of a table that the scan has to read; nil asks the table's format.
	Splits func(ctx context.Context, table catalog.Table, scan *storage.Scan) ([]plan.Split, error)
	// Bounds tells of each split the least and greatest value of a column, and how many NULLs there are; nil asks the table's format.
	Bounds func(ctx context.Context, table catalog.Table, splits []plan.Split, field column.Field) ([]plan.ColumnStatistics, error)
}

const (
	defaultPartitions = 4
	// Sending a build side of this size to every task is cheaper than exchanging the other side by key.
	defaultBroadcastRows = 50_000
)

// Plan makes the physical plan of n, whose columns are n's in order, named by Options.Names where given, and the shared subplans that
// its SharedRead nodes number. With Options.Exchange the result is in one task, and the shared subplans' roots are exchanges.
func Plan(ctx context.Context, n logical.Node, opts Options) (plan.Node, []plan.Node, error) {
	if opts.Partitions <= 0 {
		opts.Partitions = defaultPartitions
	}
	if opts.BroadcastRows == 0 {
		opts.BroadcastRows = defaultBroadcastRows
	}
	if opts.Splits == nil {
		opts.Splits = formatSplits
	}
	if opts.Bounds == nil {
		opts.Bounds = formatBounds
	}
	p := &planner{ctx: ctx, opts: opts, est: estimate.New(ctx), ctes: map[*logical.CTE]int{}, work: map[*logical.WorkTable]int{}, rare: map[*plan.HashJoin][]bool{}, asked: map[*plan.HashJoin]float64{},
		tables: map[*plan.Scan]catalog.Table{}, members: map[scanColumn]*member{}, colocated: map[*plan.HashJoin]bool{}, sent: map[*plan.Exchange]*member{}}
	cols := n.Columns()
	r, err := p.build(n, logical.Set(cols))
	if err != nil {
		return nil, nil, err
	}
	root := p.named(r, cols)
	if opts.Exchange {
		p.spreadBy = p.keysOfShared(root)
		root = p.gathered(root)
		for i, s := range p.shared {
			p.shared[i] = p.spreadShared(s, p.spreadBy[i])
		}
		p.boundExchanges()
	}
	p.runtimeFilters(root)
	for _, s := range p.shared {
		p.runtimeFilters(s)
	}
	return root, p.shared, nil
}

type planner struct {
	ctx      context.Context
	opts     Options
	est      *estimate.Estimator
	shared   []plan.Node
	ctes     map[*logical.CTE]int
	work     map[*logical.WorkTable]int // number of each recursion
	filters  int                        // runtime filters numbered so far
	rare     map[*plan.HashJoin][]bool  // per key: whether few probe rows have a partner
	spreadBy map[int][]int              // by shared subplan: the columns by which its rows are sent, if many; none: in turn
	asked    map[*plan.HashJoin]float64 // of semi and anti joins: how many values the side has that is only asked for them

	tables    map[*plan.Scan]catalog.Table
	members   map[scanColumn]*member     // what is known of how scans' splits lie; nil: nothing of use
	colocated map[*plan.HashJoin]bool    // joins whose sides have equal ranges
	sent      map[*plan.Exchange]*member // whose ranges rows are sent to
}

// layout says at which position of a node's output a column is. Columns that are always equal may share a position.
type layout map[expr.ColumnID]int

// result is a physical node and where its columns are.
type result struct {
	node plan.Node
	pos  layout
}

// build makes the physical plan of n with at least the columns in need.
func (p *planner) build(n logical.Node, need logical.ColSet) (result, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return p.scan(n, need)
	case *logical.Values:
		return p.values(n)
	case *logical.Series:
		return p.series(n)
	case *logical.Project:
		return p.project(n, need)
	case *logical.Filter:
		return p.filter(n, need)
	case *logical.Join:
		return p.join(n, need)
	case *logical.Aggregate:
		return p.aggregate(n)
	case *logical.Distinct:
		return p.distinct(n, need)
	case *logical.Sort:
		return p.sort(n, need, -1, 0)
	case *logical.Limit:
		return p.limit(n, need)
	case *logical.SetOp:
		return p.setOp(n)
	case *logical.Unnest:
		return p.unnest(n, need)
	case *logical.AsOf:
		return p.asOf(n, need)
	case *logical.Window:
		return p.window(n, need)
	case *logical.Recursion:
		return p.recursion(n)
	case *logical.WorkingTable:
		return p.workingTable(n)
	case *logical.With:
		return p.build(n.Input, need)
	case *logical.CTERef:
		return p.shareRead(n)
	}
	return result{}, fault.New(fault.Internal, "no physical plan for %T", n)
}

func (p *planner) info(n logical.Node) plan.Info { return plan.Info{Rows: p.est.Rows(n)} }

// filter keeps a Filter as a node of its own.
func (p *planner) filter(n *logical.Filter, need logical.ColSet) (result, error) {
	in, err := p.build(n.Input, need.Union(logical.Used(n.Cond)))
	if err != nil {
		return result{}, err
	}
	cond, err := lower(n.Cond, in)
	if err != nil {
		return result{}, err
	}
	return result{&plan.Filter{Info: p.info(n), Input: in.node, Cond: cond}, in.pos}, nil
}

// project computes what is more than a reference; references alone need no node, since parents look columns up by position.
func (p *planner) project(n *logical.Project, need logical.ColSet) (result, error) {
	var exprs []expr.Expr
	var cols []logical.Col
	below := logical.ColSet{}
	plain := true
	for i, c := range n.Cols {
		if !need.Has(c.ID) {
			continue
		}
		_, ref := n.Exprs[i].(*expr.Column)
		plain = plain && ref
		exprs, cols = append(exprs, n.Exprs[i]), append(cols, c)
		below.AddUsed(n.Exprs[i])
	}
	in, err := p.build(n.Input, below)
	if err != nil {
		return result{}, err
	}
	pos := layout{}
	if plain {
		for i, c := range cols {
			at, ok := in.pos[exprs[i].(*expr.Column).ID]
			if !ok {
				return result{}, missing(exprs[i])
			}
			pos[c.ID] = at
		}
		return result{in.node, pos}, nil
	}
	out := &plan.Project{Info: p.info(n), Input: in.node}
	seen := map[string]int{}
	for i, c := range cols {
		e, err := lower(exprs[i], in)
		if err != nil {
			return result{}, err
		}
		at := len(out.Exprs)
		if r, ok := e.(*expr.Ref); ok {
			// Two names of one column share a position.
			key := fmt.Sprint(r.Index)
			if old, ok := seen[key]; ok {
				pos[c.ID] = old
				continue
			}
			seen[key] = at
		}
		out.Exprs = append(out.Exprs, e)
		out.Out = append(out.Out, field(c, e, in.node))
		pos[c.ID] = at
	}
	return result{out, pos}, nil
}

// field describes a computed column; a reference is as NULL-free as what it refers to.
func field(c logical.Col, e expr.Expr, in plan.Node) column.Field {
	f := column.Field{Name: c.Name, Type: e.Type(), NotNull: !c.Nullable}
	if r, ok := e.(*expr.Ref); ok {
		f.NotNull = in.Fields()[r.Index].NotNull
	}
	return f
}

// named is r with exactly cols in order, under the names that the client sees.
func (p *planner) named(r result, cols []logical.Col) plan.Node {
	fields := r.node.Fields()
	same := len(fields) == len(cols)
	out := &plan.Project{Info: plan.Info{Rows: r.node.Meta().Rows}, Input: r.node}
	for i, c := range cols {
		at := r.pos[c.ID]
		f := fields[at]
		if f.Name = c.Name; i < len(p.opts.Names) {
			f.Name = p.opts.Names[i]
		}
		same = same && at == i && fields[at].Name == f.Name
		out.Exprs = append(out.Exprs, &expr.Ref{Index: at, Name: fields[at].Name, Typ: fields[at].Type})
		out.Out = append(out.Out, f)
	}
	if same {
		return r.node
	}
	return rename(out)
}

// rename drops a projection that only gives names when its input can carry them.
func rename(n *plan.Project) plan.Node {
	for i, e := range n.Exprs {
		if e.(*expr.Ref).Index != i {
			return n
		}
	}
	if len(n.Exprs) != len(n.Input.Fields()) {
		return n
	}
	switch in := n.Input.(type) {
	case *plan.Project:
		in.Out = n.Out
		return in
	case *plan.Aggregate:
		in.Out = n.Out
		return in
	}
	return n
}

// ordered is r with exactly cols in order and of their types.
func (p *planner) ordered(r result, cols []logical.Col, types []column.Type) plan.Node {
	fields := r.node.Fields()
	same := len(fields) == len(cols)
	out := &plan.Project{Info: plan.Info{Rows: r.node.Meta().Rows}, Input: r.node}
	for i, c := range cols {
		at := r.pos[c.ID]
		f := fields[at]
		var e expr.Expr = &expr.Ref{Index: at, Name: f.Name, Typ: f.Type}
		if !f.Type.Equal(types[i]) {
			e = &expr.Cast{Arg: e, To: types[i]}
			f.Type, same = types[i], false
		}
		same = same && at == i
		out.Exprs = append(out.Exprs, e)
		out.Out = append(out.Out, f)
	}
	if same {
		return r.node
	}
	return out
}
