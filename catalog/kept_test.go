package catalog_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// keeper keeps objects in memory, and can be told to fail.
type keeper struct {
	objects map[string][]byte
	err     error
	saves   int
}

func (k *keeper) Load(context.Context) (map[string][]byte, error) { return maps.Clone(k.objects), nil }

func (k *keeper) Save(_ context.Context, kept map[string][]byte, removed []string) error {
	if k.err != nil {
		return k.err
	}
	k.saves += len(kept) + len(removed)
	maps.Copy(k.objects, kept)
	for _, name := range removed {
		delete(k.objects, name)
	}
	return nil
}

func TestKeptCatalogComesBack(t *testing.T) {
	ctx, k := t.Context(), &keeper{objects: map[string][]byte{}}
	c, err := catalog.OpenKept(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	csv := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(csv, []byte("x,y\n1,a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	external, err := catalog.OpenTable(ctx, "ext", plan.Source{Format: "csv"}, csv, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := catalog.OpenStored(ctx, "st", catalog.Stored{Folder: t.TempDir(), Columns: []catalog.StoredColumn{{Name: "k", Type: column.T(column.Int64)}}})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.CreateSchema(ctx, "odd/na%2Fme", false))
	must(c.CreateTable(ctx, catalog.Name{Name: "ext"}, external, false, false))
	must(c.CreateTable(ctx, catalog.Name{Schema: "odd/na%2Fme", Name: "s/t"}, stored, false, false))
	must(c.CreateView(ctx, catalog.Name{Name: "v"}, &catalog.View{Name: "v", SQL: "select 1", Columns: []string{"one"}}, false))
	must(c.CreateView(ctx, catalog.Name{Name: "gone"}, &catalog.View{Name: "gone", SQL: "select 2"}, false))
	before := k.saves
	must(c.DropView(ctx, catalog.Name{Name: "gone"}, false))
	if k.saves != before+1 {
		t.Errorf("dropping a view changed %d objects", k.saves-before)
	}
	k.err = fault.New(fault.ConnectionFailure, "the store is away")
	if err := c.DropView(ctx, catalog.Name{Name: "v"}, false); fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("a change that cannot be kept: %v", err)
	}
	k.err = nil
	again, err := catalog.OpenKept(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	if x, _, err := again.Table(ctx, "", "ext"); err != nil || len(x.Schema()) != 2 {
		t.Errorf("ext: %v", err)
	}
	if x, _, err := again.Table(ctx, "odd/na%2Fme", "s/t"); err != nil || catalog.StoredOf(x) == nil || catalog.StoredOf(x).Folder != catalog.StoredOf(stored).Folder {
		t.Errorf("s/t: %v", err)
	}
	if _, v, err := again.Table(ctx, "", "v"); err != nil || v == nil || v.SQL != "select 1" || v.Columns[0] != "one" {
		t.Errorf("v: %+v, %v", v, err)
	}
	if _, _, err := again.Table(ctx, "", "gone"); fault.CodeOf(err) != fault.UndefinedTable {
		t.Errorf("gone: %v", err)
	}
	must(os.Remove(csv))
	broken, err := catalog.OpenKept(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := broken.Table(ctx, "", "ext"); fault.CodeOf(err) != fault.UndefinedFile {
		t.Errorf("a table without its file: %v", err)
	}
	k.objects["schema/main/table/bad"] = []byte("{")
	if _, err := catalog.OpenKept(ctx, k); fault.CodeOf(err) != fault.DataCorrupted {
		t.Errorf("a damaged entry: %v", err)
	}
}
