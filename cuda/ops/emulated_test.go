package ops

import (
	"testing"

	"github.com/polybolos-db/polybolos/cuda/fake"
)

// The same where the program kernels run as what the compiler made of them.
func TestPipelinesEqualTheCPUsAsPTX(t *testing.T) {
	if real != nil {
		t.Skip("a card runs nothing else")
	}
	rounds := 200
	if testing.Short() {
		rounds = 50
	}
	comparePipelines(t, fake.Config{Seed: 2, Interleave: 64, Emulate: true, Races: true, Weak: true}, CompileNever, 10000, rounds)
}
