package main

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/cuda/steps"
)

// unit is how many values are made on the host; larger columns repeat them.
const unit = 1 << 20

// fill makes a column of n values of size bytes on the device, made repeating the values given.
func (b *bench) fill(s *steps.Steps, to driver.Ptr, n, size int, values []byte) error {
	total := int64(n) * int64(size)
	first := min(int64(len(values)), total)
	if err := b.Note(b.CopyIn(to, values[:first], s.S)); err != nil {
		return err
	}
	for done := first; done < total; {
		more := min(done, total-done)
		if err := b.Note(b.CopyWithin(to+driver.Ptr(done), to, more, s.S)); err != nil {
			return err
		}
		done += more
	}
	return b.Note(b.Synchronize(s.S))
}

// steps calls f with steps of a stream of its own.
func (b *bench) steps(f func(s *steps.Steps) error) error {
	s, err := steps.New(b.Device)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}

// repeat is how often fill's first values come in n, with what is left over of them.
func repeat(n, made int) (whole, rest int) { return n / made, n % made }

func words[T any](n int, f func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// random measures gathering of 8 bytes from places all over a large table.
func (b *bench) random() error {
	n := b.rows
	table := max(b.groups*16, 1024) // words: well beyond the caches at full size
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(8 * table), int64(4 * n), int64(8 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(1, 1))
			at := words(n, func(int) uint32 { return uint32(r.IntN(table)) })
			if err := errors.Join(b.Fill(p[0], 0, int64(8*table), s.S), b.fill(s, p[1], n, 4, column.BytesOf(at))); err != nil {
				return err
			}
			seconds, err := b.Time(s.S, func() error {
				return s.Run("compact", "pb_gather", n, 256, uint64(p[0]), 8, uint64(p[1]), uint64(n), uint64(p[2]))
			})
			if err != nil {
				return err
			}
			b.report.RandomAccesses = float64(n) / seconds
			b.add("random reads of 8 bytes", n, int64(12*n), seconds, 0, 0)
			return nil
		})
	})
}

// filter measures query 6 on resident columns: with its share of rows, and with all. Rows that fail one predicate are not read for the next, so that with its
// share less is read than the columns' bytes, which are what is named; with all rows, every byte is.
func (b *bench) filter() error {
	return errors.Join(b.revenue("filter and arithmetic, ungrouped sum", 2500, 11, 50), b.revenue("the same where all rows pass", 365, 3, 20))
}

// revenue is one of them: of so many days, discounts and quantities query 6 asks for the first 365, 3 and 23 or so.
func (b *bench) revenue(name string, days, discounts, quantities int) error {
	n := b.rows
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(4 * n), int64(8 * n), int64(8 * n), int64(8 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(2, 2))
			made := min(n, unit)
			date := words(made, func(int) int32 { return int32(8766 + r.IntN(days)) })
			discount := words(made, func(int) int64 { return int64(5 + r.IntN(discounts)) })
			quantity := words(made, func(int) int64 { return int64(100 + 100*r.IntN(quantities)) })
			price := words(made, func(int) int64 { return int64(90000 + r.IntN(10_000_000)) })
			for i, c := range [][]byte{column.BytesOf(date), column.BytesOf(discount), column.BytesOf(quantity), column.BytesOf(price)} {
				if err := b.fill(s, p[i], n, len(c)/made, c); err != nil {
					return err
				}
			}
			whole, rest := repeat(n, made)
			var want column.Int128
			for i := range made {
				if date[i] >= 8766 && date[i] < 9131 && discount[i] >= 5 && discount[i] <= 7 && quantity[i] < 2400 {
					times := int64(whole)
					if i < rest {
						times++
					}
					want = want.Add(column.MulInt64(price[i]*discount[i], times))
				}
			}
			for _, mode := range b.modes {
				seconds, compiled, err := b.aggregate(mode, revenue(), p, n, 1, 0, want)
				if err != nil {
					return err
				}
				b.pipeline(name, mode, n, int64(28*n), seconds, compiled, 0.80, 0)
			}
			return nil
		})
	})
}

// projection measures arithmetic whose result is written.
func (b *bench) projection() error {
	n := b.rows
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(8 * n), int64(8 * n), int64(16 * n), int64(8 * ((n + 63) / 64))}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(3, 3))
			made := min(n, unit)
			price := words(made, func(int) int64 { return int64(90000 + r.IntN(10_000_000)) })
			discount := words(made, func(int) int64 { return int64(r.IntN(11)) })
			if err := errors.Join(b.fill(s, p[0], n, 8, column.BytesOf(price)), b.fill(s, p[1], n, 8, column.BytesOf(discount))); err != nil {
				return err
			}
			for _, mode := range b.modes {
				if err := b.discounted(s, p, mode, price, discount); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// discounted measures the projection of price and discount, which are made and repeat in the columns.
func (b *bench) discounted(s *steps.Steps, p []driver.Ptr, mode ops.Compile, price, discount []int64) error {
	n := b.rows
	projection, err := ops.NewDevice(b.Device, ops.Options{Compile: mode}).Projection(discounted())
	if err != nil {
		return err
	}
	bound, err := projection.Bind(s.S, []ops.Resident{{Values: p[0]}, {Values: p[1]}}, n, []ops.Resident{{Values: p[2]}}, p[3])
	if err != nil {
		return err
	}
	defer bound.Free()
	seconds, err := b.Time(s.S, bound.Launch)
	if err != nil {
		return err
	}
	if trouble, err := bound.Trouble(); err != nil || trouble {
		return errors.Join(err, fmt.Errorf("trouble: %v", trouble))
	}
	got, err := steps.Down[column.Int128](s, p[2], len(price))
	if err != nil {
		return err
	}
	for i, v := range got {
		if v != column.MulInt64(price[i], 100-discount[i]) {
			return fmt.Errorf("row %d is %s", i, v)
		}
	}
	b.pipeline("projection price * (1 - discount)", mode, n, int64(32*n)+int64(n/8), seconds, bound.Compiled(), 0.80, 0)
	return nil
}

// grouped measures sums of few groups.
func (b *bench) grouped() error {
	n := b.rows
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(4 * n), int64(8 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(4, 4))
			made := min(n, unit)
			price := words(made, func(int) int64 { return int64(90000 + r.IntN(10_000_000)) })
			if err := b.fill(s, p[1], n, 8, column.BytesOf(price)); err != nil {
				return err
			}
			want := total(price, n)
			for _, groups := range []int{4, 64, 256} {
				keys := words(made, func(int) int32 { return int32(r.IntN(groups)) })
				if err := b.fill(s, p[0], n, 4, column.BytesOf(keys)); err != nil {
					return err
				}
				for _, mode := range b.modes {
					seconds, compiled, err := b.aggregate(mode, sums(groups), p, n, groups, 1, want)
					if err != nil {
						return fmt.Errorf("%d groups: %w", groups, err)
					}
					b.pipeline(fmt.Sprintf("sums of %d groups", groups), mode, n, int64(12*n), seconds, compiled, 0.70, 0)
				}
			}
			return nil
		})
	})
}

// total is the sum of n values that repeat those made.
func total(made []int64, n int) (sum column.Int128) {
	whole, rest := repeat(n, len(made))
	for i, v := range made {
		times := int64(whole)
		if i < rest {
			times++
		}
		sum = sum.Add(column.MulInt64(v, times))
	}
	return sum
}

// large measures a grouping into very many groups.
func (b *bench) large() error {
	n := b.rows
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(8 * n), int64(8 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(5, 5))
			made := min(n, unit)
			price := words(made, func(int) int64 { return int64(90000 + r.IntN(10_000_000)) })
			keys := words(n, func(int) int64 { return int64(r.IntN(b.groups)) * 7 })
			if err := errors.Join(b.fill(s, p[0], n, 8, column.BytesOf(keys)), b.fill(s, p[1], n, 8, column.BytesOf(price))); err != nil {
				return err
			}
			for _, mode := range b.modes {
				seconds, compiled, err := b.aggregate(mode, largeSums(b.groups), p, n, b.groups, 1, total(price, n))
				if err != nil {
					return err
				}
				b.pipeline(fmt.Sprintf("sums and counts of %d groups", b.groups), mode, n, int64(16*n), seconds, compiled, 0, 1e9)
			}
			return nil
		})
	})
}

// dictionary measures the decoding of bit-packed dictionary codes to values of 8 bytes.
func (b *bench) dictionary() error {
	const width = 10
	n := b.rows / 8 * 8
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(n/8*width + 8), int64(8 * n), 8 << width, 4 * 6, 4}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(6, 6))
			bytes := min(n/8*width, unit)
			page := words(bytes, func(int) byte { return byte(r.Uint32()) })
			entries := words(1<<width, func(int) uint64 { return r.Uint64() })
			// One packed run that begins at the page's first byte.
			runs := []uint32{0, 0, 1, ^uint32(0), 0, 0}
			if err := errors.Join(b.fill(s, p[0], n/8*width, 1, page), b.fill(s, p[2], len(entries), 8, column.BytesOf(entries)),
				b.fill(s, p[3], len(runs), 4, column.BytesOf(runs)), b.Fill(p[4], 0, 4, s.S)); err != nil {
				return err
			}
			seconds, err := b.Time(s.S, func() error { return s.DecodeDictionary(p[0], p[3], 1, width, n, p[2], 1<<width, 8, p[1], p[4]) })
			if err != nil {
				return err
			}
			some := min(n, 1<<16)
			got, err := steps.Down[uint64](s, p[1], some)
			if err != nil {
				return err
			}
			for i, v := range got {
				code := 0
				for k := range width {
					at := i*width + k
					code |= int(page[at/8]>>(at%8)&1) << k
				}
				if v != entries[code] {
					return fmt.Errorf("value %d is wrong", i)
				}
			}
			b.add("dictionary decoding, 10 bits to 8 bytes", n, int64(n/8*width)+int64(8*n), seconds, 0.60, 0)
			return nil
		})
	})
}

// spread measures partitioning and sorting.
func (b *bench) spread() error {
	n := b.rows / 4
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(8 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(8, 8))
			keys := words(n, func(int) uint64 { return r.Uint64() })
			if err := b.fill(s, p[0], n, 8, column.BytesOf(keys)); err != nil {
				return err
			}
			free := func(x cuda.Buffer, err error) error {
				x.Free()
				return err
			}
			seconds, err := b.Time(s.S, func() error {
				list, _, err := s.Partition(p[0], n, 256)
				return free(list, err)
			})
			if err != nil {
				return err
			}
			b.add("partition into 256", n, int64(20*n), seconds, 0, 0)
			if seconds, err = b.Time(s.S, func() error {
				out, _, err := s.PartitionColumns(p[0], n, 256, []driver.Ptr{p[0], p[0]}, []int{8, 8})
				for _, x := range out {
					x.Free()
				}
				return err
			}); err != nil {
				return err
			}
			b.add("partition into 256 of two columns of 8 bytes", n, int64(48*n), seconds, 0, 0)
			if seconds, err = b.Time(s.S, func() error {
				sorted, order, err := s.Sort(p[0], 0, n, 0, 64)
				return errors.Join(free(sorted, err), free(order, nil))
			}); err != nil {
				return err
			}
			b.add("sort of 64-bit keys with row numbers", n, int64(8*(8+24)*n), seconds, 0, 0)
			if seconds, err = b.Time(s.S, func() error {
				order, err := s.Top(p[0], n, min(n, 100))
				return free(order, err)
			}); err != nil {
				return err
			}
			b.add("top 100", n, int64(8*8*n), seconds, 0, 0)
			return nil
		})
	})
}

// compact measures compaction and gathering of half of the rows.
func (b *bench) compact() error {
	n := b.rows
	return b.steps(func(s *steps.Steps) error {
		return b.keep([]int64{int64(8 * ((n + 63) / 64)), int64(8 * n)}, func(p []driver.Ptr) error {
			r := rand.New(rand.NewPCG(9, 9))
			bits := words(min((n+63)/64, unit), func(int) uint64 { return r.Uint64() })
			if err := errors.Join(b.fill(s, p[0], (n+63)/64, 8, column.BytesOf(bits)), b.Fill(p[1], 1, int64(8*n), s.S)); err != nil {
				return err
			}
			left := 0
			seconds, err := b.Time(s.S, func() error {
				list, k, err := s.Compact(p[0], n)
				if err != nil {
					return err
				}
				defer list.Free()
				left = k
				out, err := s.Gather(p[1], 8, list.Ptr, k)
				if err == nil {
					err = b.Note(b.Synchronize(s.S))
				}
				out.Free()
				return err
			})
			if err == nil {
				b.add("compaction of half of the rows, 8 bytes", n, int64(2*(n/8))+int64(left*8)+int64(left*16), seconds, 0, 0)
			}
			if err != nil {
				return err
			}
			seconds, err = b.Time(s.S, func() error {
				out, _, err := s.CompactValues(p[0], n, []driver.Ptr{p[1]}, []int{8})
				if err != nil {
					return err
				}
				err = b.Note(b.Synchronize(s.S))
				out[0].Free()
				return err
			})
			if err == nil {
				b.add("the same without a list of the rows", n, int64(2*(n/8))+int64(n*8)+int64(left*8), seconds, 0, 0)
			}
			return err
		})
	})
}

// overlap measures copies from the host while the card computes.
func (b *bench) overlap() error {
	n := b.rows
	bytes := min(256<<20, 8*n)
	host, err := b.Pinned.Alloc(bytes)
	if err != nil {
		return err
	}
	defer b.Pinned.Free(host)
	return b.steps(func(compute *steps.Steps) error {
		return b.steps(func(copies *steps.Steps) error {
			return b.keep([]int64{int64(8 * n), int64(8 * n), int64(bytes)}, func(p []driver.Ptr) error {
				if err := b.Fill(p[0], 1, int64(8*n), compute.S); err != nil {
					return err
				}
				hash := func() error {
					return compute.Run("keys", "pb_hash_words", n, 256, uint64(p[0]), 1, uint64(n), uint64(p[1]))
				}
				busy, err := b.Time(compute.S, hash)
				if err != nil {
					return err
				}
				// Half as much computing again as the copies take alone, so that it outlasts them.
				repeats := 8
				if b.bus > 0 {
					repeats = min(1000, int(1.5*float64(bytes)/b.bus/busy)+1)
				}
				seconds, err := b.Time(copies.S, func() error {
					for range repeats {
						if err := hash(); err != nil {
							return err
						}
					}
					return b.Note(b.CopyIn(p[2], host, copies.S))
				})
				if err != nil {
					return err
				}
				rate := float64(bytes) / seconds
				share := 0.0
				if b.bus > 0 {
					share = rate / b.bus
				}
				ok := share >= 0.85
				r := result{Name: "copy from the host while kernels run, share of the bus alone", Bytes: int64(bytes), Seconds: seconds, GBps: rate / 1e9, Share: share,
					Goal: "85 % of the bus alone", Reached: &ok}
				fmt.Printf("%-44s %9.3f ms %8.1f GB/s %5.1f %% of the bus alone%s\n", "copy from the host while kernels run", seconds*1e3, r.GBps, 100*share, verdict(r))
				b.report.Results = append(b.report.Results, r)
				return errors.Join(b.Note(b.Synchronize(compute.S)))
			})
		})
	})
}
