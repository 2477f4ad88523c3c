package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/test/slt"
)

// TestSQLLogicFilesHoldOnACluster runs the files that hold on the embedded engine.
func TestSQLLogicFilesHoldOnACluster(t *testing.T) {
	s := startScheduler(t, control.Config{})
	for range 2 {
		s.startExecutor(t, remote.Config{})
	}
	s.waitFor(t, 2)
	folder, err := filepath.Abs(filepath.Join("..", "slt"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(folder, "*", "*.slt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, name := range names {
		short, _ := filepath.Rel(folder, name)
		t.Run(strings.TrimSuffix(short, ".slt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := slt.Parse(short, string(text))
			if err != nil {
				t.Fatal(err)
			}
			inner, err := s.Session(session.Config{Catalog: catalog.New(), Folder: filepath.Join(t.TempDir(), "session")})
			if err != nil {
				t.Fatal(err)
			}
			_, failures := slt.Run(t.Context(), file, connection{inner}, options(t, folder))
			if err := inner.Close(); err != nil {
				t.Error(err)
			}
			known := map[int]string{}
			if len(failures) > 0 {
				known = failuresOfEngine(t, file, folder)
			}
			for _, f := range failures {
				if known[f.Line] != f.Reason {
					t.Error(f)
				}
			}
		})
	}
}

func options(t *testing.T, folder string) slt.Options {
	return slt.Options{Engine: "polybolos", Variables: map[string]string{"data": filepath.Join(folder, "data"), "tmp": t.TempDir()}}
}

// failuresOfEngine are the failures of the embedded engine with the same plans, by line: they are the business of other tests.
func failuresOfEngine(t *testing.T, file *slt.File, folder string) map[int]string {
	t.Helper()
	e, err := engine.Open(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := e.Session()
	defer s.Close()
	if err := s.Set("exchange", "force"); err != nil {
		t.Fatal(err)
	}
	_, failures := slt.Run(t.Context(), file, connection{s.Session}, options(t, folder))
	out := map[int]string{}
	for _, f := range failures {
		out[f.Line] = f.Reason
	}
	return out
}

// connection is a session as the runner of the files wants it.
type connection struct{ *session.Session }

// coded gives an error's SQLSTATE to the runner.
type coded struct{ error }

func (e coded) Unwrap() error    { return e.error }
func (e coded) SQLState() string { return string(fault.CodeOf(e.error)) }

func (c connection) Exec(ctx context.Context, sql string) (slt.Result, error) {
	out, err := c.exec(ctx, sql)
	if err != nil {
		return slt.Result{}, coded{err}
	}
	return out, nil
}

func (c connection) exec(ctx context.Context, sql string) (out slt.Result, err error) {
	list, err := c.Parse(sql)
	if err != nil {
		return out, err
	}
	rows, err := c.Run(ctx, list[0])
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for _, f := range rows.Fields() {
		out.Columns = append(out.Columns, f.Name)
		out.Types += letter(f.Type.Kind)
	}
	for {
		b, err := rows.Next(ctx)
		if err != nil || b == nil {
			return out, err
		}
		for k := range b.Rows() {
			row := make([]slt.Value, len(b.Cols))
			for i, v := range b.Cols {
				if x := v.ValueAt(b.Row(k)); x.Null {
					row[i].Null = true
				} else {
					row[i].Text = x.String()
				}
			}
			out.Rows = append(out.Rows, row)
		}
	}
}

func letter(k column.Kind) string {
	switch {
	case k.IsInteger():
		return "I"
	case k.IsFloat():
		return "R"
	case k == column.Decimal:
		return "D"
	}
	return "T"
}
