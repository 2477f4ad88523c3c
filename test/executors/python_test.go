package executors

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/column"
)

const (
	root        = "../.."
	scaleFactor = 0.01
)

// python makes a virtual environment with the pinned packages, once, and the modules of the protocol.
func python(t *testing.T) (program, modules string) {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	folder, err := filepath.Abs(filepath.Join(root, "build", "executors", "venv"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("python/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(folder, "bin", "python")
	// The list is copied last, so that an environment that was not finished is made anew.
	mark := filepath.Join(folder, "requirements.txt")
	if have, err := os.ReadFile(mark); err != nil || !bytes.Equal(have, want) {
		run(t, system, "-m", "venv", "--clear", folder)
		run(t, program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "python/requirements.txt")
		if err := os.WriteFile(mark, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	modules = t.TempDir()
	run(t, program, "-m", "grpc_tools.protoc", "-I", filepath.Join(root, "api"), "--python_out="+modules, "--grpc_python_out="+modules,
		"control/v1/control.proto", "plan/v1/plan.proto")
	return program, modules
}

// TestPythonRunsPartialAggregates runs query 1 on an executor in Python and one in Go: the first takes scans with partial aggregates and gives everything else
// back, the second reads its outputs.
func TestPythonRunsPartialAggregates(t *testing.T) {
	interpreter, modules := python(t)
	binary := polybolos(t)
	data := t.TempDir()
	if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: scaleFactor, Dir: data}); err != nil {
		t.Fatal(err)
	}
	want, err := tpch.Answer(scaleFactor, 1)
	if err != nil {
		t.Fatal(err)
	}

	scheduler := start(t, 2, nil, binary, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--drain", "1s")
	// It waits for the end of the cluster's other processes: last started, first ended.
	slow := start(t, 1, []string{"PYTHONPATH=" + modules}, interpreter, "python/executor.py", scheduler.Addresses[0], "2")
	c, err := client.Open(t.Context(), "grpc://"+scheduler.Addresses[1])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, statement := range []string{
		"create external table lineitem stored as parquet location '" + filepath.Join(data, "lineitem.parquet") + "'",
		"set partitions = 4",
	} {
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	// The query begins on the executor in Python alone and can end only when the other one is there.
	query, err := tpch.Query(1)
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		table *tpch.Table
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		table, err := fetch(t.Context(), c, query)
		done <- answer{table, err}
	}()
	for slow.Printed("stage 0 task") == 0 {
		select {
		case a := <-done:
			t.Fatalf("the query ended without the executor in Python: %v", a.err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	start(t, 1, nil, binary, "executor", "--scheduler", scheduler.Addresses[0], "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", t.TempDir(), "--drain", "1s")
	a := <-done
	if a.err != nil {
		t.Fatal(a.err)
	}
	if err := tpch.Compare(a.table, want); err != nil {
		t.Error(err)
	}
}

func fetch(ctx context.Context, c *client.Client, query string) (_ *tpch.Table, err error) {
	rows, err := c.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := &tpch.Table{}
	for _, f := range rows.Fields() {
		out.Names, out.Types = append(out.Names, f.Name), append(out.Types, f.Type.String())
	}
	for {
		b, err := rows.Next(ctx)
		if err != nil || b == nil {
			return out, err
		}
		out.Rows = append(out.Rows, texts(b)...)
	}
}

func texts(b *column.Batch) [][]*string {
	out := make([][]*string, b.Rows())
	for k := range out {
		out[k] = make([]*string, len(b.Cols))
		for i, v := range b.Cols {
			if r := b.Row(k); !v.IsNull(r) {
				text := v.ValueAt(r).String()
				out[k][i] = &text
			}
		}
	}
	return out
}
