package sql

import (
	"context"
	"time"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// Parse splits a script into statements and parses them.
func Parse(script string) ([]*parse.Statement, error) { return parse.Script(script) }

// Options say what a statement is bound with. The zero value is good.
type Options struct {
	// Parameters are the values of $1, $2, …; a NULL may have any type.
	Parameters []column.Value
	// Now is the statement's time: now(), current_date and the like are bound to it. The zero time means the current one.
	Now time.Time
	// Zone is the session's time zone: casts between times with and without one go by its clocks. Nil is UTC.
	Zone *time.Location
	// Targets, when not empty, are the types that the result's columns are assigned to, as INSERT does.
	Targets []column.Type
	// Fewer allows a result of fewer columns than Targets.
	Fewer bool
	// Defaults are what DEFAULT in VALUES stands for, one for each of Targets.
	Defaults []expr.Expr
	// Clause, when not empty, is what the select list stands for, such as RETURNING: aggregates and window functions may not stand in it.
	Clause string
	// Setting is the value of a session's setting, for current_setting and the functions that tell of the session. It may be nil.
	Setting func(name string) (string, error)
	// Assign changes a session's setting, for set_config. It is nil where a statement is only bound: then nothing changes.
	Assign func(name, value string) error
	// Relation finds the table or view of a name, whose schema may be empty: its number in pg_class, and its name as a query would write it. It may be nil.
	Relation func(ctx context.Context, schema, name string) (number int64, shown string, err error)
	// Place, when positive, is where in the script everything of the query stands: the query's own text is another.
	Place int
	// Values runs a query of one column and gives its values in order: PIVOT without IN asks what there is. It may be nil.
	Values func(ctx context.Context, q *Bound) ([]column.Value, error)
}

// Bound is a bound query.
type Bound struct {
	Plan logical.Node // its columns are the result's, with their names
	IDs  *logical.IDs // for the columns that later stages make

	Others bool // it reads columns of [ChangedRows] that are not those of the table that changes
}

// Bind turns a query into a logical plan. Errors are *fault.Error whose position counts from the beginning of the script.
func Bind(ctx context.Context, q *parse.Query, resolver catalog.Resolver, o Options) (*Bound, error) {
	b := newBinder(ctx, resolver, o)
	b.pos = q.Tree.Positions
	r, err := b.query(q.Tree.Stmt, nil, mode{targets: o.Targets, clause: o.Clause})
	if err != nil {
		return nil, err
	}
	n, err := inZone(r.node, o.Zone)
	return &Bound{Plan: n, IDs: b.ids, Others: b.readsOthers()}, err
}

// Evaluate computes an expression without columns, as EXECUTE's arguments are.
func Evaluate(ctx context.Context, e ast.Expr, o Options) (column.Value, error) {
	b := newBinder(ctx, nil, o)
	b.pos = e.Positions
	bound, err := b.expr(e.Node, &scope{clause: "EXECUTE"})
	if err != nil {
		return column.Value{}, err
	}
	if bound, err = expr.InZone(bound, o.Zone); err != nil {
		return column.Value{}, err
	}
	v, err := expr.Evaluate(bound)
	return v, fault.At(err, b.at(locationOf(e.Node)))
}

// Fields turns column definitions into fields.
func Fields(defs []parse.ColumnDef) ([]column.Field, error) {
	fields := make([]column.Field, len(defs))
	for i, d := range defs {
		t, err := Type(d.Type)
		if err != nil {
			return nil, err
		}
		fields[i] = column.Field{Name: d.Name, Type: t, NotNull: d.NotNull}
	}
	return fields, nil
}

// Type turns a type's name into a type.
func Type(t ast.TypeName) (column.Type, error) {
	b := binder{pos: t.Positions}
	tn, err := b.typeName(t.Name)
	if err != nil {
		return column.Type{}, err
	}
	return tn.declared(), nil
}

// Length is how many characters a varchar(n) or char(n) may have, 0 for other types; blanks says that it is char(n).
func Length(t ast.TypeName) (n int, blanks bool, err error) {
	b := binder{pos: t.Positions}
	tn, err := b.typeName(t.Name)
	if err != nil || tn.array {
		return 0, false, err
	}
	return tn.length, lastString(t.Name.GetNames()) == "bpchar", nil
}

// maxDepth bounds the nesting of queries and expressions together. A chain of 4 000 operators, the longest that the parser lets
// pass, is bound on a few megabytes of Go stack.
const maxDepth = 10_000

// maxViews bounds views inside views, maxExpansions how often views and correlated CTEs are bound in one statement: each may stand
// twice in the next.
const (
	maxViews      = 64
	maxExpansions = 10_000
)

// binder is the state of binding one statement.
type binder struct {
	ctx      context.Context
	resolver catalog.Resolver
	options  Options
	ids      *logical.IDs
	pos      ast.Positions // of the text being bound: the statement's or a view's
	depth    int
	views    int
	links    int // subqueries in expressions around what is bound
	repeats  int // nodes of operands that are used again
	expanded int // views and correlated CTEs so far
	ctes     *cteScope
	binding  []*cte // CTEs whose queries are being bound, outermost first
	refs     []ref  // every reference to a column, in the order of binding

	others map[expr.ColumnID]bool // of changed rows, the columns that other tables have
	action *relation              // of changed rows, what MERGE did; nil for other statements
}

func newBinder(ctx context.Context, resolver catalog.Resolver, o Options) *binder {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return &binder{ctx: ctx, resolver: resolver, options: o, ids: &logical.IDs{}}
}

// at is the position of a location of the tree.
func (b *binder) at(location int32) int {
	if b.options.Place > 0 {
		return b.options.Place
	}
	return b.pos.At(location)
}

// enter counts a level of recursion; every enter has a leave.
func (b *binder) enter(location int32) error {
	b.depth++
	if b.depth > maxDepth {
		return fault.New(fault.StatementTooComplex, "statement is nested more than %d levels deep", maxDepth).At(b.at(location))
	}
	return nil
}

func (b *binder) leave() { b.depth-- }

// expand counts the binding of a view or of a correlated CTE.
func (b *binder) expand(position int) error {
	if b.expanded++; b.expanded > maxExpansions {
		return fault.New(fault.StatementTooComplex, "views and CTEs stand for more than %d queries", maxExpansions).At(position)
	}
	return nil
}

// unsupported is the error for what PostgreSQL has and this engine has not.
func (b *binder) unsupported(location int32, format string, args ...any) *fault.Error {
	return fault.New(fault.FeatureNotSupported, format+" is not supported", args...).At(b.at(location))
}
