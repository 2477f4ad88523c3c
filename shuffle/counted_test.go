package shuffle

import (
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
)

func TestCountedKnowsTheBytesOfPartitions(t *testing.T) {
	store := NewMemory(mem.NewBudget("the test", 0, nil))
	c := Count(store)
	id := ID{Job: "j"}
	out, err := c.Create(t.Context(), id, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []int{0, 2, 2} {
		if err := out.Put(t.Context(), p, make([]byte, 10+p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.Sizes(); !slices.Equal(got, []int64{10, 0, 24}) {
		t.Errorf("got %v", got)
	}
	if blocks, err := store.Blocks(t.Context(), id, 2); err != nil || len(blocks) != 2 {
		t.Errorf("%d blocks, %v", len(blocks), err)
	}
	store.Drop(id.Job)
}
