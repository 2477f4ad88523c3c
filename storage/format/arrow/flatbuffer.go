package arrow

import (
	"encoding/binary"
	"math"

	"github.com/polybolos-db/polybolos/fault"
)

// flat is metadata as flatbuffers, whose every offset and length is checked before it is followed. What it refers to, counted as often as it is referred
// to, may not be much more than its bytes, so that what shares one part many times over cannot grow when it is read.
type flat struct {
	b    []byte
	left int64
}

// shared is how much larger than its bytes metadata may be once its shared parts are counted each time.
const shared = 4

func newFlat(b []byte) *flat { return &flat{b: b, left: shared*int64(len(b)) + 4096} }

func damage(format string, args ...any) error {
	return fault.New(fault.DataCorrupted, "the file is not Arrow IPC, or damaged: "+format, args...)
}

// charge takes n bytes, at position at, which must exist.
func (f *flat) charge(at, n int64) error {
	if at < 0 || n < 0 || at > int64(len(f.b)) || n > int64(len(f.b))-at {
		return damage("metadata of %d bytes refers to %d bytes at %d", len(f.b), n, at)
	}
	if f.left -= n; f.left < 0 {
		return damage("metadata of %d bytes refers to itself too often", len(f.b))
	}
	return nil
}

// table is one table: the positions of its values, and of the offsets to its strings, vectors and tables.
type table struct {
	*flat
	at, size int64 // of the table
	vt, n    int64 // of the list of its values' offsets
}

// root is the table that the metadata begins with.
func (f *flat) root() (table, error) {
	if err := f.charge(0, 4); err != nil {
		return table{}, err
	}
	return f.table(int64(binary.LittleEndian.Uint32(f.b)))
}

func (f *flat) table(at int64) (table, error) {
	if err := f.charge(at, 4); err != nil {
		return table{}, err
	}
	t := table{flat: f, at: at, vt: at - int64(int32(binary.LittleEndian.Uint32(f.b[at:])))}
	if t.vt < 0 || t.vt > int64(len(f.b))-4 {
		return table{}, damage("metadata of %d bytes has a table described at %d", len(f.b), t.vt)
	}
	t.n, t.size = int64(binary.LittleEndian.Uint16(f.b[t.vt:])), int64(binary.LittleEndian.Uint16(f.b[t.vt+2:]))
	if t.n < 4 || t.n%2 != 0 || t.n > int64(len(f.b))-t.vt || t.size < 4 {
		return table{}, damage("metadata of %d bytes has a table described at %d by %d bytes", len(f.b), t.vt, t.n)
	}
	return t, f.charge(at, t.size)
}

// value is where value number slot stands, of the given width; 0 if the table does not have it.
func (t table) value(slot, width int64) (int64, error) {
	entry := 4 + 2*slot
	if entry >= t.n {
		return 0, nil
	}
	off := int64(binary.LittleEndian.Uint16(t.b[t.vt+entry:]))
	if off == 0 {
		return 0, nil
	}
	if off < 4 || off+width > t.size {
		return 0, damage("a table of %d bytes in the metadata has a value at %d", t.size, off)
	}
	return t.at + off, nil
}

// number is the integer of value number slot, 0 if the table does not have it.
func (t table) number(slot, width int64) (int64, error) {
	at, err := t.value(slot, width)
	if at == 0 || err != nil {
		return 0, err
	}
	switch width {
	case 1:
		return int64(t.b[at]), nil
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(t.b[at:]))), nil
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(t.b[at:]))), nil
	}
	return int64(binary.LittleEndian.Uint64(t.b[at:])), nil
}

// follow is where the offset in value number slot leads, 0 if the table does not have it.
func (t table) follow(slot int64) (int64, error) {
	at, err := t.value(slot, 4)
	if at == 0 || err != nil {
		return 0, err
	}
	return t.deref(at), nil
}

func (f *flat) deref(at int64) int64 { return at + int64(binary.LittleEndian.Uint32(f.b[at:])) }

// child is the table of value number slot, and whether there is one.
func (t table) child(slot int64) (table, bool, error) {
	at, err := t.follow(slot)
	if at == 0 || err != nil {
		return table{}, false, err
	}
	out, err := t.table(at)
	return out, err == nil, err
}

// vector is where the elements of value number slot begin, and their number, each of the given width.
func (t table) vector(slot, width int64) (at, n int64, err error) {
	if at, err = t.follow(slot); at == 0 || err != nil {
		return 0, 0, err
	}
	if err := t.charge(at, 4); err != nil {
		return 0, 0, err
	}
	if n = int64(binary.LittleEndian.Uint32(t.b[at:])); n > math.MaxInt32 {
		return 0, 0, damage("metadata has a vector of length %d", n)
	}
	return at + 4, n, t.charge(at+4, n*width)
}

// text checks the string of value number slot.
func (t table) text(slot int64) error {
	_, _, err := t.vector(slot, 1)
	return err
}

// each calls do for the tables of the vector of value number slot.
func (t table) each(slot int64, do func(table) error) (n int64, err error) {
	at, n, err := t.vector(slot, 4)
	for i := int64(0); i < n && err == nil; i++ {
		var e table
		if e, err = t.table(t.deref(at + 4*i)); err == nil {
			err = do(e)
		}
	}
	return n, err
}

func (f *flat) int64At(at int64) int64 { return int64(binary.LittleEndian.Uint64(f.b[at:])) }
