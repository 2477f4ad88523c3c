package physical

import (
	"context"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// Tables are often written in the order of a key, so that metadata shows which values each of their splits may have: lineitem and orders, both by the order's key.
// Then tasks can read ranges of the key instead of splits in turn, and rows with equal keys are in one task without an exchange, of one table as of several:
//
//	HashJoin l_orderkey = o_orderkey            HashJoin l_orderkey = o_orderkey
//	  Exchange hash l_orderkey                    Scan lineitem, a range of l_orderkey in each task
//	    Scan lineitem                      →      Scan orders, the same range of o_orderkey
//	  Exchange hash o_orderkey
//	    Scan orders
//
// The ranges decide which task has a row, whatever the order of the rows; statistics only say which splits a task has to look at, as they do for filters. See
// docs/decisions/colocated-joins.md.

// colocation is scans whose tasks read the same ranges of a column of each.
type colocation struct {
	members []*member
	// matched says that only rows count whose key all members have, so that a task's work is where all of them have rows.
	matched bool
}

// member is a scan whose splits are in the order of a column, at least roughly.
type member struct {
	scan   *plan.Scan
	column int         // position in Scan.Columns
	splits []keySplit  // by their least values
	of     *colocation // nil: none
}

// keySplit is a split and the values that it may have.
type keySplit struct {
	split           plan.Split
	least, greatest int64
	bytes           float64
}

// leastColocated is the number of rows that would be sent from which an operator of one input is worth the ranges.
const leastColocated = 1 << 14

// colocate has a join's sides read equal ranges of one of its keys, and reports whether they do: then no row of either has to be sent.
func (p *planner) colocate(n *plan.HashJoin) bool {
	for k := range n.ProbeKeys {
		probe, build := p.memberOf(n.Probe, n.ProbeKeys[k]), p.memberOf(n.Build, n.BuildKeys[k])
		if probe == nil || build == nil {
			continue
		}
		matched := n.Kind == plan.Inner || n.Kind == plan.ProbeSemi || n.Kind == plan.BuildSemi
		if p.unite(probe, build, matched) {
			p.colocated[n] = true
			return true
		}
	}
	return false
}

// sendToRanges has one side of a join sent to where the other has the ranges of a key, and reports whether it does: that side stays where it is.
//
//	HashJoin c_custkey = o_custkey              HashJoin c_custkey = o_custkey
//	  Exchange hash c_custkey                     Scan customer, ranges of c_custkey
//	    Scan customer                      →      Exchange range o_custkey
//	  Exchange hash o_custkey                       Scan orders
//	    Scan orders
//
// A build side that is small goes to all tasks instead. A probe side is sent only where no filter of the build side would make it small before.
func (p *planner) sendToRanges(n *plan.HashJoin, ps, bs spread) bool {
	if p.opts.Partitions < 2 || probeKind(n.Kind) && p.opts.BroadcastRows >= 0 && n.Build.Meta().Rows <= float64(p.opts.BroadcastRows) {
		return false
	}
	for k := range n.ProbeKeys {
		if m := p.memberOf(n.Probe, n.ProbeKeys[k]); m != nil && ps.many && (m.of != nil || p.unite(m, m, false)) {
			n.Build = p.sendTo(m, n.Build, n.BuildKeys[k])
			p.colocated[n] = true
			return true
		}
	}
	if slices.Contains(p.rare[n], true) || probeKind(n.Kind) && p.broadcasts(n.Probe, n.Build) {
		return false
	}
	for k := range n.BuildKeys {
		if m := p.memberOf(n.Build, n.BuildKeys[k]); m != nil && bs.many && (m.of != nil || p.unite(m, m, false)) {
			n.Probe = p.sendTo(m, n.Probe, n.ProbeKeys[k])
			p.colocated[n] = true
			return true
		}
	}
	return false
}

// sendTo sends n's rows to the tasks that read m's ranges of their column at.
func (p *planner) sendTo(m *member, n plan.Node, at int) plan.Node {
	e := &plan.Exchange{
		Info: plan.Info{Rows: n.Meta().Rows}, Input: n, Output: plan.Partitioning{Kind: plan.Range, Keys: []int{at}, Partitions: p.opts.Partitions},
	}
	p.sent[e] = m
	return e
}

// boundExchanges tells exchanges the ranges to which they send, all of which are known now.
func (p *planner) boundExchanges() {
	for e, m := range p.sent {
		for _, b := range m.scan.Range.Bounds {
			e.Output.Bounds = append(e.Output.Bounds, int64(b.Int.Lo))
		}
	}
}

// together reports whether rows of n with equal keys are in one task, or can be when its scan reads ranges, which it then does. rows is how many would be sent
// otherwise.
func (p *planner) together(n plan.Node, keys []int, rows float64) bool {
	for _, k := range keys {
		m := p.memberOf(n, k)
		if m == nil {
			continue
		}
		if m.of != nil || rows >= leastColocated && p.unite(m, m, false) {
			return true
		}
	}
	return false
}

// memberOf finds the scan that decides in which task each row of n is, when its splits are by a column that column at of n equals in all rows; nil: there is none,
// or it is read by ranges of another column.
func (p *planner) memberOf(n plan.Node, at int) *member {
	scan, column := p.anchor(n, at)
	if scan == nil {
		return nil
	}
	key := scanColumn{scan, column}
	m, known := p.members[key]
	if !known {
		m = p.newMember(scan, column)
		p.members[key] = m
	}
	if m == nil || scan.Range != nil && m.of == nil {
		return nil
	}
	return m
}

// anchor follows n's rows to the scan whose rows decide in which task they are, and column at of n to the column of that scan which it equals.
func (p *planner) anchor(n plan.Node, at int) (*plan.Scan, int) {
	switch n := n.(type) {
	case *plan.Scan:
		if n.Limit >= 0 {
			return nil, 0
		}
		if n.Output != nil {
			at = n.Output[at]
		}
		return n, at
	case *plan.Exchange:
		if m := p.sent[n]; m != nil && at == n.Output.Keys[0] {
			return m.scan, m.column
		}
	case *plan.Filter:
		return p.anchor(n.Input, at)
	case *plan.Project:
		if r, ok := n.Exprs[at].(*expr.Ref); ok {
			return p.anchor(n.Input, r.Index)
		}
	case *plan.Aggregate:
		if n.Mode == plan.AggSingle && n.Sets == nil && at < len(n.Keys) {
			return p.anchor(n.Input, n.Keys[at])
		}
	case *plan.DistinctOn:
		return p.anchor(n.Input, at)
	case *plan.Sort:
		if n.Count < 0 && n.Offset == 0 {
			return p.anchor(n.Input, at)
		}
	case *plan.Window:
		if at < len(n.Input.Fields()) {
			return p.anchor(n.Input, at)
		}
	case *plan.Unnest:
		if at < len(n.Keep) {
			return p.anchor(n.Input, n.Keep[at])
		}
	case *plan.HashJoin:
		return p.anchorOfJoin(n, at)
	case *plan.NestedLoopJoin:
		if n.Output != nil {
			at = n.Output[at]
		}
		if probeKind(n.Kind) && at < len(n.Probe.Fields()) {
			return p.anchor(n.Probe, at)
		}
	}
	return nil, 0
}

// anchorOfJoin is anchor for joins. A probe row's result is where the row is, that of a build row where the kind gives each build row once; both when the sides
// are together.
func (p *planner) anchorOfJoin(n *plan.HashJoin, at int) (*plan.Scan, int) {
	if n.Output != nil {
		at = n.Output[at]
	}
	width := len(n.Probe.Fields())
	switch n.Kind {
	case plan.BuildSemi, plan.BuildAnti:
		return p.anchor(n.Build, at)
	case plan.BuildOuter:
		if at >= width {
			return p.anchor(n.Build, at-width)
		}
		return nil, 0
	case plan.FullOuter:
		return nil, 0
	}
	if at < width {
		return p.anchor(n.Probe, at)
	}
	if n.Kind != plan.Inner {
		return nil, 0
	}
	if k := slices.Index(n.BuildKeys, at-width); k >= 0 {
		if scan, column := p.anchor(n.Probe, n.ProbeKeys[k]); scan != nil {
			return scan, column
		}
	}
	if p.colocated[n] {
		return p.anchor(n.Build, at-width)
	}
	return nil, 0
}

// newMember asks metadata how a scan's splits lie in a column; nil where it does not say, where there may be NULLs, which are in no split's bounds, or where splits
// should be read where they are.
func (p *planner) newMember(scan *plan.Scan, col int) *member {
	field := scan.Schema[scan.Columns[col]]
	table := p.tables[scan]
	if table == nil || !ranged(field.Type) || len(scan.Splits) == 0 || plan.Hosts(scan) > 0 {
		return nil
	}
	bounds, err := p.opts.Bounds(p.ctx, table, scan.Splits, field)
	if err != nil || len(bounds) != len(scan.Splits) {
		return nil // it is an advantage that is not had; what is wrong with the file the scan will say
	}
	m := &member{scan: scan, column: col}
	for i, b := range bounds {
		if b.Min == nil || b.Max == nil || b.Nulls != 0 && !field.NotNull {
			return nil
		}
		m.splits = append(m.splits, keySplit{
			split: scan.Splits[i], least: int64(b.Min.Int.Lo), greatest: int64(b.Max.Int.Lo), bytes: float64(max(scan.Splits[i].Bytes, 1)),
		})
	}
	m.sort()
	return m
}

// ranged reports whether values of t are 64-bit integers in the order that bounds have.
func ranged(t column.Type) bool {
	switch t.Kind {
	case column.Int8, column.Int16, column.Int32, column.Int64, column.Uint8, column.Uint16, column.Uint32, column.Date, column.Time, column.Timestamp, column.TimestampTZ:
		return true
	case column.Decimal:
		return t.Physical() == column.PhysInt64
	}
	return false
}

// unite has two scans, and those that are already with either, read the same ranges, and reports whether they do: they do not where tasks would read too much
// that is not theirs, or where one would have far more to do than others.
func (p *planner) unite(a, b *member, matched bool) bool {
	if a.of != nil && a.of == b.of {
		return true
	}
	if !a.typ().Equal(b.typ()) {
		return false
	}
	all := &colocation{matched: matched}
	for _, m := range []*member{a, b} {
		switch {
		case m.of != nil:
			all.members = append(all.members, m.of.members...)
			all.matched = all.matched && m.of.matched
		case !slices.Contains(all.members, m):
			all.members = append(all.members, m)
		}
	}
	bounds, ok := all.divide(p.opts.Partitions)
	if !ok {
		return false
	}
	for _, m := range all.members {
		m.of = all
		m.apply(bounds)
	}
	return true
}

func (m *member) typ() column.Type { return m.scan.Schema[m.scan.Columns[m.column]].Type }

// apply gives the scan's tasks their ranges.
func (m *member) apply(bounds []int64) {
	r := &plan.KeyRange{Column: m.column, Parts: m.parts(bounds)}
	for _, b := range bounds {
		r.Bounds = append(r.Bounds, column.IntValue(m.typ(), b))
	}
	m.scan.Range = r
	for i, s := range m.splits {
		m.scan.Splits[i] = s.split
	}
}

// formatBounds asks the table's format for the bounds of a column in splits of its files.
func formatBounds(ctx context.Context, table catalog.Table, splits []plan.Split, field column.Field) ([]plan.ColumnStatistics, error) {
	source := table.Source()
	f, err := format.Lookup(source.Format)
	if err != nil {
		return nil, err
	}
	b, ok := f.(storage.Bounder)
	if !ok {
		return nil, nil
	}
	var out []plan.ColumnStatistics
	for len(splits) > 0 {
		url := splits[0].File.URL
		n := 1
		for n < len(splits) && splits[n].File.URL == url {
			n++
		}
		store, err := objectstore.For(url)
		if err != nil {
			return nil, err
		}
		some, err := b.Bounds(ctx, store, splits[:n], field, source.Options)
		if err != nil || some == nil {
			return nil, err
		}
		out, splits = append(out, some...), splits[n:]
	}
	return out, nil
}
