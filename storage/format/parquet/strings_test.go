package parquet

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// TestPlainStringsOfSteadyLengths reads strings whose lengths stay the same for a while, in pieces, and checks that what is cut off anywhere is an error.
func TestPlainStringsOfSteadyLengths(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	r := rand.New(rand.NewPCG(12, 1))
	for range 300 {
		var src []byte
		var want []string
		for len(want) < 200 {
			n := r.IntN([]int{4, 14, 20, 60}[r.IntN(4)])
			for range 1 + r.IntN(40) {
				s := make([]byte, n)
				for i := range s {
					s[i] = byte(r.UintN(256))
				}
				src = append(binary.LittleEndian.AppendUint32(src, uint32(n)), s...)
				want = append(want, string(s))
			}
		}
		// The end is that of the memory, so that nothing behind it is read without being noticed by the bounds.
		page, err := a.Alloc(len(src))
		if err != nil {
			t.Fatal(err)
		}
		copy(page, src)
		views := make([]column.View, len(want))
		rest, done := page[:len(src):len(src)], 0
		for done < len(want) {
			n := min(1+r.IntN(120), len(want)-done)
			if rest, err = plainStrings(views[done:done+n], rest); err != nil {
				t.Fatal(err)
			}
			done += n
		}
		if len(rest) != 0 {
			t.Fatalf("%d bytes are left", len(rest))
		}
		for i := range views {
			if w := column.MakeView([]byte(want[i])); views[i].String() != want[i] || views[i].IsInline() && views[i] != w {
				t.Fatalf("string %d is %q, want %q", i, views[i].String(), want[i])
			}
		}
		if cut := r.IntN(len(src)); cut > 0 {
			if _, err := plainStrings(views, page[:len(src)-cut:len(src)-cut]); err == nil {
				t.Fatalf("%d bytes less of %d were enough", cut, len(src))
			}
		}
	}
}
