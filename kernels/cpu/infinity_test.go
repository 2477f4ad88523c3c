package cpu

import (
	"math"
	"testing"

	"github.com/polybolos-db/polybolos/column"
)

// TestInfinitiesAreFoundEverywhere puts one infinity at each place of vectors around the sizes of blocks.
func TestInfinitiesAreFoundEverywhere(t *testing.T) {
	for _, n := range []int{0, 1, 7, 64, infinityBlock - 1, infinityBlock, infinityBlock + 1, 2*infinityBlock + 33} {
		days, us := make([]int32, n), make([]int64, n)
		for i := range days {
			days[i], us[i] = int32(i*7919), int64(i)*math.MaxInt32
		}
		if anyInfiniteDate(days) || anyInfiniteTimestamp(us) {
			t.Fatalf("%d finite values: an infinity was found", n)
		}
		for i := 0; i < n; i += 1 + n/97 {
			for _, c := range []struct {
				day int32
				us  int64
			}{{column.DateInfinity, math.MaxInt64}, {column.DateMinusInfinity, math.MinInt64}} {
				d, u := days[i], us[i]
				days[i], us[i] = c.day, c.us
				if !anyInfiniteDate(days) || !anyInfiniteTimestamp(us) {
					t.Fatalf("%s at %d of %d was not found", column.FormatDate(c.day), i, n)
				}
				out := make([]int64, n)
				microsOfDays(out, days)
				for k := range out {
					if want := int64(days[k]) * column.MicrosPerDay; k != i && out[k] != want || k == i && out[k] != c.us {
						t.Fatalf("day %d at %d is the timestamp %d", days[k], k, out[k])
					}
				}
				days[i], us[i] = d, u
			}
		}
	}
}
