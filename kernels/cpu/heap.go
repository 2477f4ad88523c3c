package cpu

import "github.com/polybolos-db/polybolos/column/mem"

// heapChunk is the size in bytes of a heap's chunks; longer strings get one of their own size.
const heapChunk = 64 << 10

// heap hands out memory for strings from chunks of an arena and starts over at reset without giving the chunks back.
type heap struct {
	arena  *mem.Arena
	chunks [][]byte
	cur    int
	off    int
}

// Alloc returns n bytes that live until the next reset.
func (h *heap) Alloc(n int) ([]byte, error) {
	for ; h.cur < len(h.chunks); h.cur, h.off = h.cur+1, 0 {
		if c := h.chunks[h.cur]; h.off+n <= len(c) {
			p := c[h.off : h.off+n : h.off+n]
			h.off += n
			return p, nil
		}
	}
	c, err := h.arena.Alloc(max(n, heapChunk))
	if err != nil {
		return nil, err
	}
	h.chunks = append(h.chunks, c)
	h.cur, h.off = len(h.chunks)-1, n
	return c[:n:n], nil
}

func (h *heap) reset() { h.cur, h.off = 0, 0 }

// selections lends buffers for selections during one call; all are free again at the next.
type selections struct {
	bufs [][]uint32
	used int
}

func (s *selections) reset() { s.used = 0 }

// mark and release free what was lent in between.
func (s *selections) mark() int     { return s.used }
func (s *selections) release(m int) { s.used = m }

// get lends an empty buffer with room for n rows.
func (s *selections) get(n int) []uint32 {
	if s.used == len(s.bufs) {
		s.bufs = append(s.bufs, nil)
	}
	if cap(s.bufs[s.used]) < n {
		s.bufs[s.used] = make([]uint32, 0, max(n, 4096))
	}
	b := s.bufs[s.used][:0]
	s.used++
	return b
}
