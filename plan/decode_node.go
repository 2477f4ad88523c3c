package plan

import (
	"time"

	planv1 "github.com/polybolos-db/polybolos/api/plan/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// inputs takes exactly n inputs of a node.
func (d *decoder) inputs(in *planv1.Node, n int) ([]Node, error) {
	if n >= 0 && len(in.Inputs) != n {
		return nil, corrupt("%T with %d inputs", in.Op, len(in.Inputs))
	}
	out := make([]Node, len(in.Inputs))
	for i, x := range in.Inputs {
		var err error
		if out[i], err = d.at(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func inputCount(in *planv1.Node) int {
	switch in.Op.(type) {
	case *planv1.Node_Scan_, *planv1.Node_RangeScan_, *planv1.Node_Values_, *planv1.Node_Series_, *planv1.Node_SharedRead_, *planv1.Node_ExchangeRead_,
		*planv1.Node_WorkingTable_:
		return 0
	case *planv1.Node_HashJoin_, *planv1.Node_NestedLoopJoin_, *planv1.Node_AsOfJoin_, *planv1.Node_SetOp_, *planv1.Node_Recursion_:
		return 2
	case *planv1.Node_Union_:
		return -1
	}
	return 1
}

func (d *decoder) node(in *planv1.Node) (Node, error) {
	kids, err := d.inputs(in, inputCount(in))
	if err != nil {
		return nil, err
	}
	out, err := decodeFields(in.Out)
	if err != nil {
		return nil, err
	}
	info := Info{ID: int(in.Id), Rows: in.Rows}
	switch op := in.Op.(type) {
	case *planv1.Node_Scan_:
		return d.scan(info, op.Scan)
	case *planv1.Node_RangeScan_:
		n, err := d.scan(info, op.RangeScan.GetScan())
		if err != nil {
			return nil, err
		}
		n.Range, err = decodeRange(op.RangeScan)
		return n, err
	case *planv1.Node_Values_:
		n := &Values{Info: info, Out: out}
		for _, r := range op.Values.Rows {
			row, err := decodeValues(r.Values)
			if err != nil {
				return nil, err
			}
			if len(row) != len(out) {
				return nil, corrupt("row of %d values for %d columns", len(row), len(out))
			}
			n.Rows = append(n.Rows, row)
		}
		return n, nil
	case *planv1.Node_Series_:
		return decodeSeries(info, out, op.Series)
	case *planv1.Node_Filter_:
		cond, err := d.exprAt(op.Filter.Cond)
		if err != nil {
			return nil, err
		}
		return &Filter{Info: info, Input: kids[0], Cond: cond}, nil
	case *planv1.Node_Project_:
		exprs, err := d.exprList(op.Project.Exprs)
		if err != nil {
			return nil, err
		}
		if len(exprs) != len(out) {
			return nil, corrupt("projection of %d expressions to %d columns", len(exprs), len(out))
		}
		return &Project{Info: info, Input: kids[0], Exprs: exprs, Out: out}, nil
	case *planv1.Node_Group_:
		return decodeGroup(info, kids[0], out, op.Group)
	case *planv1.Node_HashJoin_:
		return d.hashJoin(info, kids, out, op.HashJoin)
	case *planv1.Node_NestedLoopJoin_:
		j := op.NestedLoopJoin
		cond, err := d.optional(j.Cond)
		if err != nil {
			return nil, err
		}
		return &NestedLoopJoin{
			Info: info, Kind: JoinKind(j.Kind), Probe: kids[0], Build: kids[1], Cond: cond, Output: list(j.Output, j.AllOutput), Out: out,
		}, nil
	case *planv1.Node_Sort_:
		n := &Sort{Info: info, Input: kids[0], Count: op.Sort.Count, Offset: op.Sort.Offset}
		for _, k := range op.Sort.Keys {
			n.Keys = append(n.Keys, kernels.SortKey{Column: int(k.Column), Descending: k.Descending, NullsFirst: k.NullsFirst})
		}
		return n, nil
	case *planv1.Node_Limit_:
		return &Limit{Info: info, Input: kids[0], Count: op.Limit.Count, Offset: op.Limit.Offset}, nil
	case *planv1.Node_Union_:
		return &Union{Info: info, In: kids, Out: out}, nil
	case *planv1.Node_SetOp_:
		return &SetOp{Info: info, Kind: SetKind(op.SetOp.Kind), All: op.SetOp.All, Left: kids[0], Right: kids[1], Out: out}, nil
	case *planv1.Node_DistinctOn_:
		return &DistinctOn{Info: info, Input: kids[0], Keys: ints(op.DistinctOn.Keys)}, nil
	case *planv1.Node_SharedRead_:
		return &SharedRead{Info: info, Shared: int(op.SharedRead.Shared), Out: out}, nil
	case *planv1.Node_ExchangeRead_:
		return &ExchangeRead{
			Info: info, Stage: int(op.ExchangeRead.Stage), Kind: ExchangeKind(op.ExchangeRead.Kind), Out: out,
			All: int(op.ExchangeRead.All), Divided: op.ExchangeRead.Divided,
		}, nil
	case *planv1.Node_Unnest_:
		u := op.Unnest
		return &Unnest{
			Info: info, Input: kids[0], Lists: ints(u.Lists), Keep: ints(u.Keep), Ordinality: u.Ordinality, Outer: u.Outer, Out: out,
		}, nil
	case *planv1.Node_AsOfJoin_:
		return decodeAsOf(info, kids, out, op.AsOfJoin)
	case *planv1.Node_Window_:
		return decodeWindow(info, kids[0], out, op.Window)
	case *planv1.Node_Recursion_:
		return &Recursion{Info: info, Table: int(op.Recursion.Table), All: op.Recursion.All, Seed: kids[0], Step: kids[1], Out: out}, nil
	case *planv1.Node_WorkingTable_:
		return &WorkingTable{Info: info, Table: int(op.WorkingTable.Table), Out: out}, nil
	case *planv1.Node_Write_:
		schema, err := decodeFields(op.Write.Schema)
		if err != nil {
			return nil, err
		}
		return &Write{
			Info: info, Input: kids[0], Format: op.Write.Format, Options: op.Write.Options, URL: op.Write.Url, PerTask: op.Write.PerTask, Schema: schema,
		}, nil
	}
	return nil, corrupt("unknown node")
}

func decodeSeries(info Info, out []column.Field, in *planv1.Node_Series) (Node, error) {
	if len(out) != 1 {
		return nil, corrupt("series of %d columns", len(out))
	}
	vals, err := decodeValues([]*planv1.Value{in.Start, in.Stop, in.Step})
	if err != nil {
		return nil, err
	}
	return &Series{Info: info, Out: out[0], Start: vals[0], Stop: vals[1], Step: vals[2]}, nil
}

func decodeGroup(info Info, input Node, out []column.Field, in *planv1.Node_Group) (Node, error) {
	n := &Aggregate{Info: info, Input: input, Mode: AggMode(in.Mode), Keys: ints(in.Keys), Out: out}
	for _, a := range in.Aggs {
		agg, err := decodeAggregate(a)
		if err != nil {
			return nil, err
		}
		n.Aggs = append(n.Aggs, agg)
	}
	if in.HasSets {
		n.Sets = [][]int{}
		for _, s := range in.Sets {
			n.Sets = append(n.Sets, ints(s.Keys))
		}
	}
	return n, nil
}

func (d *decoder) hashJoin(info Info, kids []Node, out []column.Field, in *planv1.Node_HashJoin) (Node, error) {
	residual, err := d.optional(in.Residual)
	if err != nil {
		return nil, err
	}
	n := &HashJoin{
		Info: info, Kind: JoinKind(in.Kind), Probe: kids[0], Build: kids[1], ProbeKeys: ints(in.ProbeKeys), BuildKeys: ints(in.BuildKeys),
		NullSafe: in.NullSafe, Residual: residual, Output: list(in.Output, in.AllOutput), Out: out,
	}
	if len(n.ProbeKeys) != len(n.BuildKeys) || n.NullSafe != nil && len(n.NullSafe) != len(n.ProbeKeys) {
		return nil, corrupt("hash join of %d to %d keys", len(n.ProbeKeys), len(n.BuildKeys))
	}
	for _, f := range in.Filters {
		n.Filters = append(n.Filters, RuntimeFilterDef{Filter: int(f.Filter), Key: int(f.Key)})
	}
	return n, nil
}

func decodeRange(in *planv1.Node_RangeScan) (*KeyRange, error) {
	bounds, err := decodeValues(in.GetBounds())
	if err != nil {
		return nil, err
	}
	if len(in.GetFrom()) != len(in.GetTo()) {
		return nil, corrupt("a scan's ranges begin %d times and end %d times", len(in.GetFrom()), len(in.GetTo()))
	}
	out := &KeyRange{Column: int(in.GetColumn()), Bounds: bounds}
	for i, from := range in.GetFrom() {
		out.Parts = append(out.Parts, SplitRange{From: int(from), To: int(in.GetTo()[i])})
	}
	return out, nil
}

func (d *decoder) scan(info Info, in *planv1.Node_Scan) (*Scan, error) {
	schema, err := decodeFields(in.Schema)
	if err != nil {
		return nil, err
	}
	filters, err := d.exprList(in.Filters)
	if err != nil {
		return nil, err
	}
	n := &Scan{
		Info: info, Table: in.Table, Format: in.Format, Options: in.Options, Schema: schema, Columns: list(in.Columns, false),
		Output: list(in.Output, in.AllOutput), Filters: filters, Limit: in.Limit,
	}
	for _, c := range n.Columns {
		if c < 0 || c >= len(schema) {
			return nil, corrupt("scan of column %d of %d", c, len(schema))
		}
	}
	for _, o := range n.Output {
		if o < 0 || o >= len(n.Columns) {
			return nil, corrupt("scan output %d of %d", o, len(n.Columns))
		}
	}
	for _, r := range in.Runtime {
		n.Runtime = append(n.Runtime, RuntimeFilterUse{Filter: int(r.Filter), Column: int(r.Column)})
	}
	files := make([]File, len(in.Files))
	for i, f := range in.Files {
		files[i] = File{URL: f.Url, Size: f.Size, ModTime: time.Unix(0, f.ModTimeNanos)}
	}
	for _, s := range in.Splits {
		if int(s.File) >= len(files) {
			return nil, corrupt("split of file %d of %d", s.File, len(files))
		}
		n.Splits = append(n.Splits, Split{File: files[s.File], Start: s.Start, End: s.End, Rows: s.Rows, Bytes: s.Bytes, From: s.From, To: s.To})
	}
	return n, nil
}
