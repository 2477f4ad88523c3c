package jobs

import (
	"bytes"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

// KeyFilter is what is known of the values of a stage's column: which ones there may be.
type KeyFilter struct {
	Filter   int           // its number in the plan
	Any      bool          // there is a value
	Least    *column.Value // nil: unknown
	Greatest *column.Value
	Bloom    []byte // words of 64 bits, little endian, a power of two of them; nil: all values may be there
}

// MaxBloom bounds the bits of a filter, in bytes: every task of a stage sends them to the scheduler, which sends them to all executors of the job.
const MaxBloom = 1 << 20

// merge adds what another task of the stage has found.
func (f *KeyFilter) merge(o KeyFilter) {
	if !o.Any {
		return
	}
	if !f.Any {
		*f = o
		f.Bloom = bytes.Clone(o.Bloom)
		return
	}
	if len(f.Bloom) == 0 || len(o.Bloom) == 0 {
		f.Bloom, o.Bloom = nil, nil
	}
	size := max(len(f.Bloom), len(o.Bloom))
	f.Bloom = widen(f.Bloom, size)
	for i, b := range widen(o.Bloom, size) {
		f.Bloom[i] |= b
	}
	if f.Least == nil || o.Least == nil || f.Greatest == nil || o.Greatest == nil {
		f.Least, f.Greatest = nil, nil
		return
	}
	if o.Least.Int.Cmp(f.Least.Int) < 0 {
		f.Least = o.Least
	}
	if o.Greatest.Int.Cmp(f.Greatest.Int) > 0 {
		f.Greatest = o.Greatest
	}
}

// widen makes a filter larger without another value passing or failing: the word of a hash is given by its first bits, so each word becomes two.
func widen(bloom []byte, size int) []byte {
	for len(bloom) > 0 && len(bloom) < size {
		out := make([]byte, 0, 2*len(bloom))
		for i := 0; i < len(bloom); i += 8 {
			out = append(append(out, bloom[i:i+8]...), bloom[i:i+8]...)
		}
		bloom = out
	}
	return bloom
}

// gathered is a filter of which some tasks have told their part.
type gathered struct {
	filter KeyFilter
	from   map[int]bool // the tasks
	tasks  int
}

// gather takes the filters of a task of a stage. Parts of attempts that do not count are kept: they only let more values pass.
func (j *job) gather(stage *plan.Stage, task int, filters []KeyFilter) {
	for _, f := range filters {
		g := j.filters[f.Filter]
		if g == nil {
			g = &gathered{filter: KeyFilter{Filter: f.Filter}, from: map[int]bool{}, tasks: stage.Tasks}
			j.filters[f.Filter] = g
		}
		g.filter.merge(f)
		g.from[task] = true
	}
}

// filtersFor are the filters that the scans of a stage use and that are complete.
func (j *job) filtersFor(s *plan.Stage) (out []KeyFilter) {
	if len(j.filters) == 0 {
		return nil
	}
	walk(s, func(n plan.Node) {
		scan, ok := n.(*plan.Scan)
		if !ok {
			return
		}
		for _, use := range scan.Runtime {
			if g := j.filters[use.Filter]; g != nil && len(g.from) == g.tasks {
				out = append(out, g.filter)
			}
		}
	})
	return out
}
