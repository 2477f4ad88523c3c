package plantest

import (
	"context"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// Bind is the logical plan of the one query in text.
func Bind(t testing.TB, c catalog.Resolver, text string) *sql.Bound {
	t.Helper()
	list, err := sql.Parse(text)
	if err != nil {
		t.Fatalf("%s\n%s", text, err)
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok || len(list) != 1 {
		t.Fatalf("%s\nis not one query", text)
	}
	b, err := sql.Bind(context.Background(), q, c, sql.Options{})
	if err != nil {
		t.Fatalf("%s\n%s", text, err)
	}
	return b
}
