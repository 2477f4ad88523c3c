package dataframe

import (
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// JoinKind says which rows without a partner a join keeps.
type JoinKind uint8

// The kinds of joins. Semi and Anti keep the left rows that have, or have no, partner, once and without the right side's columns. Asof takes for each left row the one
// partner that is nearest by the condition's inequality.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	Asof
	AsofLeft
)

var joins = [...]string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "", "", "ASOF JOIN", "ASOF LEFT JOIN"}

// Join pairs the rows for which the condition is true. ColOf names columns of the sides by their aliases, "left" and "right" where As gave none; so do the
// Filter and Select that follow directly. Columns of one name stay two columns, which later steps cannot tell apart: select or rename them.
func (f Frame) Join(right Frame, kind JoinKind, on Expr) Frame {
	out := f.check(on)
	return out.join(right, kind, " ON "+on.text, on.text)
}

// JoinUsing pairs the rows that agree in columns of the same names, which the result has once.
func (f Frame) JoinUsing(right Frame, kind JoinKind, names ...string) Frame {
	if len(names) == 0 {
		f = f.fail(fault.New(fault.InvalidParameterValue, "JoinUsing has no column").WithHint("CrossJoin pairs all rows"))
	}
	quoted := make([]string, len(names))
	equal := make([]string, len(names))
	for i, n := range names {
		q, err := quoteName(n)
		f = f.fail(err)
		quoted[i] = q
		equal[i] = f.side("left") + "." + q + " = " + right.side("right") + "." + q
	}
	return f.join(right, kind, " USING ("+strings.Join(quoted, ", ")+")", strings.Join(equal, " AND "))
}

// CrossJoin pairs every row with every row.
func (f Frame) CrossJoin(right Frame) Frame {
	return f.join(right, Inner, " ON TRUE", "TRUE")
}

// side is the frame's alias in a join, quoted.
func (f Frame) side(otherwise string) string {
	if f.alias != "" {
		return f.alias
	}
	return `"` + otherwise + `"`
}

func (f Frame) join(right Frame, kind JoinKind, clause, condition string) Frame {
	l, r := f.side("left"), right.side("right")
	f = f.fail(right.err)
	if f.err == nil && f.session != right.session {
		f = f.fail(fault.New(fault.InvalidParameterValue, "the sides of a join belong to two sessions"))
	}
	if int(kind) >= len(joins) {
		return f.fail(fault.New(fault.InvalidParameterValue, "there is no kind of join %d", kind))
	}
	f, right = f.settled(), right.settled()
	s := &step{method: "join", inputs: []*step{f.step, right.step}, columns: "*", open: true}
	switch kind {
	case Semi:
		s.from = []string{"", " AS " + l + " WHERE EXISTS (SELECT 1 FROM ", " AS " + r + " WHERE " + condition + ")"}
		s.open = false
	case Anti:
		s.from = []string{"", " AS " + l + " WHERE NOT EXISTS (SELECT 1 FROM ", " AS " + r + " WHERE " + condition + ")"}
		s.open = false
	default:
		s.from = []string{"", " AS " + l + " " + joins[kind] + " ", " AS " + r + clause}
	}
	return f.then(s)
}

// Union is the rows of both frames, column by column, equal ones once.
func (f Frame) Union(other Frame) Frame { return f.combine(other, "union", "UNION") }

// UnionAll is the rows of both frames.
func (f Frame) UnionAll(other Frame) Frame { return f.combine(other, "union", "UNION ALL") }

// Intersect is the rows that both frames have, once.
func (f Frame) Intersect(other Frame) Frame { return f.combine(other, "intersect", "INTERSECT") }

// Except is the rows that the other frame does not have, once.
func (f Frame) Except(other Frame) Frame { return f.combine(other, "except", "EXCEPT") }

func (f Frame) combine(other Frame, method, operation string) Frame {
	f = f.fail(other.err)
	if f.err == nil && f.session != other.session {
		f = f.fail(fault.New(fault.InvalidParameterValue, "the sides of a set operation belong to two sessions"))
	}
	f, other = f.settled(), other.settled()
	return f.then(&step{
		method: method, inputs: []*step{f.step, other.step}, columns: "*", from: []string{"", " " + operation + " SELECT * FROM ", ""},
	})
}
