package substrait

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/session"
)

const scaleFactor = 0.01

// TestTPCH runs the plans that DataFusion makes of the 22 queries and compares their rows with the reference answers.
func TestTPCH(t *testing.T) {
	s := open(t, scaleFactor)
	for n := 1; n <= 22; n++ {
		t.Run(fmt.Sprintf("q%02d", n), func(t *testing.T) {
			plan := planOf(t, n)
			want, err := tpch.Answer(scaleFactor, n)
			if err != nil {
				t.Fatal(err)
			}
			planned, err := s.PlanSubstrait(t.Context(), plan)
			if err != nil {
				t.Fatal(err)
			}
			got := fetch(t, planned)
			// DataFusion promises averages of other types than ours, so they have fewer digits.
			if err := tpch.CompareRounded(got, want); err != nil {
				t.Error(err)
			}
		})
	}
}

// open opens a session that knows the tables of the benchmark.
func open(t testing.TB, scaleFactor float64) *engine.Session {
	t.Helper()
	data := t.TempDir()
	if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: scaleFactor, Dir: data}); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := tpch.CreateTables(t.Context(), s, data); err != nil {
		t.Fatal(err)
	}
	return s
}

func planOf(t testing.TB, query int) []byte {
	t.Helper()
	plan, err := os.ReadFile(filepath.Join("testdata", "tpch", fmt.Sprintf("q%02d.substrait", query)))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func fetch(t *testing.T, p *session.Planned) *tpch.Table {
	t.Helper()
	out := &tpch.Table{}
	for _, f := range p.Fields() {
		out.Names, out.Types = append(out.Names, f.Name), append(out.Types, f.Type.String())
	}
	r, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		b, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return out
		}
		for k := range b.Rows() {
			row := make([]*string, len(b.Cols))
			for c, v := range b.Cols {
				if i := b.Row(k); !v.IsNull(i) {
					text := v.ValueAt(i).String()
					row[c] = &text
				}
			}
			out.Rows = append(out.Rows, row)
		}
	}
}
