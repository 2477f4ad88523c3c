package steps

import (
	"encoding/binary"
	"fmt"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

// Runs are the runs of a page of Parquet's hybrid encoding, as the kernels read them.
type Runs struct {
	Words []uint32 // three a run: first position, data, packed
	Width int      // bits of a number
}

// ReadRuns reads the headers of a page of n numbers of width bits.
func ReadRuns(page []byte, width, n int) (Runs, error) {
	if width < 0 || width > 32 {
		return Runs{}, fmt.Errorf("steps: numbers of %d bits", width)
	}
	out := Runs{Width: width}
	at, done := 0, 0
	for done < n {
		header, size := binary.Uvarint(page[at:])
		if size <= 0 {
			return Runs{}, fmt.Errorf("steps: no run header at byte %d of %d", at, len(page))
		}
		at += size
		if header&1 != 0 {
			groups := header >> 1
			bytes := groups * uint64(width)
			if groups == 0 || bytes > uint64(len(page)-at) {
				return Runs{}, fmt.Errorf("steps: a run of %d packed groups at byte %d of %d", groups, at, len(page))
			}
			out.Words = append(out.Words, uint32(done), uint32(at), 1)
			at += int(bytes)
			done += int(min(groups*8, uint64(n-done)))
			continue
		}
		length := header >> 1
		bytes := (width + 7) / 8
		if length == 0 || bytes > len(page)-at {
			return Runs{}, fmt.Errorf("steps: a run of %d equal numbers at byte %d of %d", length, at, len(page))
		}
		var word [4]byte
		copy(word[:], page[at:at+bytes])
		out.Words = append(out.Words, uint32(done), binary.LittleEndian.Uint32(word[:]), 0)
		at += bytes
		done += int(min(length, uint64(n-done)))
	}
	out.Words = append(out.Words, ^uint32(0), 0, 0)
	return out, nil
}

// Count is the number of runs.
func (r Runs) Count() int { return len(r.Words)/3 - 1 }

// DecodeDictionary writes the entries, of size bytes (1, 4, 8 or 16), that the n numbers of a page name to out. page and runs lie on the device. What is wrong
// (a number beyond the entries) is said by trouble, a word of 32 bits, not being 0 afterwards.
func (s *Steps) DecodeDictionary(page, runs driver.Ptr, count, width, n int, dictionary driver.Ptr, entries, size int, out, trouble driver.Ptr) error {
	if n == 0 {
		return nil
	}
	near, shared := (entries*size+15)/16*16, uint64(1)
	if near > nearDictionary {
		near, shared = 0, 0
	}
	return s.D.Run(s.S, "decode", "pb_decode_dictionary", s.D.BlocksOf(int64(n), 4*threads, 8), threads, near, uint64(page), uint64(runs), uint64(count), uint64(width), uint64(n),
		uint64(dictionary), uint64(entries), uint64(size), shared, uint64(out), uint64(trouble))
}

// nearDictionary is up to how many bytes a dictionary lies in each block's shared memory: eight blocks of a multiprocessor have that.
const nearDictionary = 24 << 10

// DecodeCodes writes the n numbers of a page to out, 4 bytes each.
func (s *Steps) DecodeCodes(page, runs driver.Ptr, count, width, n int, out driver.Ptr) error {
	return s.Run("decode", "pb_decode_codes", n, threads, uint64(page), uint64(runs), uint64(count), uint64(width), uint64(n), uint64(out))
}

// DecodeLevels makes a bitmap of the n levels that are the greatest.
func (s *Steps) DecodeLevels(page, runs driver.Ptr, count, width, n, greatest int, bits driver.Ptr) error {
	return s.Run("decode", "pb_decode_levels", n, threads, uint64(page), uint64(runs), uint64(count), uint64(width), uint64(n), uint64(greatest), uint64(bits))
}

// Spread gives dense values, of size bytes, the rows whose bit is set; the others become zero.
func (s *Steps) Spread(values driver.Ptr, size int, bits driver.Ptr, rows int) (out cuda.Buffer, err error) {
	starts, err := s.mark(bits, rows)
	if err != nil {
		return out, err
	}
	if out, err = s.D.Pool.Alloc(int64(size * rows)); err != nil {
		return out, err
	}
	return out, s.Run("decode", "pb_decode_spread", rows, marksRows, uint64(values), uint64(size), uint64(bits), uint64(starts.starts), uint64(rows), uint64(out.Ptr))
}

// TextCompare and TextMatch say for each text, in Arrow's layout, whether it compares so with the pattern (0 =, 1 <>, 2 <, 3 <=, 4 >, 5 >=), or has it as a prefix
// (0), a suffix (1) or anywhere (2): a byte each in out.
func (s *Steps) TextCompare(offsets, bytes driver.Ptr, rows int, pattern driver.Ptr, length, op int, out driver.Ptr) error {
	return s.Run("strings", "pb_text_compare", rows, threads, uint64(offsets), uint64(bytes), uint64(rows), uint64(pattern), uint64(length), uint64(op), uint64(out))
}

// TextMatch is described with TextCompare.
func (s *Steps) TextMatch(offsets, bytes driver.Ptr, rows int, pattern driver.Ptr, length, where int, out driver.Ptr) error {
	return s.Run("strings", "pb_text_match", rows, threads, uint64(offsets), uint64(bytes), uint64(rows), uint64(pattern), uint64(length), uint64(where), uint64(out))
}
