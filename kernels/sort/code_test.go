package sort

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// TestCodes sorts rows whose keys agree in much: some have codes that decide, some end within a word of the key, some within a string, some before a second one.
func TestCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 4))
	digits := func(n int) string { return fmt.Sprintf("%0*d", n, r.IntN(1000)) }
	texts := map[string]func() column.Value{
		"fixed":   func() column.Value { return column.TextValue("Customer#" + digits(9)) },
		"short":   func() column.Value { return column.TextValue(digits(3)) },
		"varying": func() column.Value { return column.TextValue("Customer#" + digits(1+r.IntN(20))) },
		"zeros":   func() column.Value { return column.TextValue("Customer#00000" + strings.Repeat("\x00", r.IntN(12))) },
		"long":    func() column.Value { return column.TextValue(strings.Repeat("https://", 12) + digits(3)) },
		"noise": func() column.Value {
			b := make([]byte, 14+r.IntN(4))
			for i := range b {
				b[i] = byte(32 + r.IntN(95))
			}
			return column.TextValue(string(b))
		},
		"nulls": func() column.Value {
			if r.IntN(3) == 0 {
				return column.Value{Type: column.T(column.Text), Null: true}
			}
			return column.TextValue("Customer#" + digits(9))
		},
	}
	numbers := map[string]func() int64{
		"small": func() int64 { return r.Int64N(4) },
		"any":   func() int64 { return int64(r.Uint64()) },
		"signs": func() int64 { return r.Int64N(200) - 100 },
	}
	types := []column.Type{column.T(column.Text), column.T(column.Int64)}
	for textName, text := range texts {
		for numberName, number := range numbers {
			t.Run(textName+" "+numberName, func(t *testing.T) {
				a := mem.NewArena(nil)
				defer a.Free()
				var batches []*column.Batch
				var all [][]column.Value
				for range 2 {
					vals, nums := make([]column.Value, 1000), make([]column.Value, 1000)
					for i := range vals {
						vals[i], nums[i] = text(), column.IntValue(types[1], number())
					}
					b := &column.Batch{Cols: []*column.Vector{columntest.Vector(a, types[0], vals), columntest.Vector(a, types[1], nums)}, Len: len(vals)}
					batches, all = append(batches, b), append(all, columntest.Rows(b)...)
				}
				for _, keys := range [][]kernels.SortKey{
					{{Column: 0}}, {{Column: 0, Descending: true}, {Column: 1}}, {{Column: 1}, {Column: 0}}, {{Column: 1, Descending: true}},
					{{Column: 0}, {Column: 1}, {Column: 0, Descending: true}},
				} {
					verify(t, sorted(t, types, keys, -1, 1, batches), all, keys, -1)
				}
			})
		}
	}
}
