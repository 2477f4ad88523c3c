package kernels

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/simd"
)

// unpacking undoes the packing of codes and levels: runs of 504 values, as encoders write them, and the hybrid of short ones.
func unpacking() []Kernel {
	var out []Kernel
	const run = 504
	for _, width := range []uint{1, 4, 7, 12, 17, 23, 27} {
		out = append(out, Kernel{Name: fmt.Sprintf("unpack/%d bits", width), Prepare: func(*mem.Arena) (Loop, error) {
			src, dst := make([]byte, blockRows*4+64), make([]uint32, run)
			random := newRandom()
			for i := range src {
				src[i] = byte(random.Uint32())
			}
			return Loop{
				Rows: blockRows / run * run, Traffic: Traffic{Read: blockRows / run * run * int64(width) / 8, Written: 4 * run},
				Pass: func() error {
					for at := 0; at < blockRows/run; at++ {
						simd.Unpack(dst, src[at*run/8*int(width):], width)
					}
					return nil
				},
			}, nil
		}})
	}
	for _, width := range []uint{1, 7} {
		out = append(out, Kernel{Name: fmt.Sprintf("runs/%d bits", width), Prepare: func(*mem.Arena) (Loop, error) {
			// Runs of one value and of packed ones by turns, of 8 to 80 values.
			var src []byte
			random, rows := newRandom(), 0
			for rows < blockRows {
				n := 1 + random.IntN(10)
				src = append(binary.AppendUvarint(src, uint64(16*n)), byte(random.Uint32N(1<<width)))
				src = binary.AppendUvarint(src, uint64(2*n+1))
				for range n * int(width) {
					src = append(src, byte(random.Uint32()))
				}
				rows += 16 * n
			}
			dst := make([]uint32, rows)
			return Loop{
				Rows: rows, Traffic: Traffic{Read: int64(len(src)), Written: 4 * int64(rows)},
				Pass: func() error {
					if n, size := simd.DecodeRuns(dst, src, width); n != rows || size != len(src) {
						return errUndecoded
					}
					return nil
				},
			}, nil
		}})
	}
	return out
}

var errUndecoded = errors.New("not all runs were decoded")
