package mem

import (
	"testing"
	"unsafe"

	"github.com/polybolos-db/polybolos/fault"
)

func TestBudgetRefusesBeyondLimitOfAnyAncestor(t *testing.T) {
	process := NewBudget("process", 100, nil)
	a, b := NewBudget("query a", 80, process), NewBudget("query b", 0, process)
	if err := a.Reserve(70); err != nil {
		t.Fatal(err)
	}
	if err := a.Reserve(20); fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("own limit: %v", err)
	}
	if err := b.Reserve(40); fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("parent's limit: %v", err)
	}
	if process.Used() != 70 || b.Used() != 0 {
		t.Errorf("refusals must take nothing: process %d, b %d", process.Used(), b.Used())
	}
	a.Release(70)
	if process.Used() != 0 || process.Peak() != 70 {
		t.Errorf("used %d peak %d", process.Used(), process.Peak())
	}
}

func TestArenaBuffersAreAlignedDisjointAndCounted(t *testing.T) {
	budget := NewBudget("test", 0, nil)
	a := NewArena(budget)
	var bufs [][]byte
	for _, n := range []int{1, 63, 64, 65, 1000, 20000, 70000, 1 << 20, 3, 5 << 20, 100} {
		p, err := a.Alloc(n)
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != n || cap(p) != n || uintptr(unsafe.Pointer(&p[0]))%Align != 0 {
			t.Fatalf("alloc %d: len %d cap %d at %p", n, len(p), cap(p), &p[0])
		}
		for i := range p {
			p[i] = byte(len(bufs))
		}
		bufs = append(bufs, p)
	}
	for k, p := range bufs {
		for i, v := range p {
			if v != byte(k) {
				t.Fatalf("buffer %d byte %d overwritten by buffer %d", k, i, v)
			}
		}
	}
	if budget.Used() != a.Size() {
		t.Errorf("charged %d, holds %d", budget.Used(), a.Size())
	}
	a.Reset()
	if len(a.chunks) != 1 || budget.Used() != a.Size() {
		t.Errorf("after reset: %d chunks, charged %d, holds %d", len(a.chunks), budget.Used(), a.Size())
	}
	a.Free()
	if budget.Used() != 0 {
		t.Errorf("after free: %d bytes charged", budget.Used())
	}
}

func TestArenaStopsAtBudget(t *testing.T) {
	a := NewArena(NewBudget("query", 1<<20, nil))
	defer a.Free()
	for {
		if _, err := a.Alloc(10000); err != nil {
			if fault.CodeOf(err) != fault.OutOfMemory {
				t.Fatal(err)
			}
			break
		}
	}
	if a.Size() > 1<<20 {
		t.Errorf("arena holds %d bytes of a budget of %d", a.Size(), 1<<20)
	}
}
