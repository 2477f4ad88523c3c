package spill

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

func init() { mem.Poison = true }

// newStore makes a store that leaves nothing behind.
func newStore(t *testing.T, limit int64) (*Dir, *Store) {
	t.Helper()
	base := t.TempDir()
	d := NewDir(base, limit)
	s := d.NewStore()
	t.Cleanup(func() {
		s.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(base, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if d.Used() != 0 {
			t.Errorf("%d bytes still counted", d.Used())
		}
	})
	return d, s
}

func text(rows [][]column.Value) []string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprint(r))
	}
	return out
}

// Rows of every type and form, under selections, come back in their order from each of the files they were spread over.
func TestRowsComeBackAsTheyWere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	types := append(columntest.Types(), columntest.NestedTypes()...)
	types = append(types, column.T(column.Null))
	_, s := newStore(t, 0)
	for round := range 30 {
		a, budget := mem.NewArena(nil), mem.NewBudget("test", 0, nil)
		files := s.CreateAll(types, 1+round%3)
		w := NewWriter(budget, files...)
		want := make([][]string, len(files))
		sel := make([][]uint32, len(files))
		for range r.IntN(12) {
			b := columntest.RandomBatch(r, a, types[:len(types)-1], r.IntN(2000))
			b.Cols = append(b.Cols, column.NewNull(column.T(column.Null), b.Len))
			parts := make([]uint8, b.Rows())
			for k, row := range columntest.Rows(b) {
				parts[k] = uint8(r.IntN(len(files)))
				want[parts[k]] = append(want[parts[k]], fmt.Sprint(row))
			}
			if err := w.Split(b, parts, sel); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		for p, f := range files {
			var got []string
			in := f.NewReader(budget)
			for {
				b, err := in.Next()
				if err != nil {
					t.Fatal(err)
				}
				if b == nil {
					break
				}
				for _, v := range b.Cols {
					if err := v.Check(); err != nil {
						t.Fatal(err)
					}
				}
				got = append(got, text(columntest.Rows(b))...)
			}
			in.Close()
			if !slices.Equal(got, want[p]) || f.Rows() != int64(len(want[p])) {
				t.Fatalf("round %d, file %d: %d rows, want %d", round, p, len(got), len(want[p]))
			}
			f.Remove()
		}
		if budget.Used() != 0 {
			t.Errorf("%d bytes not given back", budget.Used())
		}
		a.Free()
	}
}

// numbers writes n blocks of a hundred numbers.
func numbers(t *testing.T, s *Store, n int) (*File, error) {
	t.Helper()
	f := s.Create([]column.Type{column.T(column.Int64)})
	w := NewWriter(nil, f)
	defer w.Close()
	a := mem.NewArena(nil)
	defer a.Free()
	v, err := column.NewFlat(a, column.T(column.Int64), 100)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := w.WriteBlock(0, &column.Batch{Cols: []*column.Vector{v}, Len: v.Len}); err != nil {
			return f, err
		}
	}
	return f, nil
}

func TestDamageIsAnError(t *testing.T) {
	d, s := newStore(t, 0)
	f, err := numbers(t, s, 2)
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(d.Path(), "task-1", "*"))
	file, err := os.OpenFile(names[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{1}, f.Bytes()-1); err != nil {
		t.Fatal(err)
	}
	in := f.NewReader(nil)
	defer in.Close()
	if _, err := in.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Next(); fault.CodeOf(err) != fault.DataCorrupted {
		t.Errorf("got %v", err)
	}
}

func TestTheLimitIsAFullDisk(t *testing.T) {
	d, s := newStore(t, 5000)
	f, err := numbers(t, s, 10)
	if fault.CodeOf(err) != fault.DiskFull || !strings.Contains(err.Error(), "limit of 5000 bytes") {
		t.Fatalf("got %v", err)
	}
	if d.Used() > 5000 || d.Used() != f.Bytes() {
		t.Errorf("%d bytes used, file of %d", d.Used(), f.Bytes())
	}
	f.Remove()
	if _, err := numbers(t, s, 3); err != nil {
		t.Errorf("after room was made: %v", err)
	}
	full := failed(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "write spilled rows", "x")
	if fault.CodeOf(full) != fault.DiskFull || fault.CodeOf(failed(syscall.EIO, "write", "x")) != fault.IOError {
		t.Errorf("got %v", full)
	}
}

func TestAFolderThatCannotBeMadeIsNamed(t *testing.T) {
	d := NewDir(filepath.Join(t.TempDir(), "missing"), 0)
	s := d.NewStore()
	defer s.Close()
	if _, err := numbers(t, s, 1); fault.CodeOf(err) != fault.IOError || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v", err)
	}
}

// What a process has left that was killed goes with the next one that spills; what a living one has stays.
func TestFoldersOfDeadProcessesGo(t *testing.T) {
	base := t.TempDir()
	dead, other := filepath.Join(base, prefix+"dead"), filepath.Join(base, "other")
	for _, name := range []string{dead, other} {
		if err := os.MkdirAll(filepath.Join(name, "task-1"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dead+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first, second := NewDir(base, 0), NewDir(base, 0)
	for _, d := range []*Dir{first, second} {
		s := d.NewStore()
		if _, err := numbers(t, s, 1); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
	}
	exists := func(name string) bool {
		_, err := os.Stat(name)
		return err == nil
	}
	if exists(dead) || exists(dead+".lock") || !exists(other) || !exists(first.Path()) || !exists(second.Path()) {
		t.Errorf("dead %v, other %v, first %v, second %v", exists(dead), exists(other), exists(first.Path()), exists(second.Path()))
	}
	for _, d := range []*Dir{first, second} {
		path := d.Path()
		if err := d.Close(); err != nil || exists(path) {
			t.Errorf("after Close: %v, %v", err, exists(path))
		}
	}
}
