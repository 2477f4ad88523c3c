package main

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/steps"
)

// join measures building and probing of a large table, of keys that differ and of any, and for keys of several ranges, which get tables of different layouts.
func (b *bench) join() error {
	n, m := b.rows, b.groups
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(8 * m), int64(8 * n), int64(4 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(7, 7))
			for _, keys := range []struct {
				name string
				goal float64
				key  func(i int) uint64
			}{
				{"", 5e9, func(i int) uint64 { return uint64(i)*7919 + 1 }},
				{" in a small range", 0, func(i int) uint64 { return uint64(2 * i) }},
				{" of 64 bits", 0, func(i int) uint64 { return uint64(i) * 0x9E3779B97F4A7C15 }},
			} {
				build := words(m, keys.key)
				r.Shuffle(m, func(i, j int) { build[i], build[j] = build[j], build[i] })
				probe := words(n, func(int) uint64 { return build[r.IntN(m)] })
				if err := errors.Join(b.fill(s, p[0], m, 8, column.BytesOf(build)), b.fill(s, p[1], n, 8, column.BytesOf(probe))); err != nil {
					return err
				}
				for _, kind := range []struct {
					name  string
					goal  float64
					build func() (*steps.JoinTable, error)
				}{
					{fmt.Sprintf("%d unique keys%s", m, keys.name), keys.goal, func() (*steps.JoinTable, error) { return s.BuildUnique(p[0], m) }},
					{fmt.Sprintf("%d keys in chains%s", m, keys.name), 0, func() (*steps.JoinTable, error) { return s.BuildJoin(p[0], 1, m, 0) }},
				} {
					if err := b.probe(s, kind.name, kind.goal, kind.build, p, build, probe); err != nil {
						return fmt.Errorf("%s: %w", kind.name, err)
					}
				}
			}
			return nil
		})
	})
}

// probe measures one table of the keys at p[0], and probes at p[1] of it.
func (b *bench) probe(s *steps.Steps, name string, goal float64, build func() (*steps.JoinTable, error), p []driver.Ptr, keys, probe []uint64) error {
	seconds, err := b.Time(s.S, func() error {
		table, err := build()
		if err != nil {
			return err
		}
		err = b.Note(b.Synchronize(s.S))
		table.Free()
		return err
	})
	if err != nil {
		return err
	}
	b.add("build of "+name, len(keys), int64(8*len(keys)), seconds, 0, 0)
	table, err := build()
	if err != nil {
		return err
	}
	defer table.Free()
	if seconds, err = b.Time(s.S, func() error { return table.Probe(p[1], len(probe), 0, p[2]) }); err != nil {
		return err
	}
	heads, err := steps.Down[uint32](s, p[2], min(len(probe), 1<<16))
	for i, h := range heads {
		if h == 0 || keys[h-1] != probe[i] {
			return fmt.Errorf("probe row %d finds row %d", i, h)
		}
	}
	b.add("probe of "+name, len(probe), int64(12*len(probe)), seconds, 0, goal)
	return err
}
