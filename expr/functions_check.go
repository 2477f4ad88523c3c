package expr

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// checkFunctions are what the binder puts into plans. No query can name them without quotes.
func checkFunctions() []*Function {
	count := func(name, clause string, code fault.Code) *Function {
		return strict(name, "The number of rows, which must not be negative.", params(tInt64), tInt64, map1(func(n int64) (int64, error) {
			if n < 0 {
				return 0, fault.New(code, "%s must not be negative", clause)
			}
			return n, nil
		}))
	}
	length := func(name, kind string, blanks bool) *Function {
		return strict(name, "The text, which must not be longer than so many characters, blanks at its end aside.", params(tText, tInt32), tText,
			toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				s, n := kernels.ReadBytes(c.Args[0]), kernels.Read[int32](c.Args[1])
				return func(dst []byte, i int) ([]byte, error) {
					p, ok := fitLength(s.At(i), int(n.At(i)), blanks)
					if !ok {
						return nil, fault.New(fault.StringTooLong, "value too long for type %s(%d)", kind, n.At(i))
					}
					return append(dst, p...), nil
				}
			}))
	}
	return []*Function{
		length("$varchar", "character varying", false), length("$char", "character", true),
		count("$limit", "LIMIT", fault.InvalidLimit), count("$offset", "OFFSET", fault.InvalidOffset),
		strict("$sample", "A number from 0 up to but not including 1 that follows from a row's number and a seed.", params(tInt64, tFloat64), tFloat64,
			map2(func(row int64, seed float64) (float64, error) {
				return float64(scramble(scramble(math.Float64bits(seed))^uint64(row))>>11) / (1 << 53), nil
			})),
	}
}

// fitLength cuts blanks off the end of a text that is longer than n characters, or with blanks of any text; false when more than blanks is too much.
func fitLength(s []byte, n int, blanks bool) ([]byte, bool) {
	if blanks {
		s = bytes.TrimRight(s, " ")
	}
	if len(s) <= n || utf8.RuneCount(s) <= n {
		return s, true
	}
	at := 0
	for range n {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return s[:at], len(bytes.TrimRight(s[at:], " ")) == 0
}

// scramble is the finalizer of splitmix64.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
