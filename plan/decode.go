package plan

import (
	"time"

	"google.golang.org/protobuf/proto"

	planv1 "github.com/polybolos-db/polybolos/api/plan/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// Unmarshal decodes what Marshal made. Bytes that are no plan, and plans that name what this binary does not know, give an *fault.Error.
func Unmarshal(data []byte) (*Plan, error) {
	var in planv1.Plan
	if err := proto.Unmarshal(data, &in); err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "decode plan")
	}
	p := &Plan{Settings: decodeSettings(in.GetSettings())}
	if len(in.Stages) == 0 {
		return nil, fault.New(fault.DataCorrupted, "decode plan: no stages")
	}
	for _, st := range in.Stages {
		stage, err := decodeStage(st)
		if err != nil {
			return nil, err
		}
		p.Stages = append(p.Stages, stage)
	}
	if err := Check(p); err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "decode plan")
	}
	return p, nil
}

func decodeSettings(s *planv1.Settings) Settings {
	return Settings{
		Threads: int(s.GetThreads()), MemoryLimit: s.GetMemoryLimit(), Now: time.UnixMicro(s.GetNowMicros()).UTC(), TimeZone: s.GetTimeZone(),
		Scheduling: decodeScheduling(s.GetScheduling()), Device: s.GetDevice(),
	}
}

func corrupt(format string, args ...any) error {
	return fault.New(fault.DataCorrupted, "decode plan: "+format, args...)
}

// decoder rebuilds one stage from its arrays, in order, so that children exist before their parents.
type decoder struct {
	exprs []expr.Expr
	nodes []Node
}

func decodeStage(in *planv1.Stage) (*Stage, error) {
	d := &decoder{}
	for i, e := range in.Exprs {
		x, err := d.expr(e)
		if err != nil {
			return nil, fault.Wrap(fault.CodeOf(err), err, "stage %d, expression %d", in.Id, i)
		}
		d.exprs = append(d.exprs, x)
	}
	for i, n := range in.Nodes {
		x, err := d.node(n)
		if err != nil {
			return nil, fault.Wrap(fault.CodeOf(err), err, "stage %d, node %d", in.Id, i)
		}
		d.nodes = append(d.nodes, x)
	}
	out := &Stage{ID: int(in.Id), Tasks: int(in.Tasks), Output: Partitioning{
		Kind: ExchangeKind(in.GetOutput().GetKind()), Keys: ints(in.GetOutput().GetKeys()), Partitions: int(in.GetOutput().GetPartitions()),
		Bounds: in.GetOutput().GetBounds(),
	}}
	decodeReadsAndFilters(in, out)
	var err error
	if out.Root, err = d.at(uint32(in.Root)); err != nil {
		return nil, err
	}
	for _, i := range in.Shared {
		n, err := d.at(uint32(i))
		if err != nil {
			return nil, err
		}
		out.Shared = append(out.Shared, n)
	}
	return out, nil
}

func (d *decoder) at(i uint32) (Node, error) {
	if int(i) >= len(d.nodes) {
		return nil, corrupt("node %d of %d", i, len(d.nodes))
	}
	return d.nodes[i], nil
}

func (d *decoder) exprAt(i uint32) (expr.Expr, error) {
	if int(i) >= len(d.exprs) {
		return nil, corrupt("expression %d of %d", i, len(d.exprs))
	}
	return d.exprs[i], nil
}

func (d *decoder) exprList(in []uint32) ([]expr.Expr, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := make([]expr.Expr, len(in))
	for i, x := range in {
		var err error
		if out[i], err = d.exprAt(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// optional is the inverse of the encoder's: 0 is no expression.
func (d *decoder) optional(i uint32) (expr.Expr, error) {
	if i == 0 {
		return nil, nil
	}
	return d.exprAt(i - 1)
}

// operands is how many children each kind of expression has; -1 for one or more, -2 for any number.
var operands = map[planv1.Expr_Kind]int{
	planv1.Expr_REF: 0, planv1.Expr_LITERAL: 0, planv1.Expr_CALL: -2, planv1.Expr_CAST: 1, planv1.Expr_CASE: -1, planv1.Expr_AND: -1,
	planv1.Expr_OR: -1, planv1.Expr_NOT: 1, planv1.Expr_IS_NULL: 1, planv1.Expr_COALESCE: -1, planv1.Expr_IN: 1, planv1.Expr_COMPARISON: 2,
}

func (d *decoder) expr(in *planv1.Expr) (expr.Expr, error) {
	args, err := d.exprList(in.Children)
	if err != nil {
		return nil, err
	}
	want, ok := operands[in.Kind]
	if !ok {
		return nil, corrupt("expression kind %d", in.Kind)
	}
	if want >= 0 && len(args) != want || want == -1 && len(args) == 0 {
		return nil, corrupt("%s expression with %d operands", in.Kind, len(args))
	}
	t, err := decodeType(in.Type)
	if err != nil {
		return nil, err
	}
	vals, err := decodeValues(in.Values)
	if err != nil {
		return nil, err
	}
	switch in.Kind {
	case planv1.Expr_REF:
		return &expr.Ref{Index: int(in.Index), Name: in.Name, Typ: t}, nil
	case planv1.Expr_LITERAL:
		if len(vals) != 1 {
			return nil, corrupt("literal with %d values", len(vals))
		}
		return &expr.Literal{Value: vals[0], Untyped: in.Flag}, nil
	case planv1.Expr_CALL:
		params := make([]column.Type, len(in.Params))
		for i, p := range in.Params {
			if params[i], err = decodeParam(p); err != nil {
				return nil, err
			}
		}
		fn, err := expr.Lookup(in.Name, params)
		if err != nil {
			return nil, err
		}
		bound, err := expr.Rebind(fn, args)
		if err != nil {
			return nil, err
		}
		if c, ok := bound.(*expr.Call); ok {
			// The type may follow from an argument that was a literal when the plan was made.
			c.Typ, c.Pos = t, in.Position
		}
		return bound, nil
	case planv1.Expr_CAST:
		return &expr.Cast{Arg: args[0], To: t, Try: in.Flag, Pos: in.Position}, nil
	case planv1.Expr_CASE:
		if len(args)%2 == 0 {
			return nil, corrupt("CASE with %d operands", len(args))
		}
		c := &expr.Case{Typ: t, Whens: make([]expr.When, len(args)/2)}
		return c.WithChildren(args), nil
	case planv1.Expr_AND:
		return &expr.And{Terms: args}, nil
	case planv1.Expr_OR:
		return &expr.Or{Terms: args}, nil
	case planv1.Expr_NOT:
		return &expr.Not{Arg: args[0]}, nil
	case planv1.Expr_IS_NULL:
		return &expr.IsNull{Arg: args[0], Negated: in.Flag}, nil
	case planv1.Expr_COALESCE:
		return &expr.Coalesce{Args: args}, nil
	case planv1.Expr_IN:
		return &expr.In{Arg: args[0], List: vals, Negated: in.Flag}, nil
	}
	if in.Index < 0 || in.Index > int32(expr.IsNotDistinct) {
		return nil, corrupt("comparison operator %d", in.Index)
	}
	return &expr.Comparison{Op: expr.CompareOp(in.Index), Left: args[0], Right: args[1]}, nil
}

func ints(in []int32) []int {
	if len(in) == 0 {
		return nil
	}
	out := make([]int, len(in))
	for i, v := range in {
		out[i] = int(v)
	}
	return out
}

// list is ints, but nil when all stands for every column.
func list(in []int32, all bool) []int {
	if all {
		return nil
	}
	out := make([]int, len(in))
	for i, v := range in {
		out[i] = int(v)
	}
	return out
}

// maxTypeDepth bounds how deep nested types may go, so that decoding cannot exhaust the stack.
const maxTypeDepth = 64

func decodeType(in *planv1.Type) (column.Type, error) { return decodeTypeAt(in, 0) }

func decodeTypeAt(in *planv1.Type, depth int) (column.Type, error) {
	if depth > maxTypeDepth || in.GetKind() > uint32(column.Map) || in.GetPrecision() > column.MaxPrecision || in.GetScale() > in.GetPrecision() {
		return column.Type{}, corrupt("type kind %d, precision %d, scale %d, depth %d", in.GetKind(), in.GetPrecision(), in.GetScale(), depth)
	}
	t := column.Type{Kind: column.Kind(in.GetKind()), Precision: uint8(in.GetPrecision()), Scale: uint8(in.GetScale())}
	if t.Kind.IsNested() {
		want := map[column.Kind]int{column.List: 1, column.Map: 2, column.Struct: len(in.Fields)}[t.Kind]
		if len(in.Fields) != want {
			return column.Type{}, corrupt("%d fields in a nested type of kind %d", len(in.Fields), t.Kind)
		}
		t.Nested = &column.Nested{}
		for _, f := range in.Fields {
			ft, err := decodeTypeAt(f.Type, depth+1)
			if err != nil {
				return column.Type{}, err
			}
			t.Nested.Fields = append(t.Nested.Fields, column.Field{Name: f.Name, Type: ft, NotNull: f.NotNull})
		}
	}
	return t, nil
}

// decodeParam is decodeType of a parameter, which may be any list, struct or map.
func decodeParam(in *planv1.Type) (column.Type, error) {
	if k := column.Kind(in.GetKind()); in.GetKind() <= uint32(column.Map) && k.IsNested() && len(in.Fields) == 0 {
		return column.T(k), nil
	}
	return decodeType(in)
}

func decodeFields(in []*planv1.Field) ([]column.Field, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := make([]column.Field, len(in))
	for i, f := range in {
		t, err := decodeType(f.Type)
		if err != nil {
			return nil, err
		}
		out[i] = column.Field{Name: f.Name, Type: t, NotNull: f.NotNull}
	}
	return out, nil
}

func decodeValues(in []*planv1.Value) ([]column.Value, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := make([]column.Value, len(in))
	for i, v := range in {
		var err error
		if out[i], err = decodeValue(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func decodeValue(in *planv1.Value) (column.Value, error) {
	t, err := decodeType(in.GetType())
	if err != nil {
		return column.Value{}, err
	}
	l, err := decodeValues(in.GetList())
	if err != nil {
		return column.Value{}, err
	}
	return column.Value{
		Type: t, Null: in.GetNull(), Int: column.Int128{Lo: in.GetLow(), Hi: in.GetHigh()}, Float: in.GetFloat(), Str: string(in.GetBytes()),
		Interval: column.IntervalValue{Months: in.GetMonths(), Days: in.GetDays(), Micros: in.GetMicros()}, List: l,
	}, nil
}

func decodeAggregate(in *planv1.Aggregate) (kernels.Aggregate, error) {
	r, err := decodeType(in.Result)
	if err != nil {
		return kernels.Aggregate{}, err
	}
	a := kernels.Aggregate{Op: kernels.AggOp(in.Op), Args: ints(in.Args), Result: r, Distinct: in.Distinct, Filter: int(in.Filter)}
	for _, t := range in.ArgTypes {
		at, err := decodeType(t)
		if err != nil {
			return kernels.Aggregate{}, err
		}
		a.ArgTypes = append(a.ArgTypes, at)
	}
	return a, nil
}
