package random

import "time"

// Reduce changes the query and the tables in place, part by part, as long as fails still says yes, until nothing more can go or the
// time is over. It gives fails the tables that have changed.
func Reduce(query *Node, tables []*Table, deadline time.Time, fails func(tables []*Table) bool) {
	over := func() bool { return time.Now().After(deadline) }
	for changed := true; changed && !over(); {
		changed = false
		for _, n := range query.nodes() {
			changed = reduceNode(query, n, over, func() bool { return fails(nil) }) || changed
		}
		changed = reduceTables(tables, over, fails) || changed
	}
}

// reduceNode tries everything that makes one node smaller.
func reduceNode(root, n *Node, over func() bool, fails func() bool) (changed bool) {
	try := func(smaller Node) bool {
		if over() {
			return false
		}
		saved := *n
		*n = smaller
		if fails() {
			changed = true
			return true
		}
		*n = saved
		return false
	}
	if n.optional && n.template != "" && try(Node{Kind: n.Kind}) {
		return changed
	}
	if n.list {
		for i := len(n.Kids) - 1; i >= 0 && len(n.Kids) > n.least; i-- {
			changed = dropKid(root, n, i, over, fails) || changed
		}
	}
	if n.Kind == Clause {
		// A join becomes one of its sides.
		if !n.list && len(n.Kids) >= 2 && !n.optional {
			for _, k := range n.Kids[:2] {
				if k.Kind == Clause && try(*k) {
					return changed
				}
			}
		}
		return changed
	}
	for _, d := range n.nodes()[1:] {
		if d.Kind == n.Kind && try(*d) {
			return changed
		}
	}
	if n.Kind != Query && len(n.Kids) > 0 {
		for _, literal := range literals[n.Kind] {
			if try(Node{Kind: n.Kind, template: literal}) {
				return changed
			}
		}
	}
	return changed
}

// literals are the simplest expressions of each kind.
var literals = map[Kind][]string{
	Integer: {"1", "0"}, Decimal: {"1.5"}, Double: {"CAST(1 AS double precision)"}, Text: {"'a'"}, Date: {"date '2000-01-01'"},
	Timestamp: {"timestamp '2000-01-01'"}, Interval: {"interval '1 day'"}, Time: {"time '01:02:03'"}, List: {"CAST(ARRAY[1] AS integer[])"},
	Texts: {"CAST(ARRAY['a'] AS text[])"}, Real: {"CAST(1 AS real)"}, Zoned: {"timestamptz '2000-01-01 00:00:00+00'"},
	UUID: {"CAST('00000000-0000-4000-8000-000000000000' AS uuid)"}, Bytes: {"CAST('a' AS bytea)"}, Huge: {"CAST(1 AS decimal(38,10))"},
	Boolean: {"true", "false", "CAST(NULL AS boolean)"},
}

// dropKid drops a kid of a list, and of all lists in its group.
func dropKid(root, n *Node, i int, over func() bool, fails func() bool) bool {
	if over() {
		return false
	}
	lists := []*Node{n}
	if n.group != 0 {
		lists = nil
		for _, l := range root.nodes() {
			if l.group == n.group && i < len(l.Kids) {
				lists = append(lists, l)
			}
		}
	}
	saved := make([][]*Node, len(lists))
	for j, l := range lists {
		saved[j] = l.Kids
		l.Kids = append(append([]*Node{}, l.Kids[:i]...), l.Kids[i+1:]...)
	}
	if fails() {
		return true
	}
	for j, l := range lists {
		l.Kids = saved[j]
	}
	return false
}

// reduceTables drops rows, halves first, and then columns.
func reduceTables(tables []*Table, over func() bool, fails func(tables []*Table) bool) (changed bool) {
	for _, t := range tables {
		for size := len(t.Rows); size > 0; size /= 2 {
			for from := 0; from < len(t.Rows) && !over(); {
				saved := t.Rows
				t.Rows = append(append([][]string{}, saved[:from]...), saved[min(len(saved), from+size):]...)
				if fails([]*Table{t}) {
					changed = true
					continue
				}
				t.Rows = saved
				from += size
			}
		}
		for i := len(t.Columns) - 1; i >= 0 && len(t.Columns) > 1 && !over(); i-- {
			saved := *t
			t.Columns = append(append([]Column{}, saved.Columns[:i]...), saved.Columns[i+1:]...)
			t.Rows = make([][]string, len(saved.Rows))
			for j, r := range saved.Rows {
				t.Rows[j] = append(append([]string{}, r[:i]...), r[i+1:]...)
			}
			if fails([]*Table{t}) {
				changed = true
				continue
			}
			*t = saved
		}
	}
	// What a failed attempt made is there no longer.
	fails(tables)
	return changed
}
