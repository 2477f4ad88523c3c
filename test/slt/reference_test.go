package slt_test

import (
	"errors"
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

// Every expectation that is not marked as differing holds in DuckDB, and in PostgreSQL where there is a server to ask or to start.
func TestFilesOnReference(t *testing.T) {
	missing := t.Skipf
	if reference.Required() {
		missing = t.Fatalf
	}
	program, ok := reference.Find(filepath.Join("..", ".."))
	if !ok {
		missing("no oracle program; make tools builds it")
	}
	t.Run("duckdb", func(t *testing.T) {
		t.Parallel()
		onReference(t, "duckdb", program, "query")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := os.Getenv(reference.PostgresVariable)
		if url == "" {
			server, err := reference.StartPostgres(t.Context())
			if err != nil {
				if errors.Is(err, reference.ErrNoPostgres) && !reference.Required() {
					t.Skip(err)
				}
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			url = server.URL()
		}
		onReference(t, "postgres", program, "query", "--postgres", url)
	})
}

// onReference runs all files on another engine.
func onReference(t *testing.T, engine, program string, arguments ...string) {
	t.Helper()
	ran := 0
	for _, name := range files(t) {
		t.Run(name, func(t *testing.T) {
			process, err := reference.Start(t.Context(), program, arguments...)
			if err != nil {
				t.Fatal(err)
			}
			conn := slt.Peer(process)
			n, failures := slt.Run(t.Context(), load(t, name), conn, slt.Options{Engine: engine, Variables: variables(t)})
			ran += n
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			for _, f := range failures {
				t.Error(f)
			}
		})
	}
	t.Logf("%d statements", ran)
	if ran == 0 {
		t.Error("no record ran")
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
