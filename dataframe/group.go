package dataframe

import (
	"strconv"

	"github.com/polybolos-db/polybolos/fault"
)

// Groups is a frame whose rows are grouped, to be aggregated.
type Groups struct {
	frame Frame
	keys  []Expr
	form  string // ROLLUP or CUBE; "" for the keys as they are
}

// GroupBy groups the rows that agree in the keys; NULLs agree with each other.
func (f Frame) GroupBy(keys ...Expr) Groups {
	if len(keys) == 0 {
		f = f.fail(fault.New(fault.InvalidParameterValue, "GroupBy has no key").WithHint("Select aggregates all rows"))
	}
	return Groups{frame: f.settled().check(keys...), keys: keys}
}

// Rollup adds the groups of fewer and fewer keys, from the last one on, down to that of all rows.
func (g Groups) Rollup() Groups {
	g.form = "ROLLUP"
	return g
}

// Cube adds the groups of every subset of the keys.
func (g Groups) Cube() Groups {
	g.form = "CUBE"
	return g
}

// Agg makes one row of each group: the keys, then the aggregates.
func (g Groups) Agg(aggregates ...Expr) Frame {
	f := g.frame.check(aggregates...)
	keys := list(g.keys)
	if g.form != "" {
		keys = g.form + " (" + keys + ")"
	}
	all := append(g.keys[:len(g.keys):len(g.keys)], aggregates...)
	if f.step != nil && f.step.open {
		s := *f.step
		s.columns, s.open, s.tail = columns(all), false, " GROUP BY "+keys
		return f.then(&s)
	}
	s := f.over("aggregate", columns(all))
	s.tail = " GROUP BY " + keys
	return f.then(s)
}

// Unnest makes a row of each element of a list column, which holds the element then; rows of empty lists and NULLs go.
func (f Frame) Unnest(column string) Frame {
	q, err := quoteName(column)
	f = f.fail(err).bounded()
	return f.project("unnest", []Expr{{text: f.everything() + " REPLACE (unnest(" + q + ") AS " + q + ")", level: atom}})
}

// Sample keeps about a percentage of the rows, each by chance; the same ones for the same seed as long as the data and its layout stay the same.
func (f Frame) Sample(percent float64, seed int64) Frame {
	if !(percent >= 0 && percent <= 100) {
		return f.fail(fault.New(fault.InvalidParameterValue, "a sample must be between 0 and 100 percent: %v", percent))
	}
	f = f.settled()
	s := f.over("sample", "*")
	s.from[1] = " TABLESAMPLE BERNOULLI (" + strconv.FormatFloat(percent, 'f', -1, 64) + ") REPEATABLE (" + signed(seed) + ")"
	return f.then(s)
}
