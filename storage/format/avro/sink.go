package avro

import (
	"errors"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// sink is a vector being filled, value by value.
type sink struct {
	typ      column.Type
	arena    *mem.Arena
	n, size  int // rows, and how many there is room for
	data     []byte
	valid    column.Bitmap
	nulls    bool
	children []*sink
}

func newSink(a *mem.Arena, t column.Type) *sink {
	s := &sink{typ: t, arena: a}
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			s.children = append(s.children, newSink(a, f.Type))
		}
	}
	return s
}

// reset forgets the rows; the arena was reset.
func (s *sink) reset() {
	s.n, s.size, s.data, s.valid, s.nulls = 0, 0, nil, nil, false
	for _, c := range s.children {
		c.reset()
	}
}

var errElements = errors.New("a batch has more than 4 billion elements in lists")

// add makes room for one more row and gives its position.
func (s *sink) add() (int, error) {
	if s.n == s.size {
		if err := s.grow(max(column.BatchRows, 2*s.size)); err != nil {
			return 0, err
		}
	}
	s.n++
	return s.n - 1, nil
}

func (s *sink) grow(size int) error {
	if uint64(size) > 1<<32-1 {
		return errElements
	}
	data, err := s.arena.AllocZero(size * s.typ.Width())
	if err != nil {
		return err
	}
	valid, err := column.AllocBitmap(s.arena, size)
	if err != nil {
		return err
	}
	copy(data, s.data)
	if s.nulls {
		words := s.n / 64
		copy(valid, s.valid[:words])
		for i := words * 64; i < s.n; i++ {
			if !s.valid.Get(i) {
				valid.Clear(i)
			}
		}
	}
	s.data, s.valid, s.size = data, valid, size
	return nil
}

// null adds a NULL.
func (s *sink) null() error {
	i, err := s.add()
	if err != nil {
		return err
	}
	s.valid.Clear(i)
	s.nulls = true
	if s.typ.Kind == column.Struct {
		for _, c := range s.children {
			if err := c.null(); err != nil {
				return err
			}
		}
	}
	return nil
}

// vector is what the sink holds.
func (s *sink) vector() *column.Vector {
	v := &column.Vector{Type: s.typ, Form: column.Flat, Len: s.n, Data: s.data[:s.n*s.typ.Width()]}
	if s.nulls {
		v.Valid = s.valid
	}
	for _, c := range s.children {
		v.Children = append(v.Children, c.vector())
	}
	return v
}

func at[T any](s *sink, i int) *T {
	v := column.Vector{Data: s.data}
	return &column.Values[T](&v)[i]
}
