package kernels

import (
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/sort"
)

// sortRows is the number of rows that are sorted.
const sortRows = 1 << 18

// sorting copies rows of one column into a run and orders them.
func sorting() []Kernel {
	return []Kernel{
		{Name: "sort/int64", Prepare: func(a *mem.Arena) (Loop, error) {
			random := newRandom()
			list, err := batches(a, sortRows, []column.Type{bigint}, func(int) int64 { return random.Int64() })
			return sortLoop(list, bigint, -1), err
		}},
		{Name: "sort/int64, first 100", Prepare: func(a *mem.Arena) (Loop, error) {
			random := newRandom()
			list, err := batches(a, sortRows, []column.Type{bigint}, func(int) int64 { return random.Int64() })
			return sortLoop(list, bigint, 100), err
		}},
		{Name: "sort/text", Prepare: func(a *mem.Arena) (Loop, error) {
			random := newRandom()
			var list []*column.Batch
			for lo := 0; lo < sortRows; lo += column.BatchRows {
				v, err := flat(a, text, column.BatchRows, func(int) column.View { return column.View{} })
				if err != nil {
					return Loop{}, err
				}
				views := column.Values[column.View](v)
				for i := range views {
					if views[i], err = column.CopyView(a, fmt.Appendf(nil, "Customer#%09d", random.IntN(1e9))); err != nil {
						return Loop{}, err
					}
				}
				list = append(list, &column.Batch{Cols: []*column.Vector{v}, Len: v.Len})
			}
			return sortLoop(list, text, -1), nil
		}},
	}
}

func goOn() error { return nil }

// sortLoop sorts batches of one column, all rows or only the first of them.
func sortLoop(list []*column.Batch, t column.Type, limit int64) Loop {
	written := int64(sortRows)
	if limit >= 0 {
		written = limit
	}
	width := int64(t.Width())
	return Loop{Rows: sortRows, Traffic: Traffic{Read: sortRows * width, Written: written * width}, Pass: func() error {
		layout, err := sort.NewLayout([]column.Type{t}, []kernels.SortKey{{Column: 0}})
		if err != nil {
			return err
		}
		var arenas []*mem.Arena
		defer func() {
			for _, x := range arenas {
				x.Free()
			}
		}()
		run := sort.New([]column.Type{t}, layout, limit).NewRun(func() *mem.Arena {
			arenas = append(arenas, mem.NewArena(nil))
			return arenas[len(arenas)-1]
		})
		for _, b := range list {
			if err := run.Add(b, goOn); err != nil {
				return err
			}
		}
		return run.Finish(goOn)
	}}
}
