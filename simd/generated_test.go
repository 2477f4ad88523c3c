package simd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedFilesAreCurrent runs the programs in gen and compares what they write with what is here. It needs avo, and is skipped where it cannot be had.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the generators")
	}
	run := func(args ...string) ([]byte, error) {
		c := exec.CommandContext(t.Context(), "go", args...)
		c.Dir = "gen"
		return c.CombinedOutput()
	}
	if out, err := run("list", "-deps", "./..."); err != nil {
		t.Skipf("avo is not available: %v\n%s", err, out)
	}
	written, err := filepath.Glob("*_amd64.s")
	if err != nil || len(written) == 0 {
		t.Fatalf("no assembly found: %v", err)
	}
	for _, name := range written {
		family := strings.TrimSuffix(name, "_amd64.s")
		assembly, stubs := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), family+"_amd64.go")
		if out, err := run("run", "./"+family, "-out", assembly, "-stubs", stubs, "-pkg", "simd"); err != nil {
			t.Errorf("gen/%s: %v\n%s", family, err, out)
			continue
		}
		for _, file := range []string{assembly, stubs} {
			got, want := body(t, file), body(t, filepath.Base(file))
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what gen/%s writes: run go generate in gen", filepath.Base(file), family)
			}
		}
	}
}

// body is a generated file but for its first line, which names the command.
func body(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(b, []byte("\n"))
	return rest
}
