package kernels

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sourceHash is the hash of a family's source and all headers, as compile.sh computes it.
func sourceHash(t *testing.T, family string) string {
	t.Helper()
	h := sha256.New()
	files, err := fs.Glob(Sources, "*.cuh")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, f := range append([]string{family + ".cu"}, files...) {
		text, err := Sources.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(text)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Every source has its PTX, made of it as it is now.
func TestPTXIsOfTheSources(t *testing.T) {
	sources, err := fs.Glob(Sources, "*.cu")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range sources {
		want = append(want, strings.TrimSuffix(s, ".cu"))
	}
	if got := Families(); !slices.Equal(got, want) {
		t.Fatalf("PTX of %v, sources of %v", got, want)
	}
	for _, family := range want {
		text, err := PTX(family)
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := bytes.Cut(text, []byte("\n")); string(first) != "// sources sha256 "+sourceHash(t, family) {
			t.Errorf("%s.ptx was made of other sources: run make ptx", family)
		}
	}
}

// No pointer goes from the generic space to the shared one: for clang that includes a null, which comes back from there as an address, and which the shim on the
// host, with its one space, cannot show.
func TestNoPointerIsCastToShared(t *testing.T) {
	for _, family := range Families() {
		text, err := PTX(family)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if bytes.Contains(line, []byte("cvta.to.shared")) {
				t.Errorf("%s.ptx, line %d: %s", family, i+1, bytes.TrimSpace(line))
			}
		}
	}
}

// The committed PTX is what clang 16 makes, byte by byte.
func TestPTXIsWhatTheCompilerMakes(t *testing.T) {
	clang := os.Getenv("CLANG")
	if clang == "" {
		clang = "clang-16"
	}
	if _, err := exec.LookPath(clang); err != nil {
		t.Skipf("%s is not installed: the PTX is compared with its sources by their hash alone", clang)
	}
	out := t.TempDir()
	if text, err := exec.CommandContext(t.Context(), "./compile.sh", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, family := range Families() {
		want, err := os.ReadFile(filepath.Join(out, family+".ptx"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := PTX(family)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s.ptx differs from what %s makes of its source: run make ptx", family, clang)
		}
	}
}

// The host has every kernel that a device has.
func TestEveryKernelRunsOnTheHost(t *testing.T) {
	f, err := os.Open("host/entries.inc")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var listed []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "KERNEL("); ok {
			listed = append(listed, strings.TrimSuffix(name, ")"))
		}
	}
	var want []string
	for _, family := range Families() {
		module, err := PTX(family)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(module, []byte(".target sm_70")) {
			t.Errorf("%s is not compiled for sm_70", family)
		}
		want = append(want, Entries(module)...)
	}
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("the host has %v, a device %v", listed, want)
	}
}
