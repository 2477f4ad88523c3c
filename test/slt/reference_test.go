package slt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/test/reference"
	"github.com/polybolos-db/polybolos/test/slt"
)

// files returns all test files of the topics.
func files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("*", "*.slt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no test files")
	}
	return names
}

func load(t *testing.T, name string) *slt.File {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := slt.Parse(name, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Every expectation that is not marked as differing holds in DuckDB, and, where
// POLYBOLOS_POSTGRES names a server, in PostgreSQL.
func TestFilesOnReference(t *testing.T) {
	program, ok := reference.Find(filepath.Join("..", ".."))
	if !ok {
		t.Skip("no oracle program; make tools builds it")
	}
	engines := map[string][]string{"duckdb": {"query"}}
	if url := os.Getenv("POLYBOLOS_POSTGRES"); url != "" {
		engines["postgres"] = []string{"query", "--postgres", url}
	}
	for engine, arguments := range engines {
		for _, name := range files(t) {
			t.Run(engine+"/"+name, func(t *testing.T) {
				file := load(t, name)
				process, err := reference.Start(t.Context(), program, arguments...)
				if err != nil {
					t.Fatal(err)
				}
				conn := slt.Peer(process)
				ran, failures := slt.Run(t.Context(), file, conn, slt.Options{Engine: engine, Variables: variables(t)})
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
				if ran == 0 && engine == "duckdb" {
					t.Error("no record ran")
				}
				for _, f := range failures {
					t.Error(f)
				}
			})
		}
	}
}

func variables(t *testing.T) map[string]string {
	t.Helper()
	data, err := filepath.Abs("data")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"data": data, "tmp": t.TempDir()}
}
