package format

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// Files with a few wrong bytes give rows or an error of ours, never a panic.
func TestDamagedFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"json", "csv"} {
		content, _, _ := written(t, name, nil)
		for range 300 {
			c := append([]byte(nil), content...)
			for range 1 + r.IntN(4) {
				at := r.IntN(len(c))
				c[at] = byte(r.IntN(256))
			}
			if _, _, err := read(name, file(t, "f."+name, c), nil, nil); err != nil {
				if _, ok := fault.As(err); !ok {
					t.Errorf("%s: %T %v", name, err, err)
				}
			}
		}
	}
}
