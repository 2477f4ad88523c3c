package dataframe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// Filter keeps the rows where the condition is true.
func (f Frame) Filter(condition Expr) Frame {
	f = f.check(condition).bounded()
	if f.step != nil && f.step.open {
		s := *f.step
		s.where = append(s.where[:len(s.where):len(s.where)], condition)
		return f.then(&s)
	}
	s := f.over("filter", "*")
	s.where = []Expr{condition}
	return f.then(s)
}

// Select computes the columns of the result, in order; All stands for those that are there. Aggregates make one row of all rows.
func (f Frame) Select(exprs ...Expr) Frame {
	if len(exprs) == 0 {
		return f.fail(fault.New(fault.InvalidParameterValue, "Select has no column"))
	}
	f = f.check(exprs...)
	grouped := slices.ContainsFunc(exprs, func(e Expr) bool { return e.grouped })
	if grouped {
		f = f.settled()
	} else {
		// Limits come before what computes over all rows; the keys of the order go along.
		f = f.bounded()
	}
	return f.project("select", exprs)
}

// project selects the expressions and carries the order's keys along in hidden columns.
func (f Frame) project(method string, exprs []Expr) Frame {
	exprs = slices.Clone(exprs)
	for i, e := range exprs {
		if e.text == "*" {
			exprs[i].text = f.everything()
		}
	}
	text := columns(exprs)
	var order []Expr
	var hidden []string
	for i, key := range f.order {
		name := fmt.Sprintf(`"sort key %d"`, i+1)
		hidden = append(hidden, name)
		order = append(order, Expr{text: name + key.key, key: key.key, level: atom})
		text += ", " + strings.TrimSuffix(key.text, key.key) + " AS " + name
	}
	f.order, f.hidden = order, hidden
	if f.step != nil && f.step.open {
		s := *f.step
		s.columns, s.open = text, false
		return f.then(&s)
	}
	return f.then(f.over(method, text))
}

// With adds a column behind the others.
func (f Frame) With(name string, e Expr) Frame {
	f = f.check(e).bounded()
	if e.grouped {
		return f.fail(fault.New(fault.GroupingError, "column %q of With is an aggregate", name).WithHint("use GroupBy and Agg, or Over for a window function"))
	}
	e = e.As(name)
	return f.fail(e.err).project("with", []Expr{All(), e})
}

// Replace computes a column anew, in its place.
func (f Frame) Replace(name string, e Expr) Frame {
	f = f.check(e).bounded()
	e = e.As(name)
	return f.fail(e.err).project("replace", []Expr{{text: f.everything() + " REPLACE (" + columns([]Expr{e}) + ")", level: atom}})
}

// Rename gives a column another name, in its place.
func (f Frame) Rename(from, to string) Frame {
	a, err := quoteName(from)
	b, err2 := quoteName(to)
	f = f.fail(err).fail(err2).bounded()
	return f.project("rename", []Expr{{text: f.everything() + " RENAME (" + a + " AS " + b + ")", level: atom}})
}

// Drop leaves columns out.
func (f Frame) Drop(names ...string) Frame {
	f = f.bounded()
	drop := slices.Clone(f.hidden)
	for _, n := range names {
		q, err := quoteName(n)
		f = f.fail(err)
		drop = append(drop, q)
	}
	if len(names) == 0 {
		return f
	}
	return f.project("drop", []Expr{{text: "* EXCLUDE (" + strings.Join(drop, ", ") + ")", level: atom}})
}

// Distinct keeps one of equal rows. The order is forgotten.
func (f Frame) Distinct() Frame {
	f = f.settled()
	return f.then(f.over("distinct", "DISTINCT *"))
}

// DistinctOn keeps, of the rows that agree in the expressions, the first in the frame's order.
func (f Frame) DistinctOn(on ...Expr) Frame {
	if len(on) == 0 {
		return f.Distinct()
	}
	f = f.check(on...).bounded()
	first := Aggregate("row_number").Over(PartitionBy(on...).OrderBy(f.order...))
	const rank = `"rank of its kind"`
	first.name = rank
	ranked := f.project("distinct_on", []Expr{All(), first})
	s := ranked.over("distinct_on", "* EXCLUDE ("+rank+")")
	s.where = []Expr{{text: rank + " = 1"}}
	return ranked.then(s)
}

// Sort orders the rows by the keys, each ascending with NULLs last unless Desc, NullsFirst or NullsLast say otherwise. Filters and columns after it keep the
// order; aggregates, joins, Distinct and set operations forget it.
func (f Frame) Sort(keys ...Expr) Frame {
	if len(keys) == 0 {
		return f.fail(fault.New(fault.InvalidParameterValue, "Sort has no key"))
	}
	f = f.settled().check(keys...)
	f = f.closed()
	f.order = slices.Clone(keys)
	return f
}

// Limit keeps the first n rows.
func (f Frame) Limit(n int64) Frame {
	if n < 0 {
		return f.fail(fault.New(fault.InvalidLimit, "a limit must not be negative: %d", n))
	}
	if f.limit >= 0 {
		f = f.bounded()
	}
	f = f.closed()
	f.limit = n
	return f
}

// Offset leaves out the first n rows.
func (f Frame) Offset(n int64) Frame {
	if n < 0 {
		return f.fail(fault.New(fault.InvalidOffset, "an offset must not be negative: %d", n))
	}
	f = f.bounded().closed()
	f.offset = n
	return f
}

// closed ends a join: the aliases of its sides are no longer seen.
func (f Frame) closed() Frame {
	if f.step != nil && f.step.open {
		s := *f.step
		s.open = false
		return f.then(&s)
	}
	return f
}
