package column

import (
	"math/bits"

	"github.com/polybolos-db/polybolos/column/mem"
)

// store is what the builders of one column share: the arena, the block that long strings are put into, and the strings of the dictionary seen last.
type store struct {
	arena *mem.Arena
	block []byte // free rest of the current block of string bytes
	last  int    // size of the block before
	taken int64  // bytes of all blocks
	// A string that many rows share through a dictionary is copied once.
	dictID    uint64
	dictViews []View
}

const (
	firstBlock = 1 << 10
	maxBlock   = 256 << 10
)

func newStore(a *mem.Arena) *store { return &store{arena: a} }

// put copies p behind the strings before it.
func (s *store) put(p []byte) (View, error) {
	n := len(p)
	if n > len(s.block) {
		s.last = min(max(2*s.last, firstBlock), maxBlock)
		b, err := s.arena.Alloc(max(n, s.last))
		if err != nil {
			return View{}, err
		}
		s.taken += int64(len(b))
		s.block = b
	}
	q := s.block[:n:n]
	copy(q, p)
	s.block = s.block[n:]
	return MakeView(q), nil
}

// builder is a flat vector that grows by doubling.
type builder struct {
	*store
	t        Type
	n        int // rows
	room     int // rows that fit
	least    int // rows to make room for at least
	data     []byte
	valid    Bitmap // nil as long as there is no NULL
	children []*builder
}

func newBuilder(s *store, t Type) *builder {
	w := &builder{store: s, t: t, least: 64}
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			w.children = append(w.children, newBuilder(newStore(s.arena), f.Type))
		}
	}
	return w
}

func (w *builder) vector() *Vector {
	v := &Vector{Type: w.t, Len: w.n, Data: w.data[:w.n*w.t.Width()], Valid: w.valid}
	if w.t.Kind == Null {
		v.Form, v.Valid = Constant, Bitmap{0}
	}
	for _, c := range w.children {
		v.Children = append(v.Children, c.vector())
	}
	return v
}

// size is the number of bytes of values and validity, children included.
func (w *builder) size() int64 {
	n := int64(len(w.data) + 8*len(w.valid))
	for _, c := range w.children {
		n += c.size() + c.taken
	}
	return n
}

// reserve makes room for n more rows.
func (w *builder) reserve(n int) error {
	if w.n+n <= w.room {
		return nil
	}
	room := max(w.least, w.room)
	if w.n+n > room {
		room = 1 << bits.Len(uint(w.n+n-1))
	}
	data, err := w.arena.Alloc(room * w.t.Width())
	if err != nil {
		return err
	}
	copy(data, w.data[:w.n*w.t.Width()])
	if w.valid != nil {
		valid, err := AllocBitmap(w.arena, room)
		if err != nil {
			return err
		}
		for i := BitmapWords(w.n); i < len(valid); i++ {
			valid[i] = ^uint64(0)
		}
		copy(valid, w.valid[:BitmapWords(w.n)])
		w.valid = valid
	}
	w.data, w.room = data, room
	return nil
}

// needValid makes sure that there is a bitmap; bits from n on are set.
func (w *builder) needValid() error {
	if w.valid != nil {
		return nil
	}
	valid, err := AllocBitmap(w.arena, w.room)
	w.valid = valid
	return err
}

func (w *builder) appendNulls(n int) error {
	if err := w.reserve(n); err != nil {
		return err
	}
	if err := w.needValid(); err != nil {
		return err
	}
	width := w.t.Width()
	clear(w.data[w.n*width : (w.n+n)*width])
	for i := range n {
		w.valid.Clear(w.n + i)
	}
	w.n += n
	if w.t.Kind == Struct {
		for _, c := range w.children {
			if err := c.appendNulls(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendRows appends rows lo to hi-1 of v, or those at rows[lo:hi] when rows is not nil.
func (w *builder) appendRows(v *Vector, rows []uint32, lo, hi int) error {
	n := hi - lo
	if n <= 0 {
		return nil
	}
	if w.t.Kind == Null {
		w.n += n
		return nil
	}
	if v.IsConstantNull() || v.Form == Dict && v.Dictionary.Len == 0 {
		return w.appendNulls(n)
	}
	if err := w.reserve(n); err != nil {
		return err
	}
	if err := w.appendValid(v, rows, lo, hi); err != nil {
		return err
	}
	var err error
	switch {
	case w.t.Kind.IsNested():
		return w.appendNested(v, rows, lo, hi)
	case w.t.Physical() == PhysView:
		err = w.appendViews(v, rows, lo, hi)
	default:
		w.appendFixed(v, rows, lo, hi)
	}
	w.n += n
	return err
}

func (w *builder) appendValid(v *Vector, rows []uint32, lo, hi int) error {
	if rows == nil {
		if v.Valid == nil || v.Form == Constant {
			return nil
		}
		for i := lo; i < hi; i++ {
			if v.Valid.Get(i) {
				continue
			}
			if err := w.needValid(); err != nil {
				return err
			}
			w.valid.Clear(w.n + i - lo)
		}
		return nil
	}
	for k, r := range rows[lo:hi] {
		if r != NoRow && !v.IsNull(int(r)) {
			continue
		}
		if err := w.needValid(); err != nil {
			return err
		}
		w.valid.Clear(w.n + k)
	}
	return nil
}

func (w *builder) appendFixed(v *Vector, rows []uint32, lo, hi int) {
	width := w.t.Width()
	dst := w.data[w.n*width : (w.n+hi-lo)*width]
	if v.Form == Flat && rows == nil {
		copy(dst, v.Data[lo*width:hi*width])
		return
	}
	switch width {
	case 1:
		spread[uint8](dst, v, rows, lo, hi)
	case 2:
		spread[uint16](dst, v, rows, lo, hi)
	case 4:
		spread[uint32](dst, v, rows, lo, hi)
	case 8:
		spread[uint64](dst, v, rows, lo, hi)
	case 16:
		spread[Int128](dst, v, rows, lo, hi)
	}
}

// spread writes the values of the chosen rows one after another; a NoRow's is zero.
func spread[T any](data []byte, v *Vector, rows []uint32, lo, hi int) {
	dst, src := SliceOf[T](data), Values[T](v.Target())
	var zero T
	switch {
	case rows == nil && v.Form == Constant:
		for i := range dst {
			dst[i] = src[0]
		}
	case rows == nil && v.Form == Dict:
		for i, c := range v.Codes[lo:hi] {
			dst[i] = src[c]
		}
	case rows == nil:
		copy(dst, src[lo:hi])
	default:
		for k, r := range rows[lo:hi] {
			if r == NoRow {
				dst[k] = zero
			} else {
				dst[k] = src[v.Index(int(r))]
			}
		}
	}
}

// appendViews is appendFixed followed by copying the bytes of long strings.
func (w *builder) appendViews(v *Vector, rows []uint32, lo, hi int) error {
	w.appendFixed(v, rows, lo, hi)
	dst := SliceOf[View](w.data)[w.n : w.n+hi-lo]
	if v.Form == Dict && w.dictID != v.DictID {
		w.dictID, w.dictViews = v.DictID, nil
	}
	var same, copied View // the constant's view and its copy
	for k := range dst {
		view := &dst[k]
		if view.IsInline() {
			continue
		}
		if !w.valid.Get(w.n + k) {
			*view = View{}
			continue
		}
		if v.Form == Constant && *view == same {
			*view = copied
			continue
		}
		code := 0
		if v.Form == Dict {
			code = k + lo
			if rows != nil {
				code = int(rows[lo+k])
			}
			code = int(v.Codes[code])
			if w.dictViews == nil {
				w.dictViews = make([]View, v.Dictionary.Len)
			}
			if known := w.dictViews[code]; known.Len != 0 {
				*view = known
				continue
			}
		}
		own, err := w.put(view.Bytes())
		if err != nil {
			return err
		}
		switch v.Form {
		case Constant:
			same, copied = *view, own
		case Dict:
			w.dictViews[code] = own
		}
		*view = own
	}
	return nil
}

func (w *builder) appendNested(v *Vector, rows []uint32, lo, hi int) error {
	target := v.Target()
	for k := lo; k < hi; k++ {
		r, null := uint32(k), false
		if rows != nil {
			r = rows[k]
		}
		null = r == NoRow || v.IsNull(int(r))
		at := 0
		if !null {
			at = v.Index(int(r))
		}
		if w.t.Kind == Struct {
			for c, child := range w.children {
				var err error
				if null {
					err = child.appendNulls(1)
				} else {
					err = child.appendRows(target.Children[c], nil, at, at+1)
				}
				if err != nil {
					return err
				}
			}
			w.n++
			continue
		}
		span := Span{Offset: uint32(w.children[0].n)}
		if !null {
			from := Values[Span](target)[at]
			span.Length = from.Length
			for c, child := range w.children {
				if err := child.appendRows(target.Children[c], nil, int(from.Offset), int(from.Offset+from.Length)); err != nil {
					return err
				}
			}
		}
		SliceOf[Span](w.data)[w.n] = span
		w.n++
	}
	return nil
}
