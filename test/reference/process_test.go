package reference

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary itself plays the child when this variable is set.
const childVariable = "POLYBOLOS_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// child answers three requests and dies of any other.
func child() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case `{"sql":"SELECT 1 < 2"}`:
			fmt.Println(`{"columns":[{"name":"a","type":"boolean"},{"name":"b","type":"varchar"}],"rows":[["true",null]]}`)
		case `{"sql":"SELECT 1 / 0"}`:
			fmt.Println(`{"error":"division by zero","code":"22012"}`)
		case `{"sql":"CREATE"}`:
			fmt.Println(`{}`)
		default:
			fmt.Fprintln(os.Stderr, "out of ideas")
			os.Exit(3)
		}
	}
}

func start(t *testing.T) *Process {
	t.Helper()
	t.Setenv(childVariable, "1")
	p, err := Start(t.Context(), os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestQuery(t *testing.T) {
	p := start(t)
	a, err := p.Query("SELECT 1 < 2")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Columns) != 2 || a.Columns[0] != (Column{"a", "boolean"}) || *a.Rows[0][0] != "true" || a.Rows[0][1] != nil {
		t.Errorf("got %+v", a)
	}
	_, err = p.Query("SELECT 1 / 0")
	if failure, ok := errors.AsType[*Error](err); !ok || failure.SQLState() != "22012" || err.Error() != "division by zero" {
		t.Errorf("got the error %v", err)
	}
	if a, err := p.Query("CREATE"); err != nil || len(a.Columns) != 0 {
		t.Errorf("got %+v, %v", a, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// A child that dies fails the query that killed it, every later one, and Close,
// which says what the child's last words were.
func TestChildDies(t *testing.T) {
	p := start(t)
	for range 2 {
		_, err := p.Query("KILL")
		if _, ok := errors.AsType[*Error](err); err == nil || ok {
			t.Errorf("got the error %v, want one that is not the statement's", err)
		}
	}
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), "out of ideas") {
		t.Errorf("got the error %v", err)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	t.Setenv(Variable, "")
	if path, ok := Find(root); ok {
		t.Errorf("found %s in an empty folder", path)
	}
	program := filepath.Join(root, "build", "oracle", "oracle")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if path, ok := Find(root); !ok || path != program {
		t.Errorf("found %s, %v", path, ok)
	}
	t.Setenv(Variable, filepath.Join(root, "elsewhere"))
	if path, ok := Find(root); ok {
		t.Errorf("found %s, which does not exist", path)
	}
}
