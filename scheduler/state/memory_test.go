package state_test

import (
	"testing"

	"github.com/polybolos-db/polybolos/scheduler/state"
	"github.com/polybolos-db/polybolos/scheduler/state/statetest"
)

func TestMemoryIsAStore(t *testing.T) {
	s := state.NewMemory()
	defer s.Close()
	statetest.Run(t, s)
}
