package clients

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python is the interpreter of a virtual environment with the pinned packages.
func python(t *testing.T) string {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	folder, err := filepath.Abs(filepath.Join(root, "build", "clients", "venv"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "bin", "python")
	// The list is copied last, so that an environment that was not finished is made anew.
	mark := filepath.Join(folder, "requirements.txt")
	if have, err := os.ReadFile(mark); err == nil && bytes.Equal(have, want) {
		return program
	}
	run(t, exec.CommandContext(t.Context(), system, "-m", "venv", "--clear", folder))
	run(t, exec.CommandContext(t.Context(), program, "-m", "pip", "install", "--quiet", "--requirement", "testdata/requirements.txt"))
	if err := os.WriteFile(mark, want, 0o644); err != nil {
		t.Fatal(err)
	}
	return program
}

// TestPython goes through ADBC with pyarrow, pandas and polars; the script asserts.
func TestPython(t *testing.T) { everywhere(t, onPython) }

func onPython(t *testing.T, s *server) {
	program := python(t)
	if out := run(t, exec.CommandContext(t.Context(), program, "testdata/clients.py", s.url())); out != "ok\n" {
		t.Errorf("the script printed %q", out)
	}
}
