package kernels

import (
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// groupRows is the number of rows that are grouped: with a key and a value more than the caches hold.
const groupRows = 1 << 20

func hashing() []Kernel {
	one := func(name string, t column.Type, make func(a *mem.Arena) (*column.Vector, error)) Kernel {
		return Kernel{Name: "hash/" + name, Prepare: func(a *mem.Arena) (Loop, error) {
			v, err := make(a)
			if err != nil {
				return Loop{}, err
			}
			h, err := hash.NewHasher([]column.Type{t})
			if err != nil {
				return Loop{}, err
			}
			b := &column.Batch{Cols: []*column.Vector{v}, Len: v.Len}
			cols := []int{0}
			return Loop{
				Rows: v.Len, Traffic: Traffic{Read: int64(len(v.Data) + 4*len(v.Codes)), Written: int64(8 * v.Len)},
				Pass: func() error { h.Hash(b, cols); return nil },
			}, nil
		}}
	}
	return []Kernel{
		one("int64", bigint, func(a *mem.Arena) (*column.Vector, error) { return small[int64](a, bigint) }),
		one("text", text, func(a *mem.Arena) (*column.Vector, error) {
			return flat(a, text, column.BatchRows, func(i int) column.View {
				v, err := column.CopyView(a, fmt.Appendf(nil, "Customer#%09d", i))
				if err != nil {
					return column.View{}
				}
				return v
			})
		}),
		one("text dictionary", text, func(a *mem.Arena) (*column.Vector, error) { return words(a, text) }),
	}
}

// grouping is grouped sums over few and many groups.
func grouping() []Kernel {
	var out []Kernel
	for _, groups := range []int{4, 256, 1 << 16, 1 << 19} {
		out = append(out, Kernel{Name: fmt.Sprintf("group/%d bigints, sum of decimal64", groups), Prepare: func(a *mem.Arena) (Loop, error) {
			random := newRandom()
			list, err := batches(a, groupRows, []column.Type{bigint, money},
				func(int) int64 { return random.Int64N(int64(groups)) * 1_000_003 }, func(i int) int64 { return int64(i % 10_000) })
			if err != nil {
				return Loop{}, err
			}
			return groupLoop(list, []column.Type{bigint}, []int{0}, 1, groups, 16)
		}})
	}
	return append(out, Kernel{Name: "group/4 of two dictionaries, sum of decimal64", Prepare: func(a *mem.Arena) (Loop, error) {
		list, err := batches(a, groupRows, []column.Type{money}, func(i int) int64 { return int64(i % 10_000) })
		if err != nil {
			return Loop{}, err
		}
		flags, err := dictionary(a, column.BatchRows, []string{"A", "N"})
		if err != nil {
			return Loop{}, err
		}
		status, err := dictionary(a, column.BatchRows, []string{"F", "O"})
		if err != nil {
			return Loop{}, err
		}
		for _, b := range list {
			b.Cols = append(b.Cols, flags, status)
		}
		return groupLoop(list, []column.Type{text, text}, []int{1, 2}, 0, 4, 16)
	}})
}

// groupLoop groups batches by key columns and sums column value; a row has bytes of input.
func groupLoop(list []*column.Batch, types []column.Type, keys []int, value, groups, bytes int) (Loop, error) {
	sum := kernels.Aggregate{Op: kernels.AggSum, Args: []int{value}, ArgTypes: []column.Type{money}, Result: column.DecimalType(38, 2), Filter: -1}
	return Loop{
		Rows: groupRows,
		// A group is a slot of 8 bytes, a key and a sum of 16.
		Traffic: Traffic{Read: int64(groupRows * bytes), Visits: groupRows, Table: int64(groups * 32)},
		Pass: func() error {
			g, err := agg.New(nil, types, []kernels.Aggregate{sum})
			if err != nil {
				return err
			}
			defer g.Free()
			for _, b := range list {
				if err := g.Update(b, keys); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}
