package ops

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
)

// state is one thing that is kept for each group: words that a row is added to.
type state struct {
	kind    uint8 // opcode.MergeCount and so on
	arg     *node // nil: every row
	filter  *node // rows where it is true; nil: all
	shape   shape
	word    int  // its first word
	certain bool // a count that equals the number of rows when no column has a NULL
}

// shape is how a value becomes a word whose greatest is kept.
type shape uint8

const (
	plain shape = iota
	greatestInt
	leastInt
	greatestFloat
	leastFloat
)

// result is how the host reads one aggregate's partial state.
type result struct {
	agg   kernels.Aggregate
	value int // state's first word, -1: none
	words int
	shape shape
	count int // word of the number of values
	rows  int // dirty >= 0: words to add to it, and to subtract
	dirty int
}

// states are all of a grouping's.
type states struct {
	list    []*state
	results []result
	words   int
	rows    int // word that counts every row
	dirty   int // word that counts the rows of chunks with NULL, -1: not needed
}

var mergeWords = [...]int{opcode.MergeCount: 1, opcode.MergeSum2: 2, opcode.MergeSum3: 3, opcode.MergeFsum: 1, opcode.MergeMax: 1}

// newStates lays out the states of aggregates whose arguments are columns.
func newStates(aggs []kernels.Aggregate, columns []*node) (*states, error) {
	s := &states{dirty: -1}
	s.rows = s.add(state{kind: opcode.MergeCount}).word
	for _, a := range aggs {
		if err := s.aggregate(a, columns); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// add finds an equal state or makes one.
func (s *states) add(x state) *state {
	for _, old := range s.list {
		if old.kind == x.kind && old.arg == x.arg && old.filter == x.filter && old.shape == x.shape {
			return old
		}
	}
	x.word = s.words
	s.words += mergeWords[x.kind]
	s.list = append(s.list, &x)
	return &x
}

func (s *states) aggregate(a kernels.Aggregate, columns []*node) error {
	if a.Distinct {
		return kernels.Unsupportedf("%s(distinct …) has no kernel", a.Op)
	}
	r := result{agg: a, value: -1, rows: s.rows, dirty: -1}
	var filter *node
	if a.Filter >= 0 {
		filter = columns[a.Filter]
	}
	if a.Op == kernels.AggCountStar {
		r.count = s.add(state{kind: opcode.MergeCount, filter: filter}).word
		s.results = append(s.results, r)
		return nil
	}
	if len(a.Args) != 1 {
		return kernels.Unsupportedf("aggregate %s has no kernel", a.Op)
	}
	arg := columns[a.Args[0]]
	c := classOf(arg.typ)
	if c == classNone && a.Op != kernels.AggCount {
		return kernels.Unsupportedf("%s of type %s has no kernel", a.Op, arg.typ)
	}
	kind := opcode.MergeMax
	switch a.Op {
	case kernels.AggCount:
		kind = opcode.MergeCount
	case kernels.AggSum, kernels.AggAvg:
		switch {
		case c == classFloat:
			kind = opcode.MergeFsum
		case c == classWide && arg.typ.Kind == column.Decimal:
			kind = opcode.MergeSum3
		case c == classWord && (arg.typ.Kind.IsInteger() || arg.typ.Kind == column.Decimal):
			kind = opcode.MergeSum2
		default:
			return kernels.Unsupportedf("%s of type %s has no kernel", a.Op, arg.typ)
		}
	case kernels.AggMin, kernels.AggMax, kernels.AggBoolAnd, kernels.AggBoolOr:
		least := a.Op == kernels.AggMin || a.Op == kernels.AggBoolAnd
		switch {
		case c == classWide:
			return kernels.Unsupportedf("%s of type %s has no kernel", a.Op, arg.typ)
		case c == classFloat && least:
			r.shape = leastFloat
		case c == classFloat:
			r.shape = greatestFloat
		case least:
			r.shape = leastInt
		default:
			r.shape = greatestInt
		}
	default:
		return kernels.Unsupportedf("aggregate %s has no kernel", a.Op)
	}
	if len(agg.PartialTypes(a)) == 0 {
		return kernels.Unsupportedf("aggregate %s has no partial state", a.Op)
	}
	count := s.add(state{kind: opcode.MergeCount, arg: arg, filter: filter, certain: filter == nil && !arg.mayNull})
	r.count = count.word
	if count.certain {
		if s.dirty < 0 {
			// A state of its own: what is counted for chunks with NULL and what all other rows are, which need not be counted again.
			s.dirty = s.words
			s.words++
		}
		r.dirty = s.dirty
	}
	if kind != opcode.MergeCount {
		st := s.add(state{kind: kind, arg: arg, filter: filter, shape: r.shape})
		r.value, r.words = st.word, mergeWords[kind]
	}
	s.results = append(s.results, r)
	return nil
}

// kinds is how each word is merged.
func (s *states) kinds() []byte {
	out := make([]byte, s.words)
	for _, st := range s.list {
		out[st.word] = st.kind
	}
	if s.dirty >= 0 {
		out[s.dirty] = opcode.MergeCount
	}
	return out
}
