package simd

// unpackTable is where the bits of values are.
type unpackTable struct {
	// For AVX-512: the byte of the input that each byte of the output is taken from, and by how many bits each value is then shifted. Up to 25 bits, 16 values
	// in 32 bits each; above, 8 values in 64 bits.
	bytes  [64]uint8
	shifts [64]uint8 // of little-endian 32-bit or 64-bit numbers
	// For AVX2: 8 values of 32 bits, those of the upper half counted from half the width on.
	places  [32]uint8
	shifts2 [32]uint8
	// For AVX2 and values above 25 bits: 8 values in 64 bits each, values 0, 1, 4, 5 in the first register and the others in the second; each pair is counted
	// from the byte where its first value begins.
	wide [2]struct{ places, shifts [32]uint8 }
}

// widestNarrow is the greatest width whose values lie within four bytes wherever they begin.
const widestNarrow = 25

var unpackTables = func() (tables [33]unpackTable) {
	for width := 1; width <= 32; width++ {
		t := &tables[width]
		size := 4
		if width > widestNarrow {
			size = 8
		}
		for i := range 64 / size {
			bit := i * width
			for b := range size {
				t.bytes[i*size+b] = uint8(min(bit/8+b, 63))
			}
			t.shifts[i*size] = uint8(bit % 8)
		}
		for i := range 8 {
			bit := i * width
			if i >= 4 {
				bit -= width / 2 * 8
			}
			for b := range 4 {
				t.places[4*i+b] = uint8(min(bit/8+b, 15))
			}
			t.shifts2[4*i] = uint8(bit % 8)
		}
		for i := range 8 {
			first := i &^ 1 * width
			bit := first - first/8*8 + i%2*width
			w, at := &t.wide[i/2%2], i/4*16+i%2*8
			for b := range 8 {
				w.places[at+b] = uint8(min(bit/8+b, 15))
			}
			w.shifts[at] = uint8(bit % 8)
		}
	}
	return tables
}()
