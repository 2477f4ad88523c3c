package executor

import (
	"slices"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/plan"
)

// repeatedShare is the share of pairs up to which different build rows make a dictionary: with more of them looking entries up costs what it saves.
const repeatedShare = 0.75

// repeats makes dictionaries of build columns for the aggregation n over the stream in, where its keys, strings among them, are columns of the build side of one inner
// join, which others that only drop rows may follow: the details of an order that each of its items meets. Items of an order mostly follow each other, so that a
// build row is copied, hashed and compared once and not once for each item.
func repeats(n *plan.Aggregate, in *Stream) {
	if n.Mode == plan.AggFinal || n.Sets != nil || len(n.Keys) < 2 {
		return
	}
	at, keys := n.Input, slices.Clone(n.Keys)
	for {
		below, ok := passedOn(at, keys)
		if !ok {
			return
		}
		if below == nil {
			break
		}
		at = below
	}
	for _, op := range in.Operators {
		if j, ok := op.(*hashJoin); ok && plan.Node(j.n) == at && j.kind == plan.Inner {
			j.repeat(keys)
		}
	}
}

// passedOn is the input from which n passes on columns as they are, and makes them the input's columns: a projection's, or the probe side of a join that only drops
// rows. The input is nil where n is neither; false means that n computes one of the columns.
func passedOn(n plan.Node, columns []int) (plan.Node, bool) {
	switch n := n.(type) {
	case *plan.Project:
		for i, c := range columns {
			ref, ok := references(n.Exprs[c : c+1])
			if !ok {
				return nil, false
			}
			columns[i] = ref[0]
		}
		return n.Input, true
	case *plan.HashJoin:
		if n.Kind != plan.ProbeSemi && n.Kind != plan.ProbeAnti {
			return nil, true
		}
		if n.Output != nil {
			for i, c := range columns {
				columns[i] = n.Output[c]
			}
		}
		return n.Probe, true
	}
	return nil, true
}

// repeat makes dictionaries of the output columns keys, if that is of use.
func (j *joined) repeat(keys []int) {
	outs, texts := make([]bool, len(j.outs)), false
	for _, k := range keys {
		o := j.outs[k]
		if o.side != fromBuild {
			return
		}
		t := j.build[j.kept[o.col]].Type
		if t.Kind.IsNested() || t.Kind == column.Null {
			return
		}
		outs[k] = true
		texts = texts || t.Physical() == column.PhysView
	}
	if texts {
		j.repeats = outs
	}
}

// runs is the build rows of pairs, each of a run of equal ones once.
type runs struct {
	rows  []uint32
	codes []uint32 // by pair: position in rows

	values []*column.Vector // entries, by output column
}

// find fills r and reports whether there are few enough rows.
func (r *runs) find(build []uint32) bool {
	r.rows, r.codes = r.rows[:0], sizedRows(r.codes, len(build))
	for k, row := range build {
		if k == 0 || row != build[k-1] {
			r.rows = append(r.rows, row)
		}
		r.codes[k] = uint32(len(r.rows) - 1)
	}
	return float64(len(r.rows)) <= repeatedShare*float64(len(build))
}

// gather makes out the build column col as a dictionary of the rows' values. It reports false when one of them is NULL. at is the position among the output columns.
func (r *runs) gather(out *column.Vector, a *mem.Arena, from *column.Appender, col, at int) (done bool, err error) {
	for len(r.values) <= at {
		r.values = append(r.values, &column.Vector{})
	}
	values := r.values[at]
	err = from.GatherInto(values, a, col, r.rows)
	if err != nil || values.Form != column.Flat || values.Valid != nil {
		return false, err
	}
	*out = column.Vector{Type: values.Type, Form: column.Dict, Len: len(r.codes), Codes: r.codes, Dictionary: values, DictID: column.NewDictID()}
	return true, nil
}
