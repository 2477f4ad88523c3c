package join

import (
	"fmt"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// TestHeadsDoesNotAllocate checks that batches are looked up without allocating, whatever the keys, and that each row finds its own.
func TestHeadsDoesNotAllocate(t *testing.T) {
	const rows = 3 * column.BatchRows
	a := mem.NewArena(nil)
	defer a.Free()
	bigint, text := column.T(column.Int64), column.T(column.Text)
	for _, step := range []int64{1, 1_000_003} {
		list := bigints(a, rows, func(i int) int64 { return int64(i) * step }, func(i int) int64 { return int64(i % 7) })
		side := column.NewAppender(a, []column.Type{bigint, bigint, text})
		for n, b := range list {
			v, err := column.NewFlat(a, text, b.Len)
			if err != nil {
				t.Fatal(err)
			}
			for k := range b.Len {
				if column.Values[column.View](v)[k], err = column.CopyView(a, fmt.Appendf(nil, "a word, number %d", n*column.BatchRows+k)); err != nil {
					t.Fatal(err)
				}
			}
			b.Cols = append(b.Cols, v)
			if err := side.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		for _, keys := range [][]int{{0}, {0, 1}, {2}, {0, 2}} {
			table, err := Build(t.Context(), nil, side, keys, nil, 1)
			if err != nil {
				t.Fatal(err)
			}
			p := NewProber(table)
			for n, b := range list {
				for k, head := range p.Heads(b, keys) {
					if want := uint32(n*column.BatchRows + k + 1); head != want {
						t.Fatalf("keys %v, row %d: head %d, want %d", keys, k, head, want)
					}
				}
			}
			if n := testing.AllocsPerRun(10, func() { p.Heads(list[1], keys) }); n != 0 {
				t.Errorf("keys %v: %v allocations a batch", keys, n)
			}
			table.Free()
		}
	}
}
