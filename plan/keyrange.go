package plan

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// KeyRange has the tasks of a stage read a scan by ranges of one column's values instead of by splits dealt in turn: rows with equal values are in one task, and
// in the same one as those of other scans with the same bounds. Range r is the values of at least Bounds[r-1] and less than Bounds[r]; the first has NULL as well.
// Ranges are dealt to the tasks in turn, so that work that lies close together among the values is not one task's alone.
type KeyRange struct {
	Column int            // position in Scan.Columns
	Bounds []column.Value // ascending, of the column's type
	Parts  []SplitRange   // by range: the splits that may have such rows; neither From nor To ever falls
}

// SplitRange is the splits From to To-1 of a scan.
type SplitRange struct{ From, To int }

// splits are those that one of so many tasks reads.
func (r *KeyRange) splits(all []Split, task, tasks int) (out []Split) {
	done := 0
	for i := task; i < len(r.Parts); i += tasks {
		p := r.Parts[i]
		if from := max(p.From, done); from < p.To {
			out = append(out, all[from:p.To]...)
			done = p.To
		}
	}
	return out
}

// Straddles reports of each of n splits whether more than one range has rows of it, so that each of several tasks has to leave out the rows of others. A split that
// is in one range alone has no others.
func (r *KeyRange) Straddles(n int) []bool {
	out := make([]bool, n)
	for i := 1; i < len(r.Parts); i++ {
		for k := r.Parts[i].From; k < r.Parts[i-1].To; k++ {
			out[k] = true
		}
	}
	return out
}

// RangeFilter is the condition, over n's Columns, of the rows that one of so many tasks reads; nil: all.
func (n *Scan) RangeFilter(task, tasks int) expr.Expr {
	if n.Range == nil || tasks < 2 {
		return nil
	}
	field := n.Schema[n.Columns[n.Range.Column]]
	ref := &expr.Ref{Index: n.Range.Column, Name: field.Name, Typ: field.Type}
	var ranges []expr.Expr
	if task == 0 && !field.NotNull {
		ranges = append(ranges, &expr.IsNull{Arg: ref})
	}
	bounds := n.Range.Bounds
	for i := task; i < len(n.Range.Parts); i += tasks {
		var terms []expr.Expr
		if i > 0 {
			terms = append(terms, &expr.Comparison{Op: expr.Ge, Left: ref, Right: &expr.Literal{Value: bounds[i-1]}})
		}
		if i < len(bounds) {
			terms = append(terms, &expr.Comparison{Op: expr.Lt, Left: ref, Right: &expr.Literal{Value: bounds[i]}})
		}
		if len(terms) == 0 {
			return nil
		}
		ranges = append(ranges, expr.Conjunction(terms))
	}
	switch len(ranges) {
	case 0:
		return &expr.Literal{Value: column.BoolValue(false)}
	case 1:
		return ranges[0]
	}
	return &expr.Or{Terms: ranges}
}
