package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// jsonAggregate is json_agg(x) and json_object_agg(k, v) as a function of the list that an aggregate makes; nil for other functions.
func jsonAggregate(name string, f *pg.FuncCall) *pg.Node {
	element, whole := "", ""
	switch strings.Replace(name, "jsonb_", "json_", 1) {
	case "json_agg", "json_group_array":
		element, whole = "$as_json", "$json_list"
	case "json_object_agg", "json_group_object":
		element, whole = "$json_member", "$json_members"
	default:
		return nil
	}
	call := func(name string, args ...*pg.Node) *pg.FuncCall {
		return &pg.FuncCall{Funcname: []*pg.Node{pg.MakeStrNode(name)}, Args: args, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL, Location: f.Location}
	}
	node := func(f *pg.FuncCall) *pg.Node { return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: f}} }
	list := call("array_agg", node(call(element, f.Args...)))
	list.AggFilter, list.AggOrder, list.AggDistinct, list.Over = f.AggFilter, f.AggOrder, f.AggDistinct, f.Over
	return node(call(whole, node(list)))
}

// overlaps binds (a, b) OVERLAPS (c, d), whose second members may be intervals: the spans, without their ends, have a time in common.
func (b *binder) overlaps(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(args); i += 2 {
		if args[i+1].Type().Kind == column.Interval {
			if args[i+1], err = expr.NewCall("+", args[i:i+2]); err != nil {
				return nil, fault.At(err, b.at(locationOf(f.Args[i])))
			}
		}
	}
	t, err := expr.CommonType("OVERLAPS", args)
	if err != nil || !t.Kind.IsTemporal() {
		return nil, fault.New(fault.UndefinedFunction, "function overlaps does not exist for these types").At(b.at(f.Location))
	}
	for i := range args {
		if args[i], err = expr.NewCast(args[i], t, false); err != nil {
			return nil, fault.At(err, b.at(locationOf(f.Args[i])))
		}
	}
	var ends [4]expr.Expr // the earlier and the later end of each span
	for i, name := range []string{"least", "greatest", "least", "greatest"} {
		if ends[i], err = expr.NewCall(name, args[i/2*2:i/2*2+2]); err != nil {
			return nil, err
		}
	}
	compare := func(op expr.CompareOp, l, r expr.Expr) expr.Expr {
		if err != nil {
			return nil
		}
		var e expr.Expr
		e, err = expr.NewComparison(op, l, r)
		return e
	}
	before, after, same := compare(expr.Lt, ends[0], ends[3]), compare(expr.Lt, ends[2], ends[1]), compare(expr.Eq, ends[0], ends[2])
	if err != nil {
		return nil, fault.At(err, b.at(f.Location))
	}
	both, err := expr.NewAnd(before, after)
	if err != nil {
		return nil, err
	}
	return expr.NewOr(both, same)
}

// namedTime is date 'today' and its like, which are fixed when the statement begins; nil for other texts.
func (b *binder) namedTime(text string, t column.Type) expr.Expr {
	days := int64(0)
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "today":
	case "tomorrow":
		days = 1
	case "yesterday":
		days = -1
	case "now":
		if name := map[column.Kind]string{column.Timestamp: "localtimestamp", column.TimestampTZ: "now", column.Date: "current_date", column.Time: "localtime"}[t.Kind]; name != "" {
			return b.statementTime(name)
		}
		return nil
	default:
		return nil
	}
	today, ok := b.statementTime("current_date").(*expr.Literal)
	if !ok || t.Kind != column.Date && t.Kind != column.Timestamp && t.Kind != column.TimestampTZ {
		return nil
	}
	day := &expr.Literal{Value: column.IntValue(column.T(column.Date), today.Value.Int64()+days), Zone: b.options.Zone}
	e, err := expr.NewCast(day, t, false)
	if err != nil {
		return nil
	}
	return e
}
