package spill

import (
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// What was written to pages is there after they were taken back, from any goroutine, and is not charged to the budget.
func TestPagesKeepTheirContent(t *testing.T) {
	d, s := newStore(t, 0)
	budget := mem.NewBudget("test", 8<<20, nil)
	p := s.NewPages(budget)
	arena := mem.NewArenaOn(budget, p)
	const n = 600_000
	var parts [][]byte
	for k := range 5 {
		b, err := arena.Alloc(n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] = byte(i*7 + k)
		}
		p.Trim()
		parts = append(parts, b)
	}
	if budget.Used() != 0 || p.Bytes() < int64(5*n) || d.Used() != p.Bytes() {
		t.Errorf("%d bytes charged, %d in the file, %d on the disk", budget.Used(), p.Bytes(), d.Used())
	}
	var wait sync.WaitGroup
	for w := range 3 {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 200 {
				k, i := r.IntN(len(parts)), r.IntN(n)
				if got := parts[k][i]; got != byte(i*7+k) {
					t.Errorf("byte %d of part %d is %d", i, k, got)
					return
				}
				p.Trim()
			}
		})
	}
	wait.Wait()
	arena.Free()
	if d.Used() > 64<<10 {
		t.Errorf("%d bytes are still on the disk", d.Used())
	}
	p.Close()
	if d.Used() != 0 {
		t.Errorf("%d bytes are on the disk after the end", d.Used())
	}
	if _, err := p.Map(4096); fault.CodeOf(err) != fault.Internal {
		t.Errorf("after the end: %v", err)
	}
}

func TestPagesKeepTheLimitOfTheDisk(t *testing.T) {
	d, s := newStore(t, 1<<20)
	p := s.NewPages(nil)
	defer p.Close()
	arena := mem.NewArenaOn(nil, p)
	defer arena.Free()
	if _, err := arena.Alloc(512 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := arena.Alloc(2 << 20); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("got %v", err)
	}
	if d.Used() > 1<<20 {
		t.Errorf("%d bytes used", d.Used())
	}
}

// A file system that cannot reserve room is written to.
func TestRoomIsReserved(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := reserve(f, 4096, 3<<20); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != 4096+3<<20 {
		t.Errorf("%v, %v", info, err)
	}
}
