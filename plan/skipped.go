package plan

import (
	"fmt"
	"strconv"
	"strings"
)

const skippedText = " bad rows left out"

// SkippedDetail is what a scan says in NodeStats of rows that its format left out.
func SkippedDetail(n int64) string { return fmt.Sprintf(", %d%s", n, skippedText) }

// SkippedOf is how many rows SkippedDetail told of.
func SkippedOf(stats map[int]NodeStats) int64 {
	var sum int64
	for _, s := range stats {
		before, found := strings.CutSuffix(s.Detail, skippedText)
		if !found {
			continue
		}
		if n, err := strconv.ParseInt(before[strings.LastIndexByte(before, ' ')+1:], 10, 64); err == nil {
			sum += n
		}
	}
	return sum
}
