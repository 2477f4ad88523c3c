package floors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/polybolos-db/polybolos"

// floors gives every room its floor; 1 is the ground. Rooms on one floor do not
// know each other.
var floors = map[string]int{
	"fault": 1, // errors with SQLSTATE and place
	"simd":  1, // assembly on raw slices, and its portable twin

	"column": 2, // vectors, batches, types, memory
	"api":    2, // protobuf and the Go generated from it

	"kernels": 3, // what operators are made of, on the CPU

	"cuda": 4, // the same on a GPU
	"expr": 4, // typed expressions, compiled to kernel programs

	"plan":    5, // physical plan nodes and their wire format
	"service": 5, // what all servers share

	"storage": 6, // object stores and file formats
	"udf":     6, // user functions

	"catalog": 7, // tables, views, functions
	"shuffle": 7, // exchange between stages

	"planner": 8, // from text to stages

	"session":   9, // statements of one user
	"dataframe": 9, // the lazy API

	"executor":  10, // operators, pipelines, tasks
	"scheduler": 10, // which task runs where, next

	"engine": 11, // the embedded engine
	"client": 11, // the remote one

	"bench": 12, // generator, harness, peers

	"cmd": 13, // the binary
}

// neighbors are imports between rooms of one floor that are meant, one way only.
var neighbors = map[[2]string]string{
	{"scheduler/jobs", "executor"}: "the jobs of an embedded engine launch their tasks on the executor of the same process",
}

// anywhere are the rooms that may import every other: tests and deployments.
var anywhere = map[string]bool{"test": true, "deploy": true, "docs": true}

// listed is what `go list -json` says about a package.
type listed struct {
	ImportPath   string
	Name         string
	Dir          string
	Standard     bool
	Module       *struct{ Main bool }
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

func (p listed) ours() bool { return p.Module != nil && p.Module.Main }

// room returns the top-level folder of an import path of this module.
func room(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, module+"/"), "/")
	return first
}

// list returns every package of the module and everything these depend on.
func list(t *testing.T) map[string]listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Name,Dir,Standard,Module,Imports,TestImports,XTestImports,Deps", "./...")
	command.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	packages := map[string]listed{}
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// mayImport says why a package of one room must not import a package of another;
// nothing if it may.
func mayImport(from, to string) string {
	a, b := room(from), room(to)
	if a == b || anywhere[a] {
		return ""
	}
	if _, meant := neighbors[[2]string{strings.TrimPrefix(from, module+"/"), b}]; meant && floors[a] == floors[b] {
		return ""
	}
	switch {
	case anywhere[b]:
		return fmt.Sprintf("room %s is for tests and deployment only", b)
	case floors[b] >= floors[a]:
		return fmt.Sprintf("room %s is on floor %d, room %s on floor %d", a, floors[a], b, floors[b])
	}
	return ""
}

func TestRoomsImportOnlyLowerFloors(t *testing.T) {
	for path, p := range list(t) {
		if !p.ours() {
			continue
		}
		if r := room(path); floors[r] == 0 && !anywhere[r] {
			t.Errorf("%s: room %s has no floor; give it one in the table of this test", path, r)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if reason := mayImport(path, imported); reason != "" {
				t.Errorf("%s imports %s: %s", path, imported, reason)
			}
		}
	}
}

func TestMayImport(t *testing.T) {
	for _, test := range []struct {
		from, to string
		allowed  bool
	}{
		{"executor", "plan", true},
		{"executor/spill", "executor", true},
		{"kernels/cpu", "kernels", true},
		{"plan", "executor", false},
		{"executor", "scheduler/core", false}, // same floor
		{"scheduler/jobs", "executor", true},  // meant, see neighbors
		{"scheduler/core", "executor", false},
		{"kernels", "expr", false},
		{"engine", "test/reference", false},
		{"test/slt", "engine", true},
		{"cmd/polybolos", "bench/tpch", true},
	} {
		if got := mayImport(module+"/"+test.from, module+"/"+test.to); (got == "") != test.allowed {
			t.Errorf("%s imports %s: %q, want allowed %v", test.from, test.to, got, test.allowed)
		}
	}
}

// boundaries name packages that must not depend, even through others, on some path.
var boundaries = []struct {
	packages string   // import path below the module, with everything under it
	never    []string // import path prefixes
	reason   string
}{
	{"engine", []string{module + "/scheduler/flightsql", module + "/scheduler/rest", module + "/scheduler/ui", module + "/scheduler/state/etcd", "go.etcd.io/"},
		"an embedded engine brings no server"},
	{"", []string{"github.com/duckdb/", "github.com/marcboeker/go-duckdb"},
		"DuckDB belongs to nested modules"},
}

func TestBoundaries(t *testing.T) {
	for path, p := range list(t) {
		if !p.ours() {
			continue
		}
		for _, b := range boundaries {
			if base := strings.TrimSuffix(module+"/"+b.packages, "/"); path != base && !strings.HasPrefix(path, base+"/") {
				continue
			}
			for _, dependency := range p.Deps {
				for _, never := range b.never {
					if strings.HasPrefix(dependency, never) {
						t.Errorf("%s depends on %s: %s", path, dependency, b.reason)
					}
				}
			}
		}
	}
}

// The core of the scheduler imports the standard library and itself, nothing else.
func TestSchedulerCoreIsPure(t *testing.T) {
	packages := list(t)
	core := module + "/scheduler/core"
	for path, p := range packages {
		if path != core && !strings.HasPrefix(path, core+"/") {
			continue
		}
		for _, imported := range p.Imports {
			if imported != core && !strings.HasPrefix(imported, core+"/") && !packages[imported].Standard {
				t.Errorf("%s imports %s, which is not of the standard library", path, imported)
			}
		}
	}
}

// No type of the parser leaves planner/sql.
func TestOnlyTheSQLPlannerParses(t *testing.T) {
	const pgQuery = "github.com/pganalyze/pg_query_go/"
	for path, p := range list(t) {
		if !p.ours() || path == module+"/planner/sql" || strings.HasPrefix(path, module+"/planner/sql/") {
			continue
		}
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, imported := range imports {
				if strings.HasPrefix(imported, pgQuery) {
					t.Errorf("%s imports %s: only planner/sql may", path, imported)
				}
			}
		}
	}
}

// The main go.mod does not even name DuckDB.
func TestGoModHasNoDuckDB(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(text)), "duckdb") {
		t.Error("go.mod names DuckDB; it belongs to nested modules")
	}
}

// leastWords is the length below which a package comment explains nothing.
const leastWords = 15

// Every package has a doc.go with a package comment of some substance. A command's
// is its manual. Generated packages are described by their definitions.
func TestEveryPackageExplainsItself(t *testing.T) {
	for path, p := range list(t) {
		if !p.ours() || room(path) == "api" && path != module+"/api" {
			continue
		}
		file := filepath.Join(p.Dir, "doc.go")
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if reason := poor(parsed); reason != "" {
			t.Errorf("%s/doc.go: %s", path, reason)
		}
	}
}

// poor says what a package comment lacks; nothing if it will do.
func poor(file *ast.File) string {
	text := file.Doc.Text()
	start := "Package " + file.Name.Name + " "
	if file.Name.Name == "main" {
		start = "Command "
	}
	switch {
	case !strings.HasPrefix(text, start):
		return fmt.Sprintf("the package comment must start with %q", start)
	case len(strings.Fields(text)) < leastWords:
		return fmt.Sprintf("the package comment has fewer than %d words", leastWords)
	}
	return ""
}

func TestPoor(t *testing.T) {
	for source, wanting := range map[string]bool{
		"package x":                            true,
		"// Package x does things.\npackage x": true,
		"// A page about x, which is long enough to be of some use to whoever reads it first, but starts wrong.\npackage x":    true,
		"// Package x reads pages of numbers and gives them on as vectors; the caller owns what it returns.\npackage x":        false,
		"// Command x prints the numbers that it reads from standard input in order, one a line, until the end.\npackage main": false,
		"// Package main is no good start for a command, however long the text may go on and on and on and on.\npackage main":  true,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "doc.go", source, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		if got := poor(file); (got != "") != wanting {
			t.Errorf("%s\n%q, want a complaint: %v", source, got, wanting)
		}
	}
}
