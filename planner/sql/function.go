package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// function binds a call by name: an aggregate, the statement's time, or a function of the registry.
func (b *binder) function(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	name := lastString(f.Funcname)
	if f.Over != nil {
		return b.windowFunction(f, name, s)
	}
	switch name {
	case "struct_pack", "struct_insert":
		return b.structPack(f, s)
	case unnestName:
		return b.unnestItem(f, s)
	case ast.MapFunction:
		return b.mapLiteral(f, s)
	}
	if f.FuncVariadic {
		return nil, b.unsupported(f.Location, "VARIADIC")
	}
	if name == ast.TryCastFunction {
		c := (*pg.TypeCast)(nil)
		if len(f.Args) == 1 {
			c = f.Args[0].GetTypeCast()
		}
		if c == nil {
			return nil, fault.New(fault.SyntaxError, "TRY_CAST needs an expression AS a type").At(b.at(f.Location))
		}
		return b.cast(c, s, true)
	}
	f, err := b.positional(name, f)
	if err != nil {
		return nil, err
	}
	if g := jsonAggregate(name, f); g != nil {
		return b.expr(g, s)
	}
	if other := "json_" + strings.TrimPrefix(name, "jsonb_"); strings.HasPrefix(name, "jsonb_") && !expr.FunctionExists(name) && expr.FunctionExists(other) {
		name = other
	}
	if name == "overlaps" && len(f.Args) == 4 {
		return b.overlaps(f, s)
	}
	if _, ok := orderedSets[name]; ok && f.AggWithinGroup && f.Over == nil || expr.IsAggregate(name) {
		if fractions := fractionList(f, name); fractions != nil {
			return b.quantiles(f, name, fractions, s)
		}
		return b.aggregate(f, name, s)
	}
	if f.AggStar || f.AggDistinct || f.AggFilter != nil || len(f.AggOrder) > 0 || f.AggWithinGroup {
		if !expr.FunctionExists(name) {
			return nil, b.undefinedFunction(name, f.Location)
		}
		return nil, fault.New(fault.WrongObjectType, "%s is not an aggregate function", name).At(b.at(f.Location))
	}
	if e := b.statementTime(name); e != nil && len(f.Args) == 0 {
		return e, nil
	}
	if e, err := b.sessionFunction(name, f, s); e != nil || err != nil {
		return e, err
	}
	if !expr.FunctionExists(name) {
		if _, ok := windowFunctions[name]; ok {
			return nil, fault.New(fault.WrongObjectType, "window function %s requires an OVER clause", name).At(b.at(f.Location))
		}
		return nil, b.undefinedFunction(name, f.Location)
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	if name == "age" && len(args) == 1 && args[0].Type().Kind.IsTemporal() {
		today := b.statementTime("current_date").(*expr.Literal)
		today.Zone = b.options.Zone
		args = []expr.Expr{today, args[0]}
		if args[0], err = expr.NewCast(today, args[1].Type(), false); err != nil {
			args = args[1:]
		}
	}
	e, err := expr.NewCall(name, args)
	return e, b.blame(err, f.Args, args)
}

func (b *binder) undefinedFunction(name string, location int32) *fault.Error {
	e := fault.New(fault.UndefinedFunction, "function %s does not exist", name).At(b.at(location))
	if near := expr.SuggestFunction(name); near != "" {
		return e.WithHint("Did you mean %q?", near)
	}
	return e
}

// statementTime is the value of the functions that are fixed for a statement, nil for other names. Days and clocks are those of the session's zone.
func (b *binder) statementTime(name string) expr.Expr {
	now := b.options.Now.UTC()
	micros := now.UnixMicro()
	wall := micros
	if z := b.options.Zone; z != nil {
		_, ahead := now.In(z).Zone()
		wall += int64(ahead) * column.MicrosPerSecond
	}
	days := convert.FloorDiv(wall, column.MicrosPerDay)
	literal := func(k column.Kind, v int64) expr.Expr {
		return &expr.Literal{Value: column.IntValue(column.T(k), v)}
	}
	switch name {
	case "now", "current_timestamp", "transaction_timestamp", "statement_timestamp":
		return literal(column.TimestampTZ, micros)
	case "localtimestamp":
		return literal(column.Timestamp, wall)
	case "current_date", "today":
		return literal(column.Date, days)
	case "localtime", "current_time":
		return literal(column.Time, wall-days*column.MicrosPerDay)
	}
	return nil
}

// valueFunction binds CURRENT_DATE and its like.
func (b *binder) valueFunction(f *pg.SQLValueFunction) (expr.Expr, error) {
	name := valueFunctionName(f)
	if e := b.statementTime(name); e != nil {
		return e, nil
	}
	if sessionNames[name] && b.options.Setting != nil {
		return b.settingValue(name+"()", f.Location)
	}
	return nil, b.unsupported(f.Location, "%s", name)
}
