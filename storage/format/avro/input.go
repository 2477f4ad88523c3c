package avro

import (
	"encoding/binary"
	"errors"
	"math"
)

// input is a block's bytes that are not read yet.
type input struct {
	b []byte
}

var (
	errShort  = errors.New("the block ends within a value")
	errVarint = errors.New("a number has more than 64 bits")
	errLength = errors.New("a length is negative, or greater than what is left of the block")
	errBranch = errors.New("a union's branch does not exist")
	errSymbol = errors.New("an enum's symbol does not exist")
	errBool   = errors.New("a boolean is neither 0 nor 1")
	errCount  = errors.New("a count of elements is greater than what is left of the block could hold")
)

// long reads a number in zigzag form.
func (in *input) long() (int64, error) {
	var u uint64
	for i, c := range in.b {
		if c < 0x80 {
			if i == 9 && c > 1 {
				return 0, errVarint
			}
			u |= uint64(c) << (7 * uint(i))
			in.b = in.b[i+1:]
			return int64(u>>1) ^ -int64(u&1), nil
		}
		if i == 9 {
			return 0, errVarint
		}
		u |= uint64(c&0x7f) << (7 * uint(i))
	}
	return 0, errShort
}

// take gives the next n bytes.
func (in *input) take(n int) ([]byte, error) {
	if n > len(in.b) {
		return nil, errShort
	}
	p := in.b[:n]
	in.b = in.b[n:]
	return p, nil
}

// bytes gives the next bytes, which their length precedes.
func (in *input) bytes() ([]byte, error) {
	n, err := in.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(in.b)) {
		return nil, errLength
	}
	return in.take(int(n))
}

func (in *input) float() (float64, error) {
	p, err := in.take(4)
	if err != nil {
		return 0, err
	}
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(p))), nil
}

func (in *input) double() (float64, error) {
	p, err := in.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(p)), nil
}

// maxEmpty is how many values that take no bytes stand in a row: more are a damaged count.
const maxEmpty = 1 << 20

// count reads how many elements of at least least bytes follow in an array or map; a negative count has the elements' size behind it.
func (in *input) count(least int) (int, error) {
	n, err := in.long()
	if err != nil || n == 0 {
		return 0, err
	}
	if n < 0 {
		if n == math.MinInt64 {
			return 0, errCount
		}
		size, err := in.long()
		if err != nil {
			return 0, err
		}
		if size < 0 || size > int64(len(in.b)) {
			return 0, errLength
		}
		n = -n
	}
	return int(n), checkCount(n, least, len(in.b))
}

func checkCount(n int64, least, left int) error {
	if n < 0 || least > 0 && n > int64(left/least) || least == 0 && n > maxEmpty {
		return errCount
	}
	return nil
}

// skip passes over a value.
func (in *input) skip(s *shape) error {
	var err error
	switch s.name {
	case "null":
	case "boolean":
		_, err = in.take(1)
	case "int", "long", "enum":
		_, err = in.long()
	case "float":
		_, err = in.take(4)
	case "double":
		_, err = in.take(8)
	case "bytes", "string":
		_, err = in.bytes()
	case "fixed":
		_, err = in.take(s.size)
	case "record":
		for _, f := range s.fields {
			if err := in.skip(f.typ); err != nil {
				return err
			}
		}
	case "union":
		b, err := in.branch(s)
		if err != nil {
			return err
		}
		return in.skip(b)
	case "array", "map":
		return in.skipMany(s)
	}
	return err
}

func (in *input) skipMany(s *shape) error {
	for {
		n, err := in.count(s.leastElement())
		if err != nil || n == 0 {
			return err
		}
		for range n {
			if s.name == "map" {
				if _, err := in.bytes(); err != nil {
					return err
				}
			}
			if err := in.skip(s.items); err != nil {
				return err
			}
		}
	}
}

// leastElement is the fewest bytes that an element of an array or an entry of a map takes.
func (s *shape) leastElement() int {
	if s.name == "map" {
		return 1 + s.items.least()
	}
	return s.items.least()
}

// branch reads which of a union's types follows.
func (in *input) branch(s *shape) (*shape, error) {
	n, err := in.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= int64(len(s.types)) {
		return nil, errBranch
	}
	return s.types[n], nil
}
