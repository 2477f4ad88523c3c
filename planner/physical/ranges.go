package physical

import (
	"cmp"
	"math"
	"slices"

	"github.com/polybolos-db/polybolos/plan"
)

// A task has several ranges, which lie apart from each other: work is often found close together among the keys, as the orders of one month are.
const rangesPerTask = 8

const (
	// mostRead is how much the tasks may read together, as a share of what there is: a split that is in several ranges is read by several tasks. Of such a split
	// a task decodes the pages of its ranges, and of the others at most the key, where an exchange would send every row. Where one range for each task keeps to it,
	// several for each have to keep to mostSpread.
	mostRead   = 1.5
	mostSpread = 1.2
	// mostUneven is how much one task may have to do, as a share of the mean.
	mostUneven = 1.5
	// snap is how far a bound may be from where it would divide the bytes evenly, as a share of a range's bytes, to fall between splits.
	snap = 1.0 / 8
)

func (m *member) sort() {
	slices.SortStableFunc(m.splits, func(a, b keySplit) int {
		return cmp.Or(cmp.Compare(a.least, b.least), cmp.Compare(a.greatest, b.greatest))
	})
}

// parts are the splits of each range: from the first that reaches into it to the last that begins before its end.
func (m *member) parts(bounds []int64) []plan.SplitRange {
	out := make([]plan.SplitRange, len(bounds)+1)
	greatest := make([]int64, len(m.splits)) // of a split and all before it
	for i, s := range m.splits {
		greatest[i] = s.greatest
		if i > 0 {
			greatest[i] = max(s.greatest, greatest[i-1])
		}
	}
	for r := range out {
		from, to := 0, len(m.splits)
		if r > 0 {
			from, _ = slices.BinarySearch(greatest, bounds[r-1])
		}
		if r < len(bounds) {
			to, _ = slices.BinarySearchFunc(m.splits, bounds[r], func(s keySplit, b int64) int { return cmp.Compare(s.least, b) })
		}
		out[r] = plan.SplitRange{From: min(from, to), To: to}
	}
	return out
}

// divide finds the bounds of ranges, some for each task, such that all have about as many bytes and few splits are in several; false when that cannot be had.
func (c *colocation) divide(tasks int) ([]int64, bool) {
	least, greatest := c.domain()
	if least > greatest {
		return nil, false
	}
	points := c.points(least, greatest)
	if tasks == 1 {
		return nil, true
	}
	for each := rangesPerTask; each > 0; each /= 2 {
		bounds := cuts(points, tasks*each)
		most := mostSpread
		if each == 1 {
			most = mostRead
		}
		if c.read(bounds) <= most && uneven(points, bounds, tasks) <= mostUneven {
			return bounds, true
		}
	}
	return nil, false
}

// cuts are the bounds of so many ranges.
func cuts(points []point, ranges int) []int64 {
	total := points[len(points)-1].before
	bounds := make([]int64, 0, ranges-1)
	for r := 1; r < ranges; r++ {
		b := cutAt(points, total*float64(r)/float64(ranges), snap*total/float64(ranges))
		if n := len(bounds); n > 0 {
			b = max(b, bounds[n-1])
		}
		bounds = append(bounds, b)
	}
	return bounds
}

// domain is from which value to which there is work.
func (c *colocation) domain() (least, greatest int64) {
	for i, m := range c.members {
		lo, hi := m.splits[0].least, m.splits[0].greatest
		for _, s := range m.splits {
			hi = max(hi, s.greatest)
		}
		switch {
		case i == 0:
			least, greatest = lo, hi
		case c.matched:
			least, greatest = max(least, lo), min(greatest, hi)
		default:
			least, greatest = min(least, lo), max(greatest, hi)
		}
	}
	return least, greatest
}

// point is a value at which a split begins or ends.
type point struct {
	at       int64
	before   float64 // bytes of rows with smaller values, as far as splits have their values evenly
	slope    float64 // bytes for each value from here to the next point
	straddle float64 // bytes of splits that have smaller values as well as this one or greater ones
}

// points are the beginnings and ends of all splits within the domain, in order; the last is behind all values.
func (c *colocation) points(least, greatest int64) []point {
	type event struct {
		at              int64
		slope, straddle float64
	}
	var events []event
	for _, m := range c.members {
		for _, s := range m.splits {
			lo, hi := max(s.least, least), min(s.greatest, greatest)
			if lo > hi {
				continue
			}
			end := hi
			if hi < math.MaxInt64 {
				end++
			}
			share := (float64(hi) - float64(lo) + 1) / (float64(s.greatest) - float64(s.least) + 1)
			slope := s.bytes * share / max(float64(end)-float64(lo), 1)
			// A bound at the least value leaves the split whole.
			events = append(events, event{at: lo, slope: slope}, event{at: end, slope: -slope})
			if lo < hi {
				events = append(events, event{at: lo + 1, straddle: s.bytes}, event{at: end, straddle: -s.bytes})
			}
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	var out []point
	var now point
	for i, e := range events {
		if i == 0 {
			now.at = e.at
		}
		if e.at > now.at {
			out = append(out, now)
			now.before += now.slope * (float64(e.at) - float64(now.at))
			now.at = e.at
		}
		now.slope += e.slope
		now.straddle += e.straddle
	}
	return append(out, now)
}

// cutAt is the value up to which there are about that many bytes: within the tolerance one that divides few splits.
func cutAt(points []point, target, tolerance float64) int64 {
	i, _ := slices.BinarySearchFunc(points, target, func(p point, t float64) int { return cmp.Compare(p.before, t) })
	i = max(i-1, 0)
	best := points[i]
	if best.slope > 0 {
		best.at += int64((target - best.before) / best.slope)
	}
	better := func(p point) bool {
		if math.Abs(p.before-target) > tolerance {
			return false
		}
		if p.straddle < best.straddle {
			best = p
		}
		return true
	}
	for k := i; k >= 0 && better(points[k]); k-- {
	}
	for k := i + 1; k < len(points) && better(points[k]); k++ {
	}
	return best.at
}

// uneven is how much the task with most to do has, as a share of the mean.
func uneven(points []point, bounds []int64, tasks int) float64 {
	total := points[len(points)-1].before
	work := make([]float64, tasks)
	begun := 0.0
	for r := range len(bounds) + 1 {
		end := total
		if r < len(bounds) {
			end = bytesBefore(points, bounds[r])
		}
		work[r%tasks] += end - begun
		begun = end
	}
	return slices.Max(work) * float64(tasks) / total
}

func bytesBefore(points []point, at int64) float64 {
	i, found := slices.BinarySearchFunc(points, at, func(p point, at int64) int { return cmp.Compare(p.at, at) })
	switch {
	case found:
		return points[i].before
	case i == 0:
		return 0
	}
	p := points[i-1]
	return p.before + p.slope*(float64(at)-float64(p.at))
}

// read is how much the tasks read together, as a share of what there is.
func (c *colocation) read(bounds []int64) float64 {
	var all, read float64
	for _, m := range c.members {
		sums := make([]float64, len(m.splits)+1)
		for i, s := range m.splits {
			sums[i+1] = sums[i] + s.bytes
		}
		all += sums[len(m.splits)]
		for _, p := range m.parts(bounds) {
			read += sums[p.To] - sums[p.From]
		}
	}
	return read / all
}
