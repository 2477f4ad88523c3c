package tpch

import (
	"context"
	"errors"
	"testing"

	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/engine"
)

// testScale is large enough for every query to have rows and small enough for a test.
const testScale = 0.01

func TestAllQueriesAnswerRightOnBothExchangeSettings(t *testing.T) {
	data := t.TempDir()
	if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: testScale, Dir: data}); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, exchange := range []string{"auto", "force"} {
		t.Run(exchange, func(t *testing.T) {
			r, err := Run(t.Context(), e, Options{Data: data, Settings: map[string]string{"exchange": exchange}})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Reference {
				t.Fatal("no answers for the test's scale factor")
			}
			for _, q := range r.Queries {
				if q.Error != "" {
					t.Errorf("query %d: %s", q.Query, q.Error)
				}
			}
			if r.Correct() != Queries {
				t.Errorf("%d of %d right", r.Correct(), Queries)
			}
			if r.CollectorShare < 0 || r.CollectorShare >= 1 {
				t.Errorf("the collector took %g of the processor time", r.CollectorShare)
			}
		})
	}
}

func TestOtherDataThanTheAnswersIsNamed(t *testing.T) {
	data := t.TempDir()
	m, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: testScale, Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckData(m); err != nil {
		t.Fatalf("the generator's data is not what the answers were made from: %v", err)
	}
	m.Table("nation").Rows++
	if err := CheckData(m); err == nil {
		t.Error("a changed table passes")
	}
	m.ScaleFactor = 0.5
	if err := CheckData(m); !errors.Is(err, ErrNoReference) {
		t.Errorf("scale factor 0.5: %v", err)
	}
}

func TestRunStopsWhenCanceled(t *testing.T) {
	data := t.TempDir()
	if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: testScale, Dir: data}); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Run(ctx, e, Options{Data: data, Started: func(n int) {
		if n == 3 {
			cancel()
		}
	}})
	if err == nil {
		t.Error("a canceled run reports success")
	}
}
