package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

var compareOps = map[string]expr.CompareOp{
	"=": expr.Eq, "<>": expr.Ne, "<": expr.Lt, "<=": expr.Le, ">": expr.Gt, ">=": expr.Ge,
}

// likeOps are the operators behind LIKE and ILIKE.
var likeOps = map[string]struct {
	function string
	negated  bool
}{
	"~~": {"like", false}, "!~~": {"like", true}, "~~*": {"ilike", false}, "!~~*": {"ilike", true},
}

// operator binds an operator and the forms that PostgreSQL's grammar makes operators of.
func (b *binder) operator(e *pg.A_Expr, s *scope) (expr.Expr, error) {
	name := lastString(e.Name)
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_OP:
		return b.plainOperator(e, name, s)
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return b.quantifiedList(e, name, s)
	case pg.A_Expr_Kind_AEXPR_DISTINCT:
		return b.compare(expr.IsDistinct, e.Lexpr, e.Rexpr, s)
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return b.compare(expr.IsNotDistinct, e.Lexpr, e.Rexpr, s)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return b.nullIf(e, s)
	case pg.A_Expr_Kind_AEXPR_IN:
		return b.inList(e.Lexpr, e.Rexpr.GetList().GetItems(), name == "<>", s)
	case pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE:
		return b.like(e, name, s)
	case pg.A_Expr_Kind_AEXPR_SIMILAR:
		return b.similar(e, name == "!~", s)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return b.between(e, s)
	}
	return nil, b.unsupported(e.Location, "this operator")
}

func (b *binder) plainOperator(e *pg.A_Expr, name string, s *scope) (expr.Expr, error) {
	if op, ok := compareOps[name]; ok && e.Lexpr != nil {
		return b.compare(op, e.Lexpr, e.Rexpr, s)
	}
	if _, ok := likeOps[name]; ok && e.Lexpr != nil {
		return b.like(e, name, s)
	}
	var nodes []*pg.Node
	for _, n := range []*pg.Node{e.Lexpr, e.Rexpr} {
		if n != nil {
			nodes = append(nodes, n)
		}
	}
	args, err := b.exprs(nodes, s)
	if err != nil {
		return nil, err
	}
	if name == "+" && len(args) == 1 {
		if !args[0].Type().Kind.IsNumeric() && args[0].Type().Kind != column.Interval {
			return nil, fault.New(fault.UndefinedFunction, "operator does not exist: + %s", args[0].Type())
		}
		return args[0], nil
	}
	out, err := expr.NewCall(name, args)
	return out, b.blame(err, nodes, args)
}

// compare binds a comparison of values or rows.
func (b *binder) compare(op expr.CompareOp, l, r *pg.Node, s *scope) (expr.Expr, error) {
	return b.compareWith(op, func() (expr.Expr, error) { return b.expr(l, s) }, l, r, s)
}

// compareRows compares rows member by member, from the left.
func (b *binder) compareRows(op expr.CompareOp, l, r *pg.RowExpr, s *scope) (expr.Expr, error) {
	if len(l.Args) != len(r.Args) {
		return nil, fault.New(fault.SyntaxError, "unequal number of entries in row expressions").At(b.at(l.Location))
	}
	if len(l.Args) == 0 {
		return nil, b.unsupported(l.Location, "an empty row")
	}
	each := func(op expr.CompareOp, from, to int) ([]expr.Expr, error) {
		var terms []expr.Expr
		for i := from; i < to; i++ {
			t, err := b.compare(op, l.Args[i], r.Args[i], s)
			if err != nil {
				return nil, fault.At(err, b.at(locationOf(l.Args[i])))
			}
			terms = append(terms, t)
		}
		return terms, nil
	}
	n := len(l.Args)
	switch op {
	case expr.Eq, expr.IsNotDistinct:
		terms, err := each(op, 0, n)
		if err != nil {
			return nil, err
		}
		return expr.NewAnd(terms...)
	case expr.Ne, expr.IsDistinct:
		terms, err := each(op, 0, n)
		if err != nil {
			return nil, err
		}
		return expr.NewOr(terms...)
	}
	// The leading members are bound again for every later one.
	if b.repeats += 10 * n; b.repeats > maxRepeated {
		return nil, fault.New(fault.StatementTooComplex, "row comparisons are too complex").At(b.at(l.Location))
	}
	// (a, b) < (c, d) is a < c or a = c and b < d; only the last member uses <= or >=.
	strict := op
	if op == expr.Le {
		strict = expr.Lt
	} else if op == expr.Ge {
		strict = expr.Gt
	}
	var alternatives []expr.Expr
	for i := range n {
		terms, err := each(expr.Eq, 0, i)
		if err != nil {
			return nil, err
		}
		last := strict
		if i == n-1 {
			last = op
		}
		final, err := each(last, i, i+1)
		if err != nil {
			return nil, err
		}
		all, err := expr.NewAnd(append(terms, final...)...)
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, all)
	}
	return expr.NewOr(alternatives...)
}

// inList binds IN (a, b, …).
func (b *binder) inList(l *pg.Node, list []*pg.Node, negated bool, s *scope) (expr.Expr, error) {
	arg := b.repeated(l, s)
	long := b.longList(list)
	if l.GetRowExpr() == nil {
		e, err := arg()
		if err != nil {
			return nil, err
		}
		if !logical.HasSubquery(e) {
			values, err := b.inValues(list, long, s)
			if err != nil {
				return nil, err
			}
			if err := b.repeat(e, variables(values), locationOf(l)); err != nil {
				return nil, err
			}
			in, err := expr.NewIn(e, values, negated)
			return in, b.blame(err, list, values)
		}
	}
	if long != nil {
		list = constantNodes(long, locationOf(list[0]))
	}
	terms := make([]expr.Expr, len(list))
	for i, n := range list {
		t, err := b.compareWith(expr.Eq, arg, l, n, s)
		if err != nil {
			return nil, err
		}
		terms[i] = t
	}
	e, err := expr.NewOr(terms...)
	if err != nil || !negated {
		return e, err
	}
	return expr.NewNot(e)
}

// variables is the number of members that are no constants.
func variables(list []expr.Expr) int {
	n := 0
	for _, e := range list {
		if _, ok := e.(*expr.Literal); !ok {
			n++
		}
	}
	return n
}

// quantifiedList binds x op ANY (ARRAY[…]) and ALL.
func (b *binder) quantifiedList(e *pg.A_Expr, name string, s *scope) (expr.Expr, error) {
	array := e.Rexpr.GetAArrayExpr()
	op, ok := compareOps[name]
	if !ok {
		return b.quantifiedPattern(e, name, s)
	}
	if array == nil || len(array.Elements) == 0 {
		return b.quantifiedArray(e, op, e.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL, s)
	}
	if err := b.textArray(e, name, s); err != nil {
		return nil, err
	}
	all := e.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL
	if op == expr.Eq && !all || op == expr.Ne && all {
		return b.inList(e.Lexpr, array.Elements, all, s)
	}
	arg := b.repeated(e.Lexpr, s)
	terms := make([]expr.Expr, len(array.Elements))
	for i, n := range array.Elements {
		t, err := b.compareWith(op, arg, e.Lexpr, n, s)
		if err != nil {
			return nil, err
		}
		terms[i] = t
	}
	if all {
		return expr.NewAnd(terms...)
	}
	return expr.NewOr(terms...)
}

func (b *binder) nullIf(e *pg.A_Expr, s *scope) (expr.Expr, error) {
	arg := b.repeated(e.Lexpr, s)
	first, err := arg()
	if err != nil {
		return nil, err
	}
	second, err := b.expr(e.Rexpr, s)
	if err != nil {
		return nil, err
	}
	if err := b.repeat(first, 1, locationOf(e.Lexpr)); err != nil {
		return nil, err
	}
	if !logical.HasSubquery(first) {
		return expr.NewCall("nullif", []expr.Expr{first, second})
	}
	equal, err := expr.NewComparison(expr.Eq, first, second)
	if err != nil {
		return nil, err
	}
	again, err := arg()
	if err != nil {
		return nil, err
	}
	return expr.NewCase([]expr.When{{Cond: equal, Then: untypedNull()}}, again)
}

// maxRepeated bounds the nodes of operands that are used again: nested forms double with every level.
const maxRepeated = 100_000

// repeated gives an operand that is needed more than once: the same expression every time, but a new one where it holds a subquery, since
// a subquery stands in a plan once.
func (b *binder) repeated(n *pg.Node, s *scope) func() (expr.Expr, error) {
	var first expr.Expr
	return func() (expr.Expr, error) {
		if first != nil {
			if err := b.repeat(first, 1, locationOf(n)); err != nil {
				return nil, err
			}
			if !logical.HasSubquery(first) {
				return first, nil
			}
		}
		e, err := b.expr(n, s)
		if err == nil && first == nil {
			first = e
		}
		return e, err
	}
}

// repeat counts an operand that is used further times.
func (b *binder) repeat(e expr.Expr, times int, location int32) error {
	nodes := 0
	expr.Walk(e, func(expr.Expr) bool {
		nodes++
		return nodes <= maxRepeated
	})
	if b.repeats += nodes * times; b.repeats > maxRepeated {
		return fault.New(fault.StatementTooComplex, "operands that are used more than once are too large").At(b.at(location))
	}
	return nil
}

// compareWith compares a repeated operand, whose tree is l, with a node.
func (b *binder) compareWith(op expr.CompareOp, arg func() (expr.Expr, error), l, r *pg.Node, s *scope) (expr.Expr, error) {
	if lr, rr := l.GetRowExpr(), r.GetRowExpr(); lr != nil && rr != nil {
		return b.compareRows(op, lr, rr, s)
	} else if q := r.GetSubLink(); lr != nil && q.GetSubLinkType() == pg.SubLinkType_EXPR_SUBLINK {
		return b.rowSubquery(op, lr, q, s)
	}
	left, err := arg()
	if err != nil {
		return nil, err
	}
	right, err := b.expr(r, s)
	if err != nil {
		return nil, err
	}
	e, err := expr.NewComparison(op, left, right)
	return e, b.blame(err, []*pg.Node{r, l}, []expr.Expr{right, left})
}

// between binds BETWEEN in its four forms.
func (b *binder) between(e *pg.A_Expr, s *scope) (expr.Expr, error) {
	bounds := e.Rexpr.GetList().GetItems()
	if len(bounds) != 2 {
		return nil, fault.New(fault.SyntaxError, "BETWEEN needs two bounds")
	}
	arg := b.repeated(e.Lexpr, s)
	within := func(low, high *pg.Node) (expr.Expr, error) {
		first, err := b.compareWith(expr.Ge, arg, e.Lexpr, low, s)
		if err != nil {
			return nil, err
		}
		second, err := b.compareWith(expr.Le, arg, e.Lexpr, high, s)
		if err != nil {
			return nil, err
		}
		return expr.NewAnd(first, second)
	}
	out, err := within(bounds[0], bounds[1])
	if err != nil {
		return nil, err
	}
	if e.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN_SYM || e.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		swapped, err := within(bounds[1], bounds[0])
		if err != nil {
			return nil, err
		}
		if out, err = expr.NewOr(out, swapped); err != nil {
			return nil, err
		}
	}
	if e.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || e.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		return expr.NewNot(out)
	}
	return out, nil
}

// like binds LIKE and ILIKE; another escape character is translated to the backslash.
func (b *binder) like(e *pg.A_Expr, name string, s *scope) (expr.Expr, error) {
	op, ok := likeOps[name]
	if !ok {
		return nil, b.unsupported(e.Location, "operator %s", name)
	}
	text, err := b.expr(e.Lexpr, s)
	if err != nil {
		return nil, err
	}
	var pattern expr.Expr
	if f := e.Rexpr.GetFuncCall(); lastString(f.GetFuncname()) == "like_escape" && len(f.Args) == 2 {
		pattern, err = b.escapedPattern(f, s)
	} else {
		pattern, err = b.expr(e.Rexpr, s)
	}
	if err != nil {
		return nil, err
	}
	out, err := expr.NewCall(op.function, []expr.Expr{text, pattern})
	if err != nil || !op.negated {
		return out, err
	}
	return expr.NewNot(out)
}

func (b *binder) escapedPattern(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	pattern, ok1 := args[0].(*expr.Literal)
	escape, ok2 := args[1].(*expr.Literal)
	if !ok1 || !ok2 || pattern.Value.Null || escape.Value.Null {
		return nil, b.unsupported(locationOf(f.Args[1]), "LIKE … ESCAPE with anything but constant strings")
	}
	runes := []rune(escape.Value.Str)
	if len(runes) > 1 {
		return nil, fault.New(fault.InvalidEscape, "invalid escape string").At(b.at(locationOf(f.Args[1]))).
			WithHint("Escape string must be empty or one character.")
	}
	var out strings.Builder
	escaped := false
	for _, c := range pattern.Value.Str {
		switch {
		case escaped:
			out.WriteRune('\\')
			out.WriteRune(c)
			escaped = false
		case len(runes) == 1 && c == runes[0]:
			escaped = true
		case c == '\\':
			out.WriteString(`\\`)
		default:
			out.WriteRune(c)
		}
	}
	if escaped {
		return nil, fault.New(fault.InvalidEscape, "LIKE pattern must not end with escape character").At(b.at(locationOf(f.Args[0])))
	}
	return untypedText(out.String()), nil
}

// not negates; over a subquery's comparison it changes the quantifier instead, so that NOT IN is <> ALL.
func (b *binder) not(n *pg.Node, s *scope) (expr.Expr, error) {
	e, err := b.boolean(n, s, "NOT")
	if err != nil {
		return nil, err
	}
	if q, ok := e.(*logical.Subquery); ok && (q.Kind == logical.AnySubquery || q.Kind == logical.AllSubquery) {
		opposite := *q
		opposite.Op = q.Op.Negate()
		opposite.Kind = logical.AnySubquery
		if q.Kind == logical.AnySubquery {
			opposite.Kind = logical.AllSubquery
		}
		return &opposite, nil
	}
	return expr.NewNot(e)
}
