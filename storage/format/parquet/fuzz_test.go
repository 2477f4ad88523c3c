package parquet

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// FuzzFooter parses footers of any bytes; run it with -fuzz.
func FuzzFooter(f *testing.F) {
	for _, name := range fixtures(f) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		length := int(binary.LittleEndian.Uint32(data[len(data)-8:]))
		f.Add(data[len(data)-8-length : len(data)-8])
	}
	f.Fuzz(func(t *testing.T, footer []byte) {
		if len(footer) == 0 {
			return
		}
		data := append([]byte("PAR1"), footer...)
		data = binary.LittleEndian.AppendUint32(data, uint32(len(footer)))
		data = append(data, "PAR1"...)
		md, err := readFooter(memoryFile{bytes.NewReader(data)}, "memory.parquet")
		if err != nil {
			if e, ok := fault.As(err); !ok || e.Code == fault.Internal {
				t.Error(err)
			}
			return
		}
		for i := range md.groups {
			g := &md.groups[i]
			for k := range md.leaves {
				if l := &md.leaves[k]; !l.nested {
					g.statistics(l, l.typ)
				}
			}
		}
	})
}

// FuzzIndex parses page indexes, Bloom filters' headers and page headers of any bytes; run it with -fuzz.
func FuzzIndex(f *testing.F) {
	for _, name := range []string{"spark_v1", "pyarrow_plain_v1", "polars_zstd", "spark_bloom"} {
		data, err := os.ReadFile("testdata/writers/" + name + ".parquet")
		if err != nil {
			f.Fatal(err)
		}
		md, err := readFooter(memoryFile{bytes.NewReader(data)}, name)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range md.groups[0].chunks {
			part := func(r region) []byte { return data[r.offset : r.offset+int64(r.size)] }
			f.Add(part(c.offsetIndex), part(c.columnIndex))
			f.Add(part(c.bloom)[:min(c.bloom.size, 64)], data[c.offset:][:64])
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		const rows = 260
		c := &chunk{offset: 4, size: 1 << 20}
		x := &pageIndex{}
		if x.parseOffsets(a) == nil && x.fits(c, rows) {
			if x.parseZones(b, rows) == nil {
				l := &leaf{typ: column.T(column.Text), physical: 6}
				for i := range x.zones {
					x.zones[i].bounds(l, l.typ)
				}
			}
			for row := int64(0); row < rows; row++ {
				if k := x.page(row); x.rows[k] > row || x.end(k, rows) <= row {
					t.Errorf("page %d of row %d", k, row)
				}
			}
		}
		if size, n, err := parseBloomHeader(a); err == nil && (size < 0 || n > len(a)) {
			t.Error(size, n)
		}
		if _, n, err := parsePageHeader(b); err == nil && n > len(b) {
			t.Error(n)
		}
	})
}
