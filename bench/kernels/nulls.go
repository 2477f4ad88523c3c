package kernels

import (
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// groupingWithNulls is grouped sums whose values, or whose keys and values, are NULL in every seventh row.
func groupingWithNulls() []Kernel {
	var out []Kernel
	for _, groups := range []int{4, 1 << 16} {
		for _, keys := range []bool{false, true} {
			name := fmt.Sprintf("group/%d bigints, sum of decimal64 with NULLs", groups)
			if keys {
				name = fmt.Sprintf("group/%d bigints with NULLs, sum of decimal64 with NULLs", groups)
			}
			out = append(out, Kernel{Name: name, Prepare: func(a *mem.Arena) (Loop, error) {
				random := newRandom()
				list, err := batches(a, groupRows, []column.Type{bigint, money},
					func(int) int64 { return random.Int64N(int64(groups)) * 1_000_003 }, func(i int) int64 { return int64(i % 10_000) })
				if err != nil {
					return Loop{}, err
				}
				for _, b := range list {
					for c, v := range b.Cols {
						if c == 0 && !keys {
							continue
						}
						if v.Valid, err = column.AllocBitmap(a, v.Len); err != nil {
							return Loop{}, err
						}
						for i := c; i < v.Len; i += 7 {
							v.Valid.Clear(i)
						}
					}
				}
				return groupLoop(list, []column.Type{bigint}, []int{0}, 1, groups, 16)
			}})
		}
	}
	return out
}
