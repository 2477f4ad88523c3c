package slt_test

import (
	"testing"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

// Every file holds on the embedded engine, with one task a query and with all
// exchanges of a cluster.
func TestFiles(t *testing.T) {
	for _, exchange := range []string{"auto", "force"} {
		for _, name := range files(t) {
			t.Run(exchange+"/"+name, func(t *testing.T) {
				file := load(t, name)
				conn, err := embedded.Connect(engine.Config{TempDir: t.TempDir()})
				if err != nil {
					t.Fatal(err)
				}
				_, failures := slt.Run(t.Context(), file, conn, slt.Options{
					Engine:    "polybolos",
					Variables: variables(t),
					Before:    []string{"SET exchange = '" + exchange + "'"},
				})
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
				for _, f := range failures {
					t.Error(f)
				}
			})
		}
	}
}
