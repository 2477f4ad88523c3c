package plan

import (
	"fmt"
	"strings"

	planv1 "github.com/polybolos-db/polybolos/api/plan/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

func window(n *Window) *planv1.Node_Window {
	out := &planv1.Node_Window{Partition: ints32(n.Partition), Order: sortKeys(n.Order)}
	for _, f := range n.Functions {
		out.Functions = append(out.Functions, &planv1.WindowFunction{
			Op: uint32(f.Op), Call: aggregate(f.Call), IgnoreNulls: f.IgnoreNulls, Peers: int32(f.Peers), Frame: &planv1.Frame{
				Mode:  uint32(f.Frame.Mode),
				Start: uint32(f.Frame.Start.Kind), StartOffset: f.Frame.Start.Offset, StartColumn: int32(f.Frame.Start.Column),
				End: uint32(f.Frame.End.Kind), EndOffset: f.Frame.End.Offset, EndColumn: int32(f.Frame.End.Column),
				Exclude: uint32(f.Frame.Exclude),
			},
		})
	}
	return out
}

func decodeWindow(info Info, input Node, out []column.Field, in *planv1.Node_Window) (Node, error) {
	n := &Window{Info: info, Input: input, Partition: ints(in.Partition), Out: out}
	for _, k := range in.Order {
		n.Order = append(n.Order, kernels.SortKey{Column: int(k.Column), Descending: k.Descending, NullsFirst: k.NullsFirst})
	}
	for _, f := range in.Functions {
		if f.Call == nil || f.Frame == nil {
			return nil, corrupt("window function without a call or frame")
		}
		call, err := decodeAggregate(f.Call)
		if err != nil {
			return nil, err
		}
		n.Functions = append(n.Functions, kernels.WindowFunction{
			Op: kernels.WindowOp(f.Op), Call: call, IgnoreNulls: f.IgnoreNulls, Peers: int(f.Peers), Frame: kernels.Frame{
				Mode:    kernels.FrameMode(f.Frame.Mode),
				Start:   kernels.Bound{Kind: kernels.BoundKind(f.Frame.Start), Offset: f.Frame.StartOffset, Column: int(f.Frame.StartColumn)},
				End:     kernels.Bound{Kind: kernels.BoundKind(f.Frame.End), Offset: f.Frame.EndOffset, Column: int(f.Frame.EndColumn)},
				Exclude: kernels.Exclusion(f.Frame.Exclude),
			},
		})
	}
	return n, nil
}

// explainWindow is what a Window's parameters say, a line each.
func explainWindow(n *Window) []string {
	var out []string
	in := n.Input.Fields()
	if len(n.Partition) > 0 {
		out = append(out, "partition: "+columnNames(n.Partition, in))
	}
	if len(n.Order) > 0 {
		out = append(out, "order: "+describeKeys(n.Order, in))
	}
	for _, f := range n.Functions {
		name, args := f.Op.String(), columnNames(f.Call.Args, in)
		if f.Op == kernels.WindowAggregate {
			name = f.Call.Op.String()
			if f.Call.Op == kernels.AggCountStar {
				args = "*"
			}
		}
		if f.Call.Distinct {
			args = "distinct " + args
		}
		s := name + "(" + args + ")"
		if f.IgnoreNulls {
			s += " ignore nulls"
		}
		if f.Call.Filter >= 0 {
			s += " filter (" + columnNames([]int{f.Call.Filter}, in) + ")"
		}
		if d := describeFrame(f, in); d != "" {
			s += " over " + d
		}
		out = append(out, s)
	}
	return out
}

// describeFrame is the frame as SQL writes it, "" where the function has none.
func describeFrame(f kernels.WindowFunction, in []column.Field) string {
	switch f.Op {
	case kernels.WindowAggregate, kernels.WindowFirstValue, kernels.WindowLastValue, kernels.WindowNthValue:
	default:
		return ""
	}
	if f.Frame.Whole() || f.Peers == 0 && f.Frame == (kernels.Frame{Start: kernels.Bound{}, End: kernels.Bound{Kind: kernels.CurrentRow}}) {
		return "partition"
	}
	bound := func(b kernels.Bound) string {
		words := [...]string{"unbounded preceding", "preceding", "current row", "following", "unbounded following"}
		if int(b.Kind) >= len(words) {
			return fmt.Sprint(b.Kind)
		}
		word := words[b.Kind]
		if b.Kind != kernels.Preceding && b.Kind != kernels.Following {
			return word
		}
		if f.Frame.Mode == kernels.FrameRange {
			return columnNames([]int{b.Column}, in)
		}
		return fmt.Sprintf("%d %s", b.Offset, word)
	}
	modes := [...]string{"range", "rows", "groups"}
	excludes := [...]string{"", " exclude current row", " exclude group", " exclude ties"}
	var b strings.Builder
	if int(f.Frame.Mode) < len(modes) {
		b.WriteString(modes[f.Frame.Mode])
	}
	b.WriteString(" between " + bound(f.Frame.Start) + " and " + bound(f.Frame.End))
	if int(f.Frame.Exclude) < len(excludes) {
		b.WriteString(excludes[f.Frame.Exclude])
	}
	return b.String()
}
