package estimate

import (
	"maps"
	"math"

	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// Join estimates a join of two inputs on conds. n, which may be nil, gives the output's shape (a Mark's column).
func Join(kind logical.JoinKind, conds []expr.Expr, l, r *Stats, n *logical.Join) *Stats {
	both := &Stats{Rows: l.Rows * r.Rows, Cols: maps.Clone(l.Cols)}
	if both.Cols == nil {
		both.Cols = map[expr.ColumnID]Column{}
	}
	maps.Copy(both.Cols, r.Cols)
	share, pairs, rest := keys(conds, l, r, both)
	inner := both.Rows * share * rest
	switch kind {
	case logical.Inner:
		both.Rows = inner
	case logical.Left, logical.Single:
		both.Rows = math.Max(inner, l.Rows)
		if kind == logical.Single {
			both.Rows = l.Rows
		}
	case logical.Right:
		both.Rows = math.Max(inner, r.Rows)
	case logical.Full:
		both.Rows = math.Max(inner, l.Rows+r.Rows-math.Min(l.Rows, r.Rows))
	case logical.Semi, logical.Anti, logical.NullAwareAnti:
		match := matches(pairs, r) * math.Min(1, 0.3+0.7*rest)
		if kind != logical.Semi {
			match = math.Max(0.1, 1-match)
		}
		return &Stats{Rows: l.Rows * math.Max(match, 0.0001), Cols: l.Cols}
	case logical.Mark:
		s := &Stats{Rows: l.Rows, Cols: maps.Clone(l.Cols)}
		if n != nil && s.Cols != nil {
			s.Cols[n.Mark.ID] = Column{Distinct: 2, Base: l.Rows, Min: math.NaN(), Max: math.NaN()}
		}
		return s
	}
	return both
}

// keyPair is an equality between a column (or expression) of each side.
type keyPair struct{ l, r Column }

// keys splits conds into equalities between the sides, whose joint selectivity is share, and the rest's.
func keys(conds []expr.Expr, l, r, both *Stats) (share float64, pairs []keyPair, rest float64) {
	rest = 1
	type tables struct{ l, r logical.Node }
	type joint struct{ product, largest, limit float64 }
	groups := map[tables]*joint{}
	denominator := 1.0
	for _, c := range conds {
		p, ok := pair(c, l, r)
		if !ok {
			rest *= Selectivity(c, both)
			continue
		}
		pairs = append(pairs, p)
		d := matching(p)
		if p.l.Table == nil || p.r.Table == nil {
			denominator *= d
			continue
		}
		// The equalities between two tables together cannot tell apart more values than the smaller one has rows.
		t := tables{p.l.Table, p.r.Table}
		if g := groups[t]; g == nil {
			groups[t] = &joint{d, d, math.Max(1, math.Min(p.l.Base, p.r.Base))}
		} else {
			g.product, g.largest = g.product*d, math.Max(g.largest, d)
		}
	}
	for _, g := range groups {
		denominator *= math.Max(g.largest, math.Min(g.product, g.limit))
	}
	return 1 / math.Max(denominator, 1), pairs, rest
}

// matching is the number of values that an equality tells apart: the larger side's, but where both are but bounds by range and look like keys, the
// smaller side is taken for the key that the other refers to.
func matching(p keyPair) float64 {
	if p.l.Guess && p.r.Guess && p.l.Distinct > 0.9*p.l.Base && p.r.Distinct > 0.9*p.r.Base {
		return math.Max(1, math.Min(p.l.Distinct, p.r.Distinct))
	}
	return math.Max(1, math.Max(p.l.Distinct, p.r.Distinct))
}

func pair(c expr.Expr, l, r *Stats) (keyPair, bool) {
	cmp, ok := c.(*expr.Comparison)
	if !ok || cmp.Op != expr.Eq && cmp.Op != expr.IsNotDistinct {
		return keyPair{}, false
	}
	switch {
	case within(cmp.Left, l) && within(cmp.Right, r):
		return keyPair{of(cmp.Left, l), of(cmp.Right, r)}, true
	case within(cmp.Left, r) && within(cmp.Right, l):
		return keyPair{of(cmp.Right, l), of(cmp.Left, r)}, true
	}
	return keyPair{}, false
}

func within(e expr.Expr, s *Stats) bool {
	read, all := false, true
	expr.Columns(e, func(c *expr.Column) {
		_, ok := s.Cols[c.ID]
		read, all = true, all && ok
	})
	return read && all
}

// Share is the share of probe's rows whose value of probeKey is among build's values of buildKey.
func Share(probeKey, buildKey expr.Expr, probe, build *Stats) float64 {
	return matches([]keyPair{{of(probeKey, probe), of(buildKey, build)}}, build)
}

// matches is the share of the left rows that have a partner in r: the share of the values that are left in r.
func matches(pairs []keyPair, r *Stats) float64 {
	if len(pairs) == 0 {
		return 0.5
	}
	share := 1.0
	for _, p := range pairs {
		share = math.Min(share, p.r.left(r.Rows)/matching(p))
	}
	return math.Min(1, share)
}
