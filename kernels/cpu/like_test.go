package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/simd"
)

// TestLikeOnTextsAgrees holds what is found in many strings at once, at every level, against one string at a time.
func TestLikeOnTextsAgrees(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	r := rand.New(rand.NewPCG(11, 2))
	word := func(n int) []byte {
		s := make([]byte, r.IntN(n))
		for i := range s {
			s[i] = "abc"[r.IntN(3)]
		}
		return s
	}
	for range 300 {
		views := make([]column.View, r.IntN(1500))
		var sel []uint32
		for i := range views {
			v, err := column.CopyView(a, word([]int{4, 14, 60}[r.IntN(3)]))
			if err != nil {
				t.Fatal(err)
			}
			views[i] = v
			if r.IntN(3) == 0 {
				sel = append(sel, uint32(i))
			}
		}
		var pattern []byte
		for k := range 1 + r.IntN(4) {
			if k > 0 || r.IntN(2) == 0 {
				pattern = append(pattern, '%')
			}
			pattern = append(pattern, word([]int{3, 20}[r.IntN(2)])...)
		}
		if r.IntN(2) == 0 {
			pattern = append(pattern, '%')
		}
		p, err := CompileLike(pattern, false)
		if err != nil {
			t.Fatal(err)
		}
		for l := simd.None; l <= simd.Available(); l++ {
			before := simd.Use(l)
			all, chosen := make([]uint8, len(views)), make([]uint8, len(views))
			p.matchAll(all, views, nil, len(views))
			p.matchAll(chosen, views, sel, len(views))
			simd.Use(before)
			for i := range views {
				if want := bit(p.Match(views[i].Bytes())); all[i] != want {
					t.Fatalf("level %s: %q like %q is %d", l, views[i].Bytes(), pattern, all[i])
				}
			}
			for _, i := range sel {
				if chosen[i] != all[i] {
					t.Fatalf("level %s: %q like %q is %d where it is selected", l, views[i].Bytes(), pattern, chosen[i])
				}
			}
		}
	}
}
