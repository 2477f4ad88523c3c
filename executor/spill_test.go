package executor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
)

// ways are tasks for the same plan that must give the same rows: in memory, and with all that can be spilled spilled after every batch, where what is read back
// fits memory, and where it does not.
func ways(root plan.Node, threads int) map[string]*Task {
	out := map[string]*Task{"in memory": taskOf(root, threads), "spilled": taskOf(root, threads), "spilled, nothing fits": taskOf(root, threads)}
	out["spilled"].early = true
	out["spilled, nothing fits"].early, out["spilled, nothing fits"].earlyShare = true, 1
	return out
}

// Sorts of every type, direction and cut give the same rows in the same order of their keys, wherever the rows lie.
func TestSpilledSortsAgreeWithThoseInMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 5))
	types := columntest.Types()
	for round := range 60 {
		a := mem.NewArena(nil)
		keys := []kernels.SortKey{{Column: 0, Descending: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0}, {Column: 1, Descending: r.IntN(2) == 0}}
		input := randomNode(r, a, append(types[round%len(types):round%len(types)+1:round%len(types)+1], bigint, columntest.NestedTypes()[round%3]), 8, 300)
		n := &plan.Sort{Input: input, Keys: keys, Count: -1}
		if r.IntN(2) == 0 {
			n.Count, n.Offset = int64(r.IntN(300)), int64(r.IntN(200))
		}
		want, _, err := collect(t, taskOf(n, 2))
		if err != nil {
			t.Fatal(err)
		}
		for way, task := range ways(n, 1+round%3) {
			got, _, err := collect(t, task)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("round %d, %v, %s", round, types[round%len(types)], way)
			if len(got) != len(want) {
				t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
			}
			for i := range got {
				if g, w := rowText(got[i][:2]), rowText(want[i][:2]); g != w {
					t.Fatalf("%s: row %d is %s, want %s", name, i, g, w)
				}
			}
			if n.Count < 0 {
				sameRows(t, name, got, want)
			}
		}
		a.Free()
	}
}
