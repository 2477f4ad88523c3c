package parquet

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// pool hands out buffers off the Go heap and takes them back, so that a reader's memory is what its largest pages need, not what it read.
type pool struct {
	arena *mem.Arena
	free  [48][][]byte // by the power of two of their size
}

// slack is the number of readable bytes behind each buffer, so that values are read in whole words up to the end.
const slack = 64

// minBuffer is the smallest size of buffers, 4 KB as a power of two.
const minBuffer = 12

func (p *pool) get(n int) ([]byte, error) {
	class := max(bits.Len(uint(n+slack-1)), minBuffer)
	if l := p.free[class]; len(l) > 0 {
		b := l[len(l)-1]
		p.free[class] = l[:len(l)-1]
		return b[:n], nil
	}
	b, err := p.arena.Alloc(1 << class)
	if err != nil {
		if _, ok := fault.As(err); !ok {
			err = fault.Wrap(fault.OutOfMemory, err, "cannot read a page")
		}
		return nil, err
	}
	return b[:n], nil
}

func (p *pool) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	if mem.Poison {
		b = b[:cap(b)]
		for i := range b {
			b[i] = 0xDB
		}
	}
	class := bits.Len(uint(cap(b))) - 1
	p.free[class] = append(p.free[class], b)
}
