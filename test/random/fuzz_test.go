package random

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

// FuzzStatements runs texts on small tables, bounded in time and memory, and wants rows or an error of the statement's making: never a crash,
// and never an internal error. Only queries run, so that no text writes a file.
func FuzzStatements(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("..", "slt", "*", "*.slt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		file, err := slt.Parse(name, string(text))
		if err != nil {
			f.Fatal(err)
		}
		for i, r := range file.Records() {
			if i%5 == 0 && isQuery(r.SQL) {
				f.Add(r.SQL)
			}
		}
	}
	g := New(3)
	tables := g.Tables()[:5]
	for range 100 {
		q, _ := g.Statement()
		f.Add(q.SQL(Here))
	}
	conn, err := embedded.Connect(engine.Config{TempDir: f.TempDir(), MemoryLimit: 256 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := conn.Close(); err != nil {
			f.Error(err)
		}
	})
	for _, t := range tables {
		for _, sql := range t.Statements(Here) {
			if _, err := conn.Exec(context.Background(), sql); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isQuery(text) {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := conn.Exec(ctx, text)
		if e, ok := errors.AsType[*fault.Error](err); ok && strings.HasPrefix(string(e.Code), "XX") && ctx.Err() == nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// isQuery reports whether a text begins as a query does and reads no file.
func isQuery(text string) bool {
	lower := strings.ToLower(strings.TrimLeft(text, "( \n\t"))
	for _, w := range []string{"copy", "create", "into", "read_", "attach", "explain analyze", "'/", "://", "${"} {
		if strings.Contains(lower, w) {
			return false
		}
	}
	return strings.HasPrefix(lower, "select") || strings.HasPrefix(lower, "with") || strings.HasPrefix(lower, "values")
}
