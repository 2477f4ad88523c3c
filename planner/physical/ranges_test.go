package physical

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/plan"
)

// sorted makes a member of splits that have so many values each, of the given bytes.
func sorted(r *rand.Rand, splits int, values int64, overlap int64) *member {
	m := &member{}
	at := r.Int64N(100) - 50
	for range splits {
		m.splits = append(m.splits, keySplit{split: plan.Split{Start: at}, least: at, greatest: at + values - 1 + overlap, bytes: 500 + float64(r.IntN(1000))})
		at += values
	}
	r.Shuffle(splits, func(i, k int) { m.splits[i], m.splits[k] = m.splits[k], m.splits[i] })
	m.sort()
	return m
}

// TestPartsHaveWhatReachesIntoTheirRange compares the splits of ranges with what a look at each split says.
func TestPartsHaveWhatReachesIntoTheirRange(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		m := sorted(r, 1+r.IntN(30), 1+r.Int64N(20), r.Int64N(40))
		bounds := make([]int64, r.IntN(12))
		for i := range bounds {
			bounds[i] = r.Int64N(500) - 100
		}
		slices.Sort(bounds)
		for k, p := range m.parts(bounds) {
			least, most := int64(math.MinInt64), int64(math.MaxInt64)
			if k > 0 {
				least = bounds[k-1]
			}
			if k < len(bounds) {
				most = bounds[k] - 1
			}
			for i, s := range m.splits {
				if reaches := s.greatest >= least && s.least <= most && least <= most; reaches && (i < p.From || i >= p.To) {
					t.Fatalf("seed %d: split %d of %d to %d is not in %+v, of %d to %d", seed, i, s.least, s.greatest, p, least, most)
				}
			}
			if p.To > p.From && (m.splits[p.From].greatest < least || m.splits[p.To-1].least > most) {
				t.Fatalf("seed %d: %+v begins or ends with a split outside of %d to %d", seed, p, least, most)
			}
		}
	}
}

func TestRangesAreEvenAndCutBetweenSplits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	large, small := sorted(r, 400, 1000, 0), sorted(r, 100, 4000, 0)
	c := &colocation{members: []*member{large, small}}
	bounds, ok := c.divide(4)
	if !ok || len(bounds) != 31 || !slices.IsSorted(bounds) {
		t.Fatalf("bounds %v, %t", bounds, ok)
	}
	for _, m := range c.members {
		parts := m.parts(bounds)
		for k := 1; k < len(parts); k++ {
			if shared := parts[k-1].To - parts[k].From; shared > 1 {
				t.Errorf("ranges %d and %d share %d splits", k-1, k, shared)
			}
		}
	}
	if read := c.read(bounds); read > 1.1 {
		t.Errorf("tasks read %g times what there is", read)
	}
	points := c.points(c.domain())
	if u := uneven(points, bounds, 4); u > 1.1 {
		t.Errorf("one task has %g times the mean", u)
	}
	if total := points[len(points)-1].before; math.Abs(total-bytesOf(large)-bytesOf(small)) > 1 {
		t.Errorf("%g bytes of %g", total, bytesOf(large)+bytesOf(small))
	}
}

func bytesOf(m *member) (sum float64) {
	for _, s := range m.splits {
		sum += s.bytes
	}
	return sum
}

// TestRangesCoverWhatAllMembersHave looks at a join whose one side was pruned to a tenth of the keys: the work is there, and is divided there.
func TestRangesCoverWhatAllMembersHave(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 6))
	all, some := sorted(r, 400, 1000, 0), sorted(r, 400, 1000, 0)
	some.splits = some.splits[200:240]
	least, greatest := some.splits[0].least, some.splits[39].greatest
	for _, matched := range []bool{true, false} {
		bounds, ok := (&colocation{members: []*member{all, some}, matched: matched}).divide(2)
		if !ok {
			t.Fatalf("matched %t: not divided", matched)
		}
		inside := 0
		for _, b := range bounds {
			if b >= least && b <= greatest {
				inside++
			}
		}
		if inside == len(bounds) != matched {
			t.Errorf("matched %t: %d of %d bounds are within %d to %d", matched, inside, len(bounds), least, greatest)
		}
	}
}

func TestWhatIsNotDivided(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 6))
	for name, c := range map[string]struct {
		m     *member
		tasks int
	}{
		"every split has all":     {sorted(r, 50, 1, 1000), 4},
		"fewer splits than tasks": {sorted(r, 3, 100, 0), 8},
		"one key has most":        {&member{splits: []keySplit{{least: 1, greatest: 1, bytes: 1e6}, {least: 2, greatest: 2, bytes: 10}, {least: 3, greatest: 9, bytes: 10}}}, 4},
	} {
		if bounds, ok := (&colocation{members: []*member{c.m}}).divide(c.tasks); ok {
			t.Errorf("%s: bounds %v", name, bounds)
		}
	}
	extremes := &member{splits: []keySplit{{least: math.MinInt64, greatest: -5, bytes: 10}, {least: -4, greatest: math.MaxInt64, bytes: 10}}}
	if bounds, ok := (&colocation{members: []*member{extremes}}).divide(2); !ok || len(bounds) == 0 {
		t.Errorf("the greatest and the least values: %v %t", bounds, ok)
	}
}
