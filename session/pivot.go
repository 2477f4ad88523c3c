package session

import (
	"context"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/planner/sql"
)

// pivotValues runs a query of one column for the binder: PIVOT without a list asks which values there are.
func (s *Session) pivotValues(at time.Time) func(context.Context, *sql.Bound) ([]column.Value, error) {
	return func(ctx context.Context, q *sql.Bound) ([]column.Value, error) {
		p, err := s.planBound(ctx, q.Plan, q.IDs, at, nil)
		if err != nil {
			return nil, err
		}
		var out []column.Value
		_, err = s.each(ctx, p, func(b *column.Batch) error {
			for k := range b.Rows() {
				out = append(out, b.Cols[0].ValueAt(b.Row(k)))
			}
			return nil
		})
		return out, err
	}
}
