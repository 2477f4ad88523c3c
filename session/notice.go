package session

import (
	"fmt"
	"slices"

	"github.com/polybolos-db/polybolos/plan"
)

// Notices are what there is to say of the statement that ran last, beside its result. They are complete once its rows have been read.
func (s *Session) Notices() []string {
	s.noting.Lock()
	defer s.noting.Unlock()
	return slices.Clone(s.notices)
}

// note adds a notice. Rows of one statement may be read while the next one runs.
func (s *Session) note(format string, args ...any) {
	s.noting.Lock()
	defer s.noting.Unlock()
	s.notices = append(s.notices, fmt.Sprintf(format, args...))
}

// forgetNotices begins those of another statement.
func (s *Session) forgetNotices() {
	s.noting.Lock()
	defer s.noting.Unlock()
	s.notices = nil
}

// noteSkipped tells of rows that the formats of files left out, as options allowed them.
func (s *Session) noteSkipped(stats map[int]plan.NodeStats) {
	switch n := plan.SkippedOf(stats); n {
	case 0:
	case 1:
		s.note("1 bad row was left out, as ignore_errors asks")
	default:
		s.note("%d bad rows were left out, as ignore_errors asks", n)
	}
}
