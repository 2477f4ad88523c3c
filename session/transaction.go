package session

import (
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// transaction accepts the bounds of transactions, which tools write around queries: each statement here stands for itself and takes effect when
// it ends. A ROLLBACK that would have to undo something says that it cannot.
func (s *Session) transaction(t *parse.Transaction) (Result, error) {
	switch t.What {
	case "begin":
		s.inTransaction, s.changed = true, false
		return done{"BEGIN"}, nil
	case "rollback":
		changed := s.inTransaction && s.changed
		s.inTransaction, s.changed = false, false
		if changed {
			return nil, fault.New(fault.FeatureNotSupported, "ROLLBACK cannot undo what statements since BEGIN have changed").
				WithHint("each statement takes effect by itself")
		}
		return done{"ROLLBACK"}, nil
	case "set":
		return done{"SET"}, nil
	}
	s.inTransaction, s.changed = false, false
	return done{"COMMIT"}, nil
}

// changes reports whether a statement changes more than the session's settings.
func changes(b parse.Body) bool {
	switch b.(type) {
	case *parse.CreateExternalTable, *parse.CreateTable, *parse.CreateTableAs, *parse.CreateView, *parse.CreateSchema, *parse.Drop, *parse.Insert, *parse.Change, *parse.Merge,
		*parse.Copy, *parse.Alter, *parse.Truncate:
		return true
	}
	return false
}

func (s *Session) discard(d *parse.Discard) (Result, error) {
	if d.What == "all" {
		clear(s.values)
		clear(s.prepared)
	}
	return done{"DISCARD " + map[string]string{"all": "ALL", "plans": "PLANS"}[d.What]}, nil
}
