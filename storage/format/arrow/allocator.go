package arrow

import (
	"fmt"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column/mem"
)

// maxUnbudgeted is what the library may take at once when there is no budget, as while a schema is read: schemas are small.
const maxUnbudgeted = 64 << 20

// allocator is what the library takes memory from. The sizes that it asks for stand in the file, so that a damaged one may ask for any; what the budget
// refuses is a panic with the refusal, which recovered turns back into the error, since the library's interface has none.
type allocator struct {
	memory.Allocator
	budget *mem.Budget
	taken  atomic.Int64 // from the budget
	closed bool
}

func newAllocator(b *mem.Budget) *allocator {
	return &allocator{Allocator: memory.NewGoAllocator(), budget: b}
}

func (a *allocator) take(n int) {
	if a.budget == nil && n > maxUnbudgeted {
		panic(fmt.Errorf("the file asks for a buffer of %d bytes", n))
	}
	if err := a.budget.Reserve(int64(n)); err != nil {
		panic(err)
	}
	a.taken.Add(int64(n))
}

func (a *allocator) give(n int) {
	if !a.closed {
		a.taken.Add(int64(-n))
		a.budget.Release(int64(n))
	}
}

// close gives back what the library has not, as when it panicked amid a record batch. Nothing that it returned is used any longer.
func (a *allocator) close() {
	a.closed = true
	a.budget.Release(a.taken.Swap(0))
}

func (a *allocator) Allocate(size int) []byte {
	if size < 0 {
		panic(fmt.Errorf("the file asks for a buffer of %d bytes", size))
	}
	a.take(size)
	p := a.Allocator.Allocate(size)
	a.give(size - cap(p))
	return p
}

func (a *allocator) Reallocate(size int, p []byte) []byte {
	if size <= cap(p) {
		return p[:size]
	}
	q := a.Allocate(size)
	copy(q, p)
	a.Free(p)
	return q
}

func (a *allocator) Free(p []byte) { a.give(cap(p)) }
