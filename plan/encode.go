package plan

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	planv1 "github.com/polybolos-db/polybolos/api/plan/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
)

// Marshal encodes p as polybolos.plan.v1.Plan. The plan must hold no Exchange and no logical column, which only a defect can leave in it.
func Marshal(p *Plan) ([]byte, error) {
	out := &planv1.Plan{Settings: &planv1.Settings{
		Threads: int32(p.Settings.Threads), MemoryLimit: p.Settings.MemoryLimit, NowMicros: p.Settings.Now.UnixMicro(), TimeZone: p.Settings.TimeZone,
		Scheduling: scheduling(p.Settings.Scheduling), Device: p.Settings.Device,
	}}
	for _, s := range p.Stages {
		e := &encoder{stage: &planv1.Stage{Id: int32(s.ID), Tasks: int32(s.Tasks), Output: &planv1.Partitioning{
			Kind: uint32(s.Output.Kind), Keys: ints32(s.Output.Keys), Partitions: int32(s.Output.Partitions), Bounds: s.Output.Bounds,
		}}}
		readsAndFilters(e.stage, s)
		for _, n := range s.Shared {
			e.stage.Shared = append(e.stage.Shared, int32(e.node(n)))
		}
		e.stage.Root = int32(e.node(s.Root))
		if e.err != nil {
			return nil, e.err
		}
		out.Stages = append(out.Stages, e.stage)
	}
	// Equal plans have equal bytes, so that a plan can be named by its hash.
	return proto.MarshalOptions{Deterministic: true}.Marshal(out)
}

// encoder fills one stage's arrays; the first error sticks.
type encoder struct {
	stage *planv1.Stage
	err   error
}

// node appends n after its inputs and returns its index.
func (e *encoder) node(n Node) uint32 {
	meta := n.Meta()
	out := &planv1.Node{Id: int32(meta.ID), Rows: meta.Rows}
	for _, in := range n.Inputs() {
		out.Inputs = append(out.Inputs, e.node(in))
	}
	switch n := n.(type) {
	case *Scan:
		scan := e.scan(n)
		if out.Op = (&planv1.Node_Scan_{Scan: scan}); n.Range != nil {
			out.Op = &planv1.Node_RangeScan_{RangeScan: rangeScan(n.Range, scan)}
		}
	case *Values:
		v := &planv1.Node_Values{}
		for _, r := range n.Rows {
			v.Rows = append(v.Rows, &planv1.Row{Values: values(r)})
		}
		out.Out, out.Op = fields(n.Out), &planv1.Node_Values_{Values: v}
	case *Series:
		out.Out = fields([]column.Field{n.Out})
		out.Op = &planv1.Node_Series_{Series: &planv1.Node_Series{Start: value(n.Start), Stop: value(n.Stop), Step: value(n.Step)}}
	case *Filter:
		out.Op = &planv1.Node_Filter_{Filter: &planv1.Node_Filter{Cond: e.expr(n.Cond)}}
	case *Project:
		out.Out, out.Op = fields(n.Out), &planv1.Node_Project_{Project: &planv1.Node_Project{Exprs: e.exprs(n.Exprs)}}
	case *Aggregate:
		g := &planv1.Node_Group{Mode: uint32(n.Mode), Keys: ints32(n.Keys), HasSets: n.Sets != nil}
		for _, a := range n.Aggs {
			g.Aggs = append(g.Aggs, aggregate(a))
		}
		for _, s := range n.Sets {
			g.Sets = append(g.Sets, &planv1.GroupingSet{Keys: ints32(s)})
		}
		out.Out, out.Op = fields(n.Out), &planv1.Node_Group_{Group: g}
	case *HashJoin:
		j := &planv1.Node_HashJoin{
			Kind: uint32(n.Kind), ProbeKeys: ints32(n.ProbeKeys), BuildKeys: ints32(n.BuildKeys), NullSafe: n.NullSafe,
			Residual: e.optional(n.Residual), Output: ints32(n.Output), AllOutput: n.Output == nil,
		}
		for _, f := range n.Filters {
			j.Filters = append(j.Filters, &planv1.Node_RuntimeDef{Filter: int32(f.Filter), Key: int32(f.Key)})
		}
		out.Out, out.Op = fields(n.Out), &planv1.Node_HashJoin_{HashJoin: j}
	case *NestedLoopJoin:
		out.Out, out.Op = fields(n.Out), &planv1.Node_NestedLoopJoin_{NestedLoopJoin: &planv1.Node_NestedLoopJoin{
			Kind: uint32(n.Kind), Cond: e.optional(n.Cond), Output: ints32(n.Output), AllOutput: n.Output == nil,
		}}
	case *Sort:
		out.Op = &planv1.Node_Sort_{Sort: &planv1.Node_Sort{Keys: sortKeys(n.Keys), Count: n.Count, Offset: n.Offset}}
	case *Limit:
		out.Op = &planv1.Node_Limit_{Limit: &planv1.Node_Limit{Count: n.Count, Offset: n.Offset}}
	case *Union:
		out.Out, out.Op = fields(n.Out), &planv1.Node_Union_{Union: &planv1.Node_Union{}}
	case *SetOp:
		out.Out, out.Op = fields(n.Out), &planv1.Node_SetOp_{SetOp: &planv1.Node_SetOp{Kind: uint32(n.Kind), All: n.All}}
	case *DistinctOn:
		out.Op = &planv1.Node_DistinctOn_{DistinctOn: &planv1.Node_DistinctOn{Keys: ints32(n.Keys)}}
	case *SharedRead:
		out.Out, out.Op = fields(n.Out), &planv1.Node_SharedRead_{SharedRead: &planv1.Node_SharedRead{Shared: int32(n.Shared)}}
	case *ExchangeRead:
		out.Out, out.Op = fields(n.Out), &planv1.Node_ExchangeRead_{ExchangeRead: &planv1.Node_ExchangeRead{
			Stage: int32(n.Stage), Kind: uint32(n.Kind), All: int32(n.All), Divided: n.Divided,
		}}
	case *Unnest:
		out.Out, out.Op = fields(n.Out), &planv1.Node_Unnest_{Unnest: &planv1.Node_Unnest{
			Lists: ints32(n.Lists), Keep: ints32(n.Keep), Ordinality: n.Ordinality, Outer: n.Outer,
		}}
	case *AsOfJoin:
		out.Out, out.Op = fields(n.Out), &planv1.Node_AsOfJoin_{AsOfJoin: asOf(n)}
	case *Window:
		out.Out, out.Op = fields(n.Out), &planv1.Node_Window_{Window: window(n)}
	case *Recursion:
		out.Out, out.Op = fields(n.Out), &planv1.Node_Recursion_{Recursion: &planv1.Node_Recursion{Table: int32(n.Table), All: n.All}}
	case *WorkingTable:
		out.Out, out.Op = fields(n.Out), &planv1.Node_WorkingTable_{WorkingTable: &planv1.Node_WorkingTable{Table: int32(n.Table)}}
	case *Write:
		out.Op = &planv1.Node_Write_{Write: &planv1.Node_Write{
			Format: n.Format, Options: n.Options, Url: n.URL, PerTask: n.PerTask, Schema: fields(n.Schema),
		}}
	default:
		e.fail("node %T", n)
	}
	e.stage.Nodes = append(e.stage.Nodes, out)
	return uint32(len(e.stage.Nodes) - 1)
}

func (e *encoder) scan(n *Scan) *planv1.Node_Scan {
	s := &planv1.Node_Scan{
		Table: n.Table, Format: n.Format, Options: n.Options, Schema: fields(n.Schema), Columns: ints32(n.Columns),
		Output: ints32(n.Output), AllOutput: n.Output == nil, Filters: e.exprs(n.Filters), Limit: n.Limit,
	}
	index := map[string]uint32{}
	for _, p := range n.Splits {
		i, ok := index[p.File.URL]
		if !ok {
			i = uint32(len(s.Files))
			index[p.File.URL] = i
			s.Files = append(s.Files, &planv1.File{Url: p.File.URL, Size: p.File.Size, ModTimeNanos: p.File.ModTime.UnixNano()})
		}
		s.Splits = append(s.Splits, &planv1.Split{File: i, Start: p.Start, End: p.End, Rows: p.Rows, Bytes: p.Bytes, From: p.From, To: p.To})
	}
	for _, r := range n.Runtime {
		s.Runtime = append(s.Runtime, &planv1.Node_RuntimeUse{Filter: int32(r.Filter), Column: int32(r.Column)})
	}
	return s
}

func rangeScan(r *KeyRange, scan *planv1.Node_Scan) *planv1.Node_RangeScan {
	out := &planv1.Node_RangeScan{Scan: scan, Column: int32(r.Column), Bounds: values(r.Bounds)}
	for _, p := range r.Parts {
		out.From, out.To = append(out.From, uint32(p.From)), append(out.To, uint32(p.To))
	}
	return out
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("plan: cannot encode "+format, args...)
	}
}

// optional is 0 for no expression, otherwise its index plus one.
func (e *encoder) optional(x expr.Expr) uint32 {
	if x == nil {
		return 0
	}
	return e.expr(x) + 1
}

func (e *encoder) exprs(xs []expr.Expr) []uint32 {
	out := make([]uint32, len(xs))
	for i, x := range xs {
		out[i] = e.expr(x)
	}
	return out
}

// expr appends x after its operands and returns its index.
func (e *encoder) expr(x expr.Expr) uint32 {
	out := &planv1.Expr{Children: e.exprs(x.Children())}
	switch x := x.(type) {
	case *expr.Ref:
		out.Kind, out.Type, out.Name, out.Index = planv1.Expr_REF, typ(x.Typ), x.Name, int32(x.Index)
	case *expr.Literal:
		out.Kind, out.Values, out.Flag = planv1.Expr_LITERAL, values([]column.Value{x.Value}), x.Untyped
	case *expr.Call:
		out.Kind, out.Type, out.Name, out.Position = planv1.Expr_CALL, typ(x.Typ), x.Fn.Name, x.Pos
		for _, p := range x.Fn.Params {
			out.Params = append(out.Params, typ(p))
		}
	case *expr.Cast:
		out.Kind, out.Type, out.Flag, out.Position = planv1.Expr_CAST, typ(x.To), x.Try, x.Pos
	case *expr.Case:
		out.Kind, out.Type = planv1.Expr_CASE, typ(x.Typ)
	case *expr.And:
		out.Kind = planv1.Expr_AND
	case *expr.Or:
		out.Kind = planv1.Expr_OR
	case *expr.Not:
		out.Kind = planv1.Expr_NOT
	case *expr.IsNull:
		out.Kind, out.Flag = planv1.Expr_IS_NULL, x.Negated
	case *expr.Coalesce:
		out.Kind = planv1.Expr_COALESCE
	case *expr.In:
		out.Kind, out.Flag, out.Values = planv1.Expr_IN, x.Negated, values(x.List)
	case *expr.Comparison:
		out.Kind, out.Index = planv1.Expr_COMPARISON, int32(x.Op)
	default:
		e.fail("expression %T", x)
	}
	e.stage.Exprs = append(e.stage.Exprs, out)
	return uint32(len(e.stage.Exprs) - 1)
}

func ints32(in []int) []int32 {
	out := make([]int32, len(in))
	for i, v := range in {
		out[i] = int32(v)
	}
	return out
}

func typ(t column.Type) *planv1.Type {
	out := &planv1.Type{Kind: uint32(t.Kind), Precision: uint32(t.Precision), Scale: uint32(t.Scale)}
	if t.Nested != nil {
		out.Fields = fields(t.Nested.Fields)
	}
	return out
}

func fields(in []column.Field) []*planv1.Field {
	out := make([]*planv1.Field, len(in))
	for i, f := range in {
		out[i] = &planv1.Field{Name: f.Name, Type: typ(f.Type), NotNull: f.NotNull}
	}
	return out
}

func values(in []column.Value) []*planv1.Value {
	if len(in) == 0 {
		return nil
	}
	// Lists of IN may be long: their values share memory, and one type where it is the same.
	out, made := make([]*planv1.Value, len(in)), make([]planv1.Value, len(in))
	var t *planv1.Type
	for i, v := range in {
		if i == 0 || !v.Type.Equal(in[i-1].Type) {
			t = typ(v.Type)
		}
		out[i] = &made[i]
		setValue(out[i], v, t)
	}
	return out
}

func value(v column.Value) *planv1.Value {
	out := &planv1.Value{}
	setValue(out, v, typ(v.Type))
	return out
}

func setValue(out *planv1.Value, v column.Value, t *planv1.Type) {
	out.Type, out.Null, out.High, out.Low, out.Float = t, v.Null, v.Int.Hi, v.Int.Lo, v.Float
	if v.Str != "" {
		out.Bytes = []byte(v.Str)
	}
	out.Months, out.Days, out.Micros, out.List = v.Interval.Months, v.Interval.Days, v.Interval.Micros, values(v.List)
}

func aggregate(a kernels.Aggregate) *planv1.Aggregate {
	out := &planv1.Aggregate{Op: uint32(a.Op), Args: ints32(a.Args), Result: typ(a.Result), Distinct: a.Distinct, Filter: int32(a.Filter)}
	for _, t := range a.ArgTypes {
		out.ArgTypes = append(out.ArgTypes, typ(t))
	}
	return out
}

func sortKeys(in []kernels.SortKey) []*planv1.SortKey {
	out := make([]*planv1.SortKey, len(in))
	for i, k := range in {
		out[i] = &planv1.SortKey{Column: int32(k.Column), Descending: k.Descending, NullsFirst: k.NullsFirst}
	}
	return out
}
