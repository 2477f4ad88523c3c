package kernels

import (
	"fmt"

	"github.com/klauspost/compress/snappy"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/simd"
)

// blockRows is the number of rows in a compressed block: about the size of a page of Parquet.
const blockRows = 1 << 15

// decompressing undoes Snappy: of text with many repetitions, and of numbers with few.
func decompressing() []Kernel {
	random := newRandom()
	return []Kernel{
		snappyKernel("text", func(i int) []byte { return fmt.Appendf(nil, "Customer#%09d", i) }),
		snappyKernel("numbers", func(int) []byte {
			n := random.Uint32N(1 << 20)
			return []byte{byte(n), byte(n >> 8), byte(n >> 16), 0, 0, 0, 0, 0}
		}),
	}
}

func snappyKernel(name string, value func(i int) []byte) Kernel {
	return Kernel{Name: "snappy/" + name, Prepare: func(*mem.Arena) (Loop, error) {
		var plain []byte
		for i := range blockRows {
			plain = append(plain, value(i)...)
		}
		packed := snappy.Encode(nil, plain)
		dst := make([]byte, len(plain))
		return Loop{
			Rows: blockRows, Traffic: Traffic{Read: int64(len(packed)), Written: int64(len(plain))},
			Pass: func() error { return simd.SnappyDecode(dst, packed) },
		}, nil
	}}
}
