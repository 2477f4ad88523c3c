package kernels

import (
	"bytes"
	"errors"
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// roofline moves a traffic and does nothing else. In order, it goes block by block with the runtime's own vectorized loops: what is both read and
// written is copied, what is read beyond that is searched for a byte that is not there, what is written beyond it is cleared.
type roofline struct {
	traffic Traffic
	parts   [][]byte // what passes read, in turn
	next    int
	in, out []byte
	table   []uint64
	places  []uint32
	sum     uint64
}

// blockBytes is the step of a roofline: a column of a batch, so that reads and writes take turns as in kernels.
const blockBytes = 8 * column.BatchRows

// present fills the buffers, absent is a byte that they do not have.
const (
	present = 0x01
	absent  = 0xff
)

func fill(p []byte) {
	for i := range p {
		p[i] = present
	}
}

// maxPlaces bounds the list of random places; longer traffics go through it again.
const maxPlaces = 1 << 20

func newRoofline(a *mem.Arena, t Traffic, parts int) (*roofline, error) {
	r := &roofline{traffic: t}
	all, err := a.Alloc(int(t.Read) * parts)
	if err != nil {
		return nil, err
	}
	if r.out, err = a.Alloc(int(t.Written)); err != nil {
		return nil, err
	}
	// Pages that were never written would all be the system's one page of zeros.
	fill(all)
	fill(r.out)
	for i := range parts {
		r.parts = append(r.parts, all[i*int(t.Read):(i+1)*int(t.Read)])
	}
	r.in = r.parts[0]
	if t.Visits == 0 {
		return r, nil
	}
	if r.table, err = column.AllocSlice[uint64](a, max(1, int(t.Table/8))); err != nil {
		return nil, err
	}
	for i := range r.table {
		r.table[i] = uint64(i)
	}
	if r.places, err = column.AllocSlice[uint32](a, int(min(t.Visits, maxPlaces))); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range r.places {
		r.places[i] = random.Uint32N(uint32(len(r.table)))
	}
	return r, nil
}

var errFound = errors.New("the roofline's buffer has changed")

func (r *roofline) pass() error {
	r.in = r.parts[r.next]
	r.next = (r.next + 1) % len(r.parts)
	both := min(len(r.in), len(r.out))
	for lo := 0; lo < both; lo += blockBytes {
		hi := min(lo+blockBytes, both)
		copy(r.out[lo:hi], r.in[lo:hi])
	}
	for lo := both; lo < len(r.in); lo += blockBytes {
		if bytes.IndexByte(r.in[lo:min(lo+blockBytes, len(r.in))], absent) >= 0 {
			return errFound
		}
	}
	for lo := both; lo < len(r.out); lo += blockBytes {
		clear(r.out[lo:min(lo+blockBytes, len(r.out))])
	}
	sum := r.sum
	for done := 0; done < int(r.traffic.Visits); done += len(r.places) {
		for _, p := range r.places[:min(len(r.places), int(r.traffic.Visits)-done)] {
			sum += r.table[p]
		}
	}
	r.sum = sum
	return nil
}
