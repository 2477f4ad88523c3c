package tpchgen

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Checksum is a 64-bit hash of values and their order. It does not depend on files, row groups, encodings or workers.
//
// A column's checksum over the values v1 ... vn is h(v1)*P^(n-1) + ... + h(vn) modulo 2^64, so the checksum of two
// pieces follows from theirs and their lengths. A table's checksum folds those of its columns and the row count.
type Checksum uint64

// checksumBase is P, odd, so that no power of it is a zero divisor's end.
const checksumBase = 0x9E3779B97F4A7C15

// MarshalText writes the checksum as 16 hexadecimal digits: JSON's numbers end at 2^53 in many readers.
func (c Checksum) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(c)), nil }

// UnmarshalText reads what MarshalText writes.
func (c *Checksum) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return fmt.Errorf("checksum %q is not 16 hexadecimal digits", text)
	}
	*c = Checksum(v)
	return nil
}

// join returns the checksum of a piece followed by a piece of n values.
func (c Checksum) join(piece Checksum, n int64) Checksum {
	power, base := uint64(1), uint64(checksumBase)
	for e := n; e > 0; e >>= 1 {
		if e&1 != 0 {
			power *= base
		}
		base *= base
	}
	return Checksum(uint64(c)*power + uint64(piece))
}

// tableChecksum folds the column checksums of a table of that many rows.
func tableChecksum(columns []Checksum, rows int64) Checksum {
	h := hashInt(rows)
	for _, c := range columns {
		h = h*checksumBase + hashInt(int64(c))
	}
	return Checksum(h)
}

// checksum returns the checksum of a column of a chunk. The type says which slice holds it: the others may hold what an
// earlier table left.
func (c *column) checksum(t Type) Checksum {
	var h uint64
	if c.dict != nil {
		hashes := c.dict.hashes
		for _, i := range c.idx {
			h = h*checksumBase + hashes[i]
		}
		return Checksum(h)
	}
	switch t {
	case Int32, Date:
		for _, v := range c.i32 {
			h = h*checksumBase + hashInt(int64(v))
		}
	case Int64, Decimal:
		for _, v := range c.i64 {
			h = h*checksumBase + hashInt(v)
		}
	case String:
		for _, v := range c.str {
			h = h*checksumBase + hashString(v)
		}
	}
	return Checksum(h)
}

// hashInt scatters an integer (integers, dates, decimals alike) over 64 bits.
func hashInt(v int64) uint64 {
	h := (uint64(v) + 1) * 0xD6E8FEB86659FD93
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	return h ^ h>>29
}

// hashString hashes bytes, eight at a time.
func hashString(b []byte) uint64 {
	h := uint64(len(b)+1) * 0xA0761D6478BD642F
	for len(b) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(b)) * 0xE7037ED1A0B428DB
		h ^= h >> 31
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	h = (h ^ tail) * 0xE7037ED1A0B428DB
	return h ^ h>>29
}
