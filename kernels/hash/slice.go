package hash

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// onHeapBytes is up to where a Slice lies on the Go heap: a mapped chunk for each array of a small table would cost more than it counts.
const onHeapBytes = 8 << 10

// hugeBytes is the size from which on an array asks for huge pages. Such arrays have a mapping of their own, so the advice touches nothing else.
const hugeBytes = 4 << 20

// Slice is a growing array of values without pointers, charged to a budget once it is larger than a few kilobytes. The zero value with a Budget
// is empty and ready.
type Slice[T any] struct {
	Budget *mem.Budget
	S      []T
	arena  *mem.Arena // holds S when it is not on the Go heap
}

// Resize sets the length to n, which may only grow it; new elements are zero. Growth is by doubling and moves S.
func (s *Slice[T]) Resize(n int) error {
	old := len(s.S)
	if n <= cap(s.S) {
		s.S = s.S[:n]
		clear(s.S[old:])
		return nil
	}
	return s.move(max(n, 2*cap(s.S)), n)
}

// Reset makes S an array of n zero elements, without keeping the old ones or room to grow.
func (s *Slice[T]) Reset(n int) error {
	s.Free()
	next, arena, err := allocate[T](s.Budget, n)
	if err != nil {
		return err
	}
	clear(next)
	s.S, s.arena = next, arena
	return nil
}

func (s *Slice[T]) move(room, n int) error {
	next, arena, err := allocate[T](s.Budget, room)
	if err != nil {
		return err
	}
	copy(next, s.S)
	clear(next[len(s.S):n])
	s.Free()
	s.S, s.arena = next[:n], arena
	return nil
}

// allocate makes an array of n elements of undefined content, on the Go heap or in an arena of its own.
func allocate[T any](b *mem.Budget, n int) ([]T, *mem.Arena, error) {
	var zero T
	size := n * int(unsafe.Sizeof(zero))
	if size <= onHeapBytes {
		return make([]T, n), nil, nil
	}
	arena := mem.NewArena(b)
	p, err := arena.Alloc(size)
	if err != nil {
		return nil, nil, err
	}
	if size >= hugeBytes {
		// Only advice, given before the first touch: without it a table of this size spends as much time on page faults as on rows, and then on translating addresses.
		_ = unix.Madvise(p, unix.MADV_HUGEPAGE)
	}
	return column.SliceOf[T](p), arena, nil
}

// Reserve makes room for n more elements, so that appending that many to S moves nothing.
func (s *Slice[T]) Reserve(n int) error {
	if need := len(s.S) + n; need > cap(s.S) {
		return s.move(max(need, 2*cap(s.S)), len(s.S))
	}
	return nil
}

// Append adds v.
func (s *Slice[T]) Append(v T) error {
	if len(s.S) == cap(s.S) {
		if err := s.move(max(16, 2*cap(s.S)), len(s.S)); err != nil {
			return err
		}
	}
	s.S = append(s.S, v)
	return nil
}

// Size is the number of bytes held.
func (s *Slice[T]) Size() int64 {
	var zero T
	return int64(cap(s.S)) * int64(unsafe.Sizeof(zero))
}

// Free gives the memory back; the slice is empty then.
func (s *Slice[T]) Free() {
	if s.arena != nil {
		s.arena.Free()
	}
	s.S, s.arena = nil, nil
}

// stringBlock is the number of bytes taken from the arena at once for short strings.
const stringBlock = 32 << 10

// Strings keeps copies of strings, packed without alignment, in an arena of its own.
type Strings struct {
	arena *mem.Arena
	block []byte
}

// NewStrings makes an empty store charged to b. Its allocations are urgent (see mem.Arena): what they pass is told by Pressed.
func NewStrings(b *mem.Budget) *Strings {
	s := &Strings{arena: mem.NewArena(b)}
	s.arena.Urgent(true)
	return s
}

// Pressed returns, once, the refusal of memory that a string did not heed.
func (s *Strings) Pressed() error { return s.arena.Pressed() }

// Copy is v with its bytes in the store.
func (s *Strings) Copy(v *column.View) (column.View, error) {
	if v.Len <= column.InlineLen {
		return *v, nil
	}
	p, err := s.Alloc(int(v.Len))
	if err != nil {
		return column.View{}, err
	}
	copy(p, v.Bytes())
	return column.MakeView(p), nil
}

// Alloc is room for n bytes, not aligned.
func (s *Strings) Alloc(n int) ([]byte, error) {
	if n > len(s.block) {
		if n > stringBlock/4 {
			return s.arena.Alloc(n)
		}
		p, err := s.arena.Alloc(stringBlock)
		if err != nil {
			return nil, err
		}
		s.block = p
	}
	p := s.block[:n:n]
	s.block = s.block[n:]
	return p, nil
}

// Free gives the memory back.
func (s *Strings) Free() {
	s.arena.Free()
	s.block = nil
}
