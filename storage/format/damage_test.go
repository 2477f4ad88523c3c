package format

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// Files with a few wrong bytes, and files that are cut off, give rows or an error of ours, never a panic and never more memory than the budget.
func TestDamagedFiles(t *testing.T) {
	seeds := uint64(4)
	if withRace || testing.Short() {
		seeds = 1
	}
	for _, c := range []struct {
		name    string
		options map[string]string
	}{
		{"json", nil}, {"csv", nil},
		{"avro", nil}, {"avro", map[string]string{"compression": "null"}},
		{"avro", map[string]string{"compression": "deflate"}}, {"avro", map[string]string{"compression": "zstd"}},
		{"arrow", nil},
		{"arrow", map[string]string{"compression": "zstd"}},
		{"arrow", map[string]string{"compression": "lz4"}},
		{"arrow", map[string]string{"stream": "true"}},
		{"arrow", map[string]string{"stream": "true", "compression": "zstd"}},
		{"arrow", map[string]string{"stream": "true", "compression": "lz4"}},
	} {
		t.Run(fmt.Sprint(c.name, c.options), func(t *testing.T) {
			content, _, _ := written(t, c.name, c.options, 2000)
			for seed := range seeds {
				r := rand.New(rand.NewPCG(seed, 2))
				for range 60 {
					damaged(t, c.name, damage(r, content))
				}
				for range 15 {
					damaged(t, c.name, content[:r.IntN(len(content))])
				}
			}
		})
	}
}

// damage changes a few bytes, mostly near the beginning and the end, where the metadata is.
func damage(r *rand.Rand, content []byte) []byte {
	c := append([]byte(nil), content...)
	for range 1 + r.IntN(4) {
		at := r.IntN(len(c))
		switch near := min(len(c), 2500); r.IntN(3) {
		case 0:
			at = r.IntN(near)
		case 1:
			at = len(c) - 1 - r.IntN(near)
		}
		c[at] = byte(r.IntN(256))
	}
	return c
}

func damaged(t *testing.T, name string, content []byte) {
	t.Helper()
	if _, _, err := read(name, file(t, "f."+name, content), nil, nil); err != nil {
		if e, ok := fault.As(err); !ok || e.Code == fault.Internal {
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
}
