package shuffle

import (
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// FuzzInline reads small outputs and blocks of any bytes: an error, never a crash. A checksum stands before whatever an Arrow reader looks at.
func FuzzInline(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add(append([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, Checksum([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})...), 0)
	f.Add([]byte{0x08, 0x02, 0x12, 0x01, 0x00, 0x1a, 0x02, 0x61, 0x62}, 1)
	fields := []column.Field{{Name: "a", Type: column.T(column.Int64)}, {Name: "b", Type: column.T(column.Text)}}
	f.Fuzz(func(t *testing.T, data []byte, partition int) {
		arena := mem.NewArena(mem.NewBudget("fuzz", 1<<20, nil))
		defer arena.Free()
		if _, err := Decode(data, fields, arena); err != nil && fault.CodeOf(err) == fault.Internal {
			t.Errorf("a block: %v", err)
		}
		blocks, err := InlineBlocks(data, partition)
		if err != nil && fault.CodeOf(err) == fault.Internal {
			t.Errorf("a small output: %v", err)
		}
		for _, b := range blocks {
			if _, err := Decode(b, fields, arena); err != nil && fault.CodeOf(err) == fault.Internal {
				t.Errorf("a block of a small output: %v", err)
			}
		}
	})
}

// FuzzManifest reads the end of an object of any bytes: an error, never a crash.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("12345678"+objectMagic), int64(16))
	f.Fuzz(func(_ *testing.T, tail []byte, size int64) {
		n, err := endLength(ID{}, tail, size)
		if err != nil || n < footerLen || n > len(tail) {
			return
		}
		_, _ = parseEnd(ID{}, tail[len(tail)-n:], size)
	})
}
