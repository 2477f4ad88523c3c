package jobs

import (
	"bytes"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
)

func bounded(least, greatest int64, bloom ...byte) KeyFilter {
	a, b := column.IntValue(column.T(column.Int64), least), column.IntValue(column.T(column.Int64), greatest)
	return KeyFilter{Filter: 1, Any: true, Least: &a, Greatest: &b, Bloom: bloom}
}

func word(b byte) []byte { return bytes.Repeat([]byte{b}, 8) }

func TestFiltersOfTasksAreMerged(t *testing.T) {
	small, large := word(1), append(word(2), word(4)...)
	for name, c := range map[string]struct {
		parts []KeyFilter
		want  KeyFilter
	}{
		"none":          {[]KeyFilter{{Filter: 1}, {Filter: 1}}, KeyFilter{Filter: 1}},
		"one has none":  {[]KeyFilter{{Filter: 1}, bounded(3, 9, small...)}, bounded(3, 9, small...)},
		"both":          {[]KeyFilter{bounded(3, 9, word(1)...), bounded(-2, 5, word(2)...)}, bounded(-2, 9, word(3)...)},
		"of two sizes":  {[]KeyFilter{bounded(1, 1, small...), bounded(1, 2, large...)}, bounded(1, 2, append(word(3), word(5)...)...)},
		"one too full":  {[]KeyFilter{bounded(1, 1, small...), bounded(0, 2)}, bounded(0, 2)},
		"one unordered": {[]KeyFilter{bounded(1, 1, small...), {Filter: 1, Any: true, Bloom: small}}, KeyFilter{Filter: 1, Any: true, Bloom: small}},
	} {
		t.Run(name, func(t *testing.T) {
			j := &job{filters: map[int]*gathered{}}
			stage := &plan.Stage{Tasks: len(c.parts)}
			for task, f := range c.parts {
				j.gather(stage, task, []KeyFilter{f})
				j.gather(stage, task, []KeyFilter{f}) // another attempt
			}
			got := j.filters[1].filter
			if got.Any != c.want.Any || !bytes.Equal(got.Bloom, c.want.Bloom) || (got.Least == nil) != (c.want.Least == nil) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			if got.Least != nil && (got.Least.Int64() != c.want.Least.Int64() || got.Greatest.Int64() != c.want.Greatest.Int64()) {
				t.Errorf("from %s to %s", got.Least, got.Greatest)
			}
			scan := &plan.Stage{Root: &plan.Scan{Runtime: []plan.RuntimeFilterUse{{Filter: 1}}}}
			if n := len(j.filtersFor(scan)); n != 1 {
				t.Errorf("%d filters for the scan", n)
			}
			j.filters[1].tasks++
			if n := len(j.filtersFor(scan)); n != 0 {
				t.Error("a filter of which a task's part is missing is used")
			}
		})
	}
}
