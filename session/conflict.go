package session

import (
	"context"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// conflict is the error of ON CONFLICT with a target: no table has a constraint that matches one. Mistakes in the clause are told first.
func (s *Session) conflict(ctx context.Context, c *parse.Conflict, table parse.Name, st catalog.Stored, o sql.Options) error {
	name := table.Parts[len(table.Parts)-1]
	none, err := partsTable(ctx, st, nil)
	if err != nil {
		return err
	}
	from := withSource{resolver{s}, none}
	o = withoutTargets(o)
	o.Clause = "index expressions"
	if _, err := sql.Bind(ctx, c.Target(sourceName), from, o); err != nil {
		return err
	}
	if c.Constraint != "" {
		return fault.New(fault.UndefinedObject, "constraint %q for table %q does not exist", c.Constraint, name).At(c.Position).
			WithHint("Keys are not enforced, and their names not kept.")
	}
	if err := setsExist(c.Sets, st, table); err != nil {
		return err
	}
	if q, columns := c.Update(sourceName); q != nil {
		for _, k := range columns {
			at := slices.IndexFunc(st.Columns, func(c catalog.StoredColumn) bool { return c.Name == k })
			o.Targets = append(o.Targets, st.Columns[at].Type)
		}
		if len(columns) == 0 {
			o.Targets = []column.Type{column.T(column.Int32)}
		}
		o.Clause = "UPDATE"
		if _, err := sql.Bind(ctx, q, from, o); err != nil {
			return err
		}
	}
	return fault.New(fault.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification").At(c.Position).
		WithHint("Keys are not enforced. MERGE INTO … USING … ON … updates the rows that match and inserts the others.")
}
