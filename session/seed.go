package session

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
)

// seedSetting is the name of the setting that setseed changes.
const seedSetting = "seed"

// draws counts the statements with random numbers since the seed was set, each of which has numbers of its own.
type draws struct {
	statement uint64
	drawn     bool // the statement that runs has random numbers
}

// next begins a statement.
func (d *draws) next() {
	if d.drawn {
		d.statement, d.drawn = d.statement+1, false
	}
}

// seedValue checks a seed; empty is none.
func seedValue(v string) (string, error) {
	if v == "" {
		return "", nil
	}
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || !(x >= -1 && x <= 1) {
		return "", fmt.Errorf("must be a number from -1 to 1")
	}
	return strconv.FormatFloat(x, 'g', -1, 64), nil
}

// seeded is a plan whose random numbers follow from the session's seed, if it has one: from the seed, from how many statements with random numbers came
// before, and from the place of the call in the statement.
func (s *Session) seeded(n logical.Node, ids *logical.IDs) (logical.Node, error) {
	text := s.values[seedSetting]
	if text == "" {
		return n, nil
	}
	seed, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, err
	}
	numbers := rand.New(rand.NewPCG(math.Float64bits(seed), s.draws.statement))
	return sql.Seeded(n, ids, func() float64 {
		s.draws.drawn = true
		return numbers.Float64()
	})
}
