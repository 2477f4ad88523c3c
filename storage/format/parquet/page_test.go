package parquet

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// packRuns encodes values by the hybrid: runs of equal ones where r says so, bit-packed groups otherwise.
func packRuns(r *rand.Rand, values []uint32, width uint) []byte {
	var out []byte
	for len(values) > 0 {
		n := 1
		for n < len(values) && values[n] == values[0] {
			n++
		}
		if n >= 8 || r.IntN(4) == 0 {
			out = binary.AppendUvarint(out, uint64(n)<<1)
			for i := uint(0); i < width; i += 8 {
				out = append(out, byte(values[0]>>i))
			}
			values = values[n:]
			continue
		}
		groups := 1 + r.IntN(20)
		take := min(groups*8, len(values))
		groups = (take + 7) / 8
		out = binary.AppendUvarint(out, uint64(groups)<<1|1)
		packed := make([]byte, groups*int(width))
		for i, v := range values[:take] {
			for b := range int(width) {
				if v>>b&1 != 0 {
					bit := i*int(width) + b
					packed[bit/8] |= 1 << (bit % 8)
				}
			}
		}
		out = append(out, packed...)
		values = values[take:]
	}
	return out
}

func TestHybridOfEveryWidthInPiecesOfAnySize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for width := uint(0); width <= 32; width++ {
		for range 20 {
			values := make([]uint32, r.IntN(700))
			for i := range values {
				if i > 0 && r.IntN(3) > 0 {
					values[i] = values[i-1]
				} else {
					values[i] = uint32(r.Uint64() & (1<<width - 1))
				}
			}
			var h hybrid
			h.reset(packRuns(r, values, width), width)
			got := make([]uint32, len(values))
			for at := 0; at < len(values); {
				n := min(1+r.IntN(90), len(values)-at)
				var err error
				if r.IntN(5) == 0 {
					err = h.skip(n)
					copy(got[at:], values[at:at+n])
				} else {
					err = h.next(got[at : at+n])
				}
				if err != nil {
					t.Fatalf("width %d: %v", width, err)
				}
				at += n
			}
			for i := range values {
				if got[i] != values[i] {
					t.Fatalf("width %d, value %d: got %d, want %d", width, i, got[i], values[i])
				}
			}
		}
	}
}

func TestLevelsBecomeValidity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for range 200 {
		levels := make([]uint32, 1+r.IntN(600))
		for i := range levels {
			levels[i] = 1
			if i > 0 && r.IntN(4) > 0 {
				levels[i] = levels[i-1]
			} else {
				levels[i] = uint32(r.IntN(2))
			}
		}
		src := packRuns(r, levels, 1)
		var read, count hybrid
		read.reset(src, 1)
		count.reset(src, 1)
		bm := make(column.Bitmap, column.BitmapWords(len(levels)))
		for at := 0; at < len(levels); {
			n := min(1+r.IntN(150), len(levels)-at)
			set, wrote, err := read.present(n, bm, at, r.IntN(2) == 0)
			if err != nil {
				t.Fatal(err)
			}
			if !wrote {
				setRange(bm, at, n)
			}
			counted, err := count.countPresent(n)
			if err != nil || counted != set {
				t.Fatalf("%d present, counted %d, %v", set, counted, err)
			}
			at += n
		}
		for i, l := range levels {
			if bm.Get(i) != (l == 1) {
				t.Fatalf("row %d of %d: level %d", i, len(levels), l)
			}
		}
	}
}

func TestSpreadMovesValuesToTheirRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for range 300 {
		at, k := r.IntN(100), 1+r.IntN(300)
		valid := make(column.Bitmap, column.BitmapWords(at+k))
		rows := make([]uint16, at+k)
		values := 0
		p := r.IntN(10)
		for i := at; i < at+k; i++ {
			if r.IntN(10) >= p {
				valid.Set(i)
				rows[at+values] = uint16(i + 1)
				values++
			}
		}
		spreadRows(rows, valid, at, k, values)
		for i := at; i < at+k; i++ {
			want := uint16(i + 1)
			if !valid.Get(i) {
				want = 0
			}
			if rows[i] != want {
				t.Fatalf("row %d of %d+%d: got %d, want %d", i, at, k, rows[i], want)
			}
		}
	}
}

func TestBigEndianDecimals(t *testing.T) {
	for _, c := range []struct {
		bytes string
		want  string
	}{{"", "0"}, {"\x7f", "127"}, {"\x80", "-128"}, {"\xff\xff\xff", "-1"}, {"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00", "256"},
		{"\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "-170141183460469231731687303715884105728"}} {
		if v, ok := bigEndian([]byte(c.bytes)); !ok || v.String() != c.want {
			t.Errorf("%x: %s, want %s", c.bytes, v, c.want)
		}
	}
	if _, ok := bigEndian([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")); ok {
		t.Error("2^128 must not fit")
	}
}

// FuzzPage decodes a page body of any bytes, in any encoding and type; run it with -fuzz.
func FuzzPage(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 6, 1, 1, 2, 3, 4}, uint8(0), uint8(0), uint16(3))
	f.Add([]byte{1, 3, 0x88}, uint8(5), uint8(8), uint16(8))
	f.Add([]byte{128, 1, 4, 3, 2, 2, 0, 0, 0, 0}, uint8(1), uint8(5), uint16(3))
	f.Add([]byte{128, 1, 4, 3, 2, 2, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f'}, uint8(6), uint8(6), uint16(3))
	f.Add([]byte{128, 1, 4, 1, 0, 128, 1, 4, 1, 2, 'a'}, uint8(6), uint8(7), uint16(1))
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(2), uint8(9), uint16(1))
	f.Fuzz(func(t *testing.T, body []byte, physical, encoding uint8, values uint16) {
		a := mem.NewArena(mem.NewBudget("test", 64<<20, nil))
		defer a.Free()
		l := &leaf{name: "c", physical: parquet.Type(physical % 8), length: 5, optional: physical >= 128}
		switch l.physical {
		case parquet.Types.Int96:
			l.typ, l.means = column.T(column.Timestamp), nanoseconds
		case parquet.Types.Boolean:
			l.typ = column.T(column.Bool)
		case parquet.Types.Int32:
			l.typ = column.T(column.Int32)
		case parquet.Types.Int64:
			l.typ = column.T(column.Int64)
		case parquet.Types.Float:
			l.typ = column.T(column.Float32)
		case parquet.Types.Double:
			l.typ = column.T(column.Float64)
		default:
			l.typ = column.T(column.Binary)
		}
		p := &pool{arena: a}
		c, err := newColumnReader(p, l, l.field())
		if err != nil {
			t.Fatal(err)
		}
		defer c.finish()
		entries, err := column.NewFlat(a, l.typ, 5)
		if err != nil {
			t.Fatal(err)
		}
		c.dict = *entries
		c.dict.DictID = 1
		buf, err := p.get(len(body))
		if err != nil {
			t.Fatal(err)
		}
		copy(buf, body)
		c.page = page{left: int(values), loaded: true, all: !l.optional, buffers: [][]byte{buf},
			header: pageHeader{kind: pageData, values: int(values), encoding: int(encoding % 10), defEncoding: encRLE}}
		if l.optional {
			c.page.levels.reset(buf[:len(buf)/2], 1)
			buf = buf[len(buf)/2:]
		}
		check := func(err error) bool {
			if e, ok := fault.As(err); ok && e.Code == fault.Internal {
				t.Error(err)
			}
			return err != nil
		}
		if check(c.prepare(buf)) {
			return
		}
		for c.page.left > 0 {
			n := min(c.page.left, column.BatchRows)
			v, err := c.read(n)
			if check(err) {
				return
			}
			if err := v.Check(); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < v.Len; i += 100 {
				_ = v.ValueAt(i)
			}
		}
	})
}
