package session

import (
	"fmt"

	"github.com/polybolos-db/polybolos/plan"
)

// Notices are what there is to say of the statement that ran last, beside its result. They are complete once its rows have been read.
func (s *Session) Notices() []string { return s.notices }

// noteSkipped tells of rows that the formats of files left out, as options allowed them.
func (s *Session) noteSkipped(stats map[int]plan.NodeStats) {
	switch n := plan.SkippedOf(stats); n {
	case 0:
	case 1:
		s.notices = append(s.notices, "1 bad row was left out, as ignore_errors asks")
	default:
		s.notices = append(s.notices, fmt.Sprintf("%d bad rows were left out, as ignore_errors asks", n))
	}
}
