package differential

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/test/reference"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

func TestEngineAgreesWithDuckDB(t *testing.T) {
	program, ok := reference.Find(filepath.Join("..", ".."))
	if !ok {
		t.Skip("no oracle program; make tools builds it")
	}
	for _, exchange := range []string{"auto", "force"} {
		t.Run(exchange, func(t *testing.T) {
			n := seed()
			t.Logf("seed %d", n)
			process, err := reference.Start(context.WithoutCancel(t.Context()), program, "query")
			if err != nil {
				t.Fatal(err)
			}
			duck := slt.Peer(process)
			ours, err := embedded.Connect(engine.Config{TempDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := duck.Close(); err != nil {
					t.Error(err)
				}
				if err := ours.Close(); err != nil {
					t.Error(err)
				}
			})
			if _, err := ours.Exec(t.Context(), "SET exchange = '"+exchange+"'"); err != nil {
				t.Fatal(err)
			}
			compare(t, New(n), ours, duck)
		})
	}
}
