package kernels

import (
	"context"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/join"
)

// probeRows is the number of rows that are looked up.
const probeRows = 1 << 20

// joins are tables that stay in a cache, and tables of about 128 MB; keys far apart, so that they are hashed, and close together.
func joins() []Kernel {
	var out []Kernel
	for _, size := range []struct {
		name string
		rows int
	}{{"cached", 1 << 11}, {"128 MB", 1 << 22}} {
		for _, keys := range []struct {
			name string
			step int64
		}{{"hashed", 1_000_003}, {"dense", 1}} {
			name := size.name + ", " + keys.name
			out = append(out,
				Kernel{Name: "join build/" + name, Prepare: func(a *mem.Arena) (Loop, error) { return buildLoop(a, size.rows, keys.step) }},
				Kernel{Name: "join probe/" + name, Prepare: func(a *mem.Arena) (Loop, error) { return probeLoop(a, size.rows, keys.step) }})
		}
	}
	return out
}

// buildSide is rows with the keys step, 2 step, … in random order.
func buildSide(a *mem.Arena, rows int, step int64) (*column.Appender, error) {
	order := newRandom().Perm(rows)
	list, err := batches(a, rows, []column.Type{bigint}, func(i int) int64 { return int64(order[i]) * step })
	if err != nil {
		return nil, err
	}
	side := column.NewAppender(a, []column.Type{bigint})
	for _, b := range list {
		if err := side.Append(b); err != nil {
			return nil, err
		}
	}
	return side, nil
}

// slotBytes is what a row takes in a hash table: two slots, for half of them are free, the next row of its chain and its key.
const slotBytes = 2*8 + 4 + 8

func buildLoop(a *mem.Arena, rows int, step int64) (Loop, error) {
	side, err := buildSide(a, rows, step)
	if err != nil {
		return Loop{}, err
	}
	return Loop{
		Rows: rows, Traffic: Traffic{Read: int64(8 * rows), Visits: int64(rows), Table: tableBytes(rows, step)},
		Pass: func() error {
			t, err := join.Build(context.Background(), nil, side, []int{0}, nil, 1)
			if err != nil {
				return err
			}
			t.Free()
			return nil
		},
	}, nil
}

// tableBytes is the size of what a lookup visits: slots, or an array of row numbers when keys are dense.
func tableBytes(rows int, step int64) int64 {
	if step == 1 {
		return int64(4 * rows)
	}
	return int64(slotBytes * rows)
}

func probeLoop(a *mem.Arena, rows int, step int64) (Loop, error) {
	side, err := buildSide(a, rows, step)
	if err != nil {
		return Loop{}, err
	}
	t, err := join.Build(context.Background(), nil, side, []int{0}, nil, 1)
	if err != nil {
		return Loop{}, err
	}
	random := newRandom()
	list, err := batches(a, probeRows, []column.Type{bigint}, func(int) int64 { return random.Int64N(int64(rows)) * step })
	if err != nil {
		t.Free()
		return Loop{}, err
	}
	p := join.NewProber(t)
	return Loop{
		Rows: probeRows, Close: t.Free,
		Traffic: Traffic{Read: 8 * probeRows, Written: 4 * probeRows, Visits: probeRows, Table: tableBytes(rows, step)},
		Pass: func() error {
			for _, b := range list {
				p.Heads(b, []int{0})
			}
			return nil
		},
	}, nil
}
