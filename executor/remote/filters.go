package remote

import (
	"encoding/binary"
	"math/bits"
	"sync"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/kernels/hash"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/simd"
)

const (
	// keyBits is the number of bits of a stage's filter for each expected key. Estimates are often too low by far, and a filter that proves too large is
	// folded.
	keyBits = 128
	// leastBloom and maxBloom bound a filter, in words: each task sends one to the scheduler, at most 1 MiB, which is what half a million keys take. Those of all tasks of a
	// stage have at most allBlooms, unless a share is less than leastMany.
	leastBloom = 1 << 10
	maxBloom   = 1 << 20 / 8
	leastMany  = 256 << 10 / 8
	allBlooms  = 64 << 20 / 8
	// fullest is the share of a filter's bits that may be set: when more are, nearly every value passes, and it is not worth sending. Where all tasks together are
	// expected to set fewer than emptiest, it is folded to half its size. With four bits a key within one word of 64, about one value in a hundred passes that is not
	// there at emptiest.
	fullest  = 0.5
	emptiest = 0.1
)

// filters are those that the scans of a job use, by number.
type filters struct {
	mu  sync.Mutex
	all map[int]*keyFilter
}

// add takes a filter from the scheduler. One that cannot be read is not there: filters may be ignored.
func (f *filters) add(m *controlv1.KeyFilter) {
	k := &keyFilter{any: m.GetAny()}
	k.hashers.New = func() any { return hash.NewWidener() }
	if b := m.GetBloom(); len(b) > 0 {
		words := len(b) / 8
		if words*8 != len(b) || words&(words-1) != 0 {
			return
		}
		k.bloom = make([]uint64, words)
		for i := range k.bloom {
			k.bloom[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
		k.shift = shiftOf(words)
	}
	if len(m.GetLeast()) > 0 && len(m.GetGreatest()) > 0 {
		least, err := plan.UnmarshalValue(m.GetLeast())
		greatest, gerr := plan.UnmarshalValue(m.GetGreatest())
		if err == nil && gerr == nil {
			k.least, k.greatest = &least, &greatest
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[int]*keyFilter{}
	}
	f.all[int(m.GetFilter())] = k
}

// use makes the filters known to a task whose scans use them.
func (f *filters) use(t *executor.Task, s *plan.Stage) {
	plan.Walk(s.Root, func(n plan.Node) {
		scan, ok := n.(*plan.Scan)
		if !ok {
			return
		}
		for _, use := range scan.Runtime {
			f.mu.Lock()
			k := f.all[use.Filter]
			f.mu.Unlock()
			if k != nil {
				t.SetRuntimeFilter(use.Filter, k)
			}
		}
	})
}

// shiftOf is how far a hash is shifted to give its word of a filter.
func shiftOf(words int) uint { return uint(64 - bits.Len(uint(words)) + 1) }

// keyFilter is what is known of the keys that another stage has found; executor.RuntimeFilter.
type keyFilter struct {
	any             bool
	bloom           []uint64 // nil: every key may be there
	shift           uint
	least, greatest *column.Value
	hashers         sync.Pool // of *hash.Hasher
}

// Bounds are the least and the greatest key.
func (k *keyFilter) Bounds() (least, greatest *column.Value) { return k.least, k.greatest }

// Apply leaves the rows whose value may be a key. NULL is none.
func (k *keyFilter) Apply(v *column.Vector, b *column.Batch, sel []uint32) ([]uint32, error) {
	n := b.Rows()
	if cap(sel) < n {
		sel = make([]uint32, n)
	}
	sel = sel[:n]
	if !k.any {
		return sel[:0], nil
	}
	if k.bloom == nil {
		for i := range sel {
			sel[i] = uint32(b.Row(i))
		}
	} else {
		h := k.hashers.Get().(*hash.Hasher)
		sel = sel[:simd.SelectBloom(sel, h.Words(0, v, b.Sel, n), b.Sel, k.bloom, k.shift)]
		k.hashers.Put(h)
	}
	if v.Valid == nil && v.Type.Kind != column.Null {
		return sel, nil
	}
	m := 0
	for _, r := range sel {
		if !v.IsNull(int(r)) {
			sel[m] = r
			m++
		}
	}
	return sel[:m], nil
}

// filtering is a task's output that notes the values of the columns that the stage makes filters of.
type filtering struct {
	executor.Breaker
	defs  []plan.StageFilter
	tasks int // of the stage

	mu    sync.Mutex
	found []*keys // by definition; those of workers that have ended, together
	types []column.Type
}

// keys are the values of one column.
type keys struct {
	any             bool
	bloom           []uint64
	shift           uint
	flip            uint64
	ordered         bool
	least, greatest uint64 // flipped words
}

func newFiltering(out executor.Breaker, s *plan.Stage) (*filtering, error) {
	f := &filtering{Breaker: out, defs: s.Filters, tasks: s.Tasks}
	for _, d := range s.Filters {
		t := s.Root.Fields()[d.Column].Type
		if _, err := hash.NewHasher([]column.Type{t}); err != nil {
			return nil, err
		}
		f.types = append(f.types, t)
		f.found = append(f.found, newKeys(d, t, f.tasks))
	}
	return f, nil
}

func newKeys(d plan.StageFilter, t column.Type, tasks int) *keys {
	words, most := leastBloom, maxBloom
	for most > leastMany && most*tasks > allBlooms {
		most /= 2
	}
	for words < most && int64(words)*64 < keyBits*d.Keys {
		words *= 2
	}
	k := &keys{bloom: make([]uint64, words), shift: shiftOf(words), least: ^uint64(0)}
	switch t.Physical() {
	case column.PhysUint64:
		k.ordered = true
	case column.PhysInt8, column.PhysInt16, column.PhysInt32, column.PhysInt64, column.PhysUint8, column.PhysUint16, column.PhysUint32:
		k.ordered, k.flip = true, 1<<63
	}
	return k
}

// Worker makes a worker's end.
func (f *filtering) Worker(w *executor.Worker) (executor.Sink, error) {
	s, err := f.Breaker.Worker(w)
	if err != nil || len(f.defs) == 0 {
		return s, err
	}
	out := &filteringSink{Sink: s, of: f, hasher: hash.NewWidener()}
	for i, d := range f.defs {
		out.keys = append(out.keys, newKeys(d, f.types[i], f.tasks))
	}
	return out, nil
}

type filteringSink struct {
	executor.Sink
	of     *filtering
	hasher *hash.Hasher
	keys   []*keys
}

func (s *filteringSink) Push(b *column.Batch) error {
	n := b.Rows()
	for i, d := range s.of.defs {
		v, k := b.Cols[d.Column], s.keys[i]
		for at, word := range s.hasher.Words(0, v, b.Sel, n) {
			if v.IsNull(b.Row(at)) {
				continue
			}
			k.any = true
			k.least, k.greatest = min(k.least, word^k.flip), max(k.greatest, word^k.flip)
			x := hash.Mix(word)
			k.bloom[x>>k.shift] |= simd.BloomBits(x) // a shift by 64 gives 0
		}
	}
	return s.Sink.Push(b)
}

func (s *filteringSink) Finish() error {
	s.of.mu.Lock()
	for i, k := range s.keys {
		all := s.of.found[i]
		all.any = all.any || k.any
		all.least, all.greatest = min(all.least, k.least), max(all.greatest, k.greatest)
		for w := range all.bloom {
			all.bloom[w] |= k.bloom[w]
		}
	}
	s.of.mu.Unlock()
	return s.Sink.Finish()
}

// messages are the filters of a task that has ended.
func (f *filtering) messages() (out []*controlv1.KeyFilter) {
	for i, d := range f.defs {
		k := f.found[i]
		m := &controlv1.KeyFilter{Filter: uint32(d.Filter), Any: k.any}
		if bloom := fold(k.bloom, emptiest/float64(max(f.tasks, 1))); k.any && fill(bloom) <= fullest {
			for _, w := range bloom {
				m.Bloom = binary.LittleEndian.AppendUint64(m.Bloom, w)
			}
		}
		if k.any && k.ordered {
			least, lerr := plan.MarshalValue(f.value(i, k.least^k.flip))
			greatest, gerr := plan.MarshalValue(f.value(i, k.greatest^k.flip))
			if lerr == nil && gerr == nil {
				m.Least, m.Greatest = least, greatest
			}
		}
		out = append(out, m)
	}
	return out
}

// fill is the share of a filter's bits that are set.
func fill(bloom []uint64) float64 {
	set := 0
	for _, w := range bloom {
		set += bits.OnesCount64(w)
	}
	return float64(set) / float64(64*len(bloom))
}

// fold makes a filter of which less than a share is set as small as its keys allow: the word of a hash is given by its first bits, so two neighbouring words become one.
func fold(bloom []uint64, least float64) []uint64 {
	for len(bloom) > 1 && fill(bloom) < least {
		for i := range len(bloom) / 2 {
			bloom[i] = bloom[2*i] | bloom[2*i+1]
		}
		bloom = bloom[:len(bloom)/2]
	}
	return bloom
}

// value is the integer of a word.
func (f *filtering) value(i int, word uint64) column.Value {
	v := column.IntValue(f.types[i], int64(word))
	if f.types[i].Physical() == column.PhysUint64 {
		v.Int.Hi = 0
	}
	return v
}
