package ops

import (
	"unsafe"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// chunk is rows on their way: pinned memory and device memory of the same shape. It begins with the job's words and the addresses of the columns; then,
// for each source, its values and its validity.
type chunk struct {
	host   []byte
	device cuda.Buffer
	rows   int
	nulls  []bool // by source: its validity counts
	done   driver.Event
}

// chunkShape is where things lie in a chunk.
type chunkShape struct {
	capacity int // rows
	width    []int
	data     []int // by source: offset
	valid    []int
	cols     int // offset of the addresses
	size     int
}

const (
	chunkBytes = 8 << 20 // a copy takes a hundred times as long as its launch
	chunkAlign = 256
	mostRows   = 1 << 20
)

// newShape lays out chunks for the sources; rows, when not 0, is the capacity, otherwise about chunkBytes bytes.
func newShape(sources []source, rows int) chunkShape {
	s := chunkShape{}
	per := 0
	for _, x := range sources {
		w := x.typ.Width()
		if x.text {
			w = 4
		}
		s.width = append(s.width, w)
		per += w
	}
	if rows == 0 {
		rows = min(mostRows, max(4*column.BatchRows, chunkBytes/max(1, per)))
	}
	s.capacity = (rows + 63) / 64 * 64
	at := 0
	put := func(n int) int {
		from := at
		at = (at + n + chunkAlign - 1) / chunkAlign * chunkAlign
		return from
	}
	put(opcode.JobSize * 8)
	s.cols = put(len(sources) * 16)
	for _, w := range s.width {
		s.data = append(s.data, put(w*s.capacity))
		s.valid = append(s.valid, put(s.capacity/8))
	}
	s.size = at
	return s
}

// stager fills chunks with the rows of one worker.
type stager struct {
	shape   *chunkShape
	sources []source
	texts   []*numbers // by source, nil: no text
}

// put copies rows rows of v, those of sel (nil: physical ones) from number from on, behind the chunk's rows.
func (s *stager) put(c *chunk, i int, v *column.Vector, sel []uint32, from, rows int) error {
	dst := c.host[s.shape.data[i]:]
	if s.texts[i] != nil {
		numbers, err := s.texts[i].of(v, sel, from, rows)
		if err != nil {
			return err
		}
		copy(dst[4*c.rows:], column.BytesOf(numbers))
	} else {
		w := s.shape.width[i]
		place := dst[w*c.rows : w*(c.rows+rows)]
		switch w {
		case 1:
			spread[uint8](place, v, sel, from)
		case 2:
			spread[uint16](place, v, sel, from)
		case 4:
			spread[uint32](place, v, sel, from)
		case 8:
			spread[uint64](place, v, sel, from)
		case 16:
			spread[column.Int128](place, v, sel, from)
		}
	}
	s.validity(c, i, v, sel, from, rows)
	return nil
}

// spread writes v's values at the rows one after another.
func spread[T any](place []byte, v *column.Vector, sel []uint32, from int) {
	dst := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(place))), len(place)/int(unsafe.Sizeof(*new(T))))
	vals := column.Values[T](v.Target())
	switch {
	case len(vals) == 0:
		clear(dst)
	case v.Form == column.Constant:
		for k := range dst {
			dst[k] = vals[0]
		}
	case v.Form == column.Flat && sel == nil:
		copy(dst, vals[from:])
	case v.Form == column.Flat:
		for k, r := range sel[from : from+len(dst)] {
			dst[k] = vals[r]
		}
	case sel == nil:
		for k, c := range v.Codes[from : from+len(dst)] {
			dst[k] = vals[c]
		}
	default:
		for k, r := range sel[from : from+len(dst)] {
			dst[k] = vals[v.Codes[r]]
		}
	}
}

// validity writes which of the rows have a value. A column's validity is kept from the first vector on that has one.
func (s *stager) validity(c *chunk, i int, v *column.Vector, sel []uint32, from, rows int) {
	if v.Valid == nil && !c.nulls[i] {
		return
	}
	bits := column.Bitmap(column.SliceOf[uint64](c.host[s.shape.valid[i] : s.shape.valid[i]+s.shape.capacity/8]))
	if !c.nulls[i] {
		c.nulls[i] = true
		bits.SetAll(c.rows)
	}
	if c.rows%64 == 0 && rows > 0 {
		bits[c.rows/64] = 0
	}
	for k := range rows {
		at := c.rows + k
		if at%64 == 0 {
			bits[at/64] = 0
		}
		r := from + k
		if sel != nil {
			r = int(sel[r])
		}
		if !v.IsNull(r) {
			bits.Set(at)
		}
	}
}
