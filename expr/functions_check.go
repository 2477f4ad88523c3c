package expr

import (
	"math"

	"github.com/polybolos-db/polybolos/fault"
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
	return []*Function{
		count("$limit", "LIMIT", fault.InvalidLimit), count("$offset", "OFFSET", fault.InvalidOffset),
		strict("$sample", "A number from 0 up to but not including 1 that follows from a row's number and a seed.", params(tInt64, tFloat64), tFloat64,
			map2(func(row int64, seed float64) (float64, error) {
				return float64(scramble(scramble(math.Float64bits(seed))^uint64(row))>>11) / (1 << 53), nil
			})),
	}
}

// scramble is the finalizer of splitmix64.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
