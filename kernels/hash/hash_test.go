package hash

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/simd"
)

// The same values in every form, under random selections, hash alike, batch after batch; different values hardly ever do.
func TestHashDependsOnValuesOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range columntest.Types() {
		a := mem.NewArena(nil)
		h, err := NewHasher([]column.Type{typ, typ})
		if err != nil {
			t.Fatal(err)
		}
		byValue := map[string]uint64{}
		values := map[uint64]string{}
		for round := range 40 {
			b := columntest.RandomBatch(r, a, []column.Type{typ, typ}, 1+r.IntN(200))
			if round%8 == 0 {
				b.Sel = columntest.Selection(r, b.Len)
			}
			for k, got := range h.Hash(b, []int{0, 1}) {
				x, y := b.Cols[0].ValueAt(b.Row(k)), b.Cols[1].ValueAt(b.Row(k))
				name := canonical(x) + "|" + canonical(y)
				if want, ok := byValue[name]; ok && want != got {
					t.Fatalf("%s: %s hashes to %x and %x", typ, name, want, got)
				}
				if other, ok := values[got]; ok && other != name {
					t.Fatalf("%s: %s and %s both hash to %x", typ, other, name, got)
				}
				byValue[name], values[got] = got, name
			}
		}
		if len(byValue) < 4 {
			t.Errorf("%s: only %d different tuples tried", typ, len(byValue))
		}
		a.Free()
	}
}

// canonical is a text that is equal exactly for values that are equal as keys.
func canonical(v column.Value) string {
	switch {
	case v.Null:
		return "NULL"
	case v.Type.Kind.IsFloat() && v.Float == 0:
		return "0"
	case v.Type.Kind == column.Interval:
		return v.Interval.Span().String()
	}
	return v.String()
}

func TestHashOfIntegersIgnoresTheirWidth(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	for _, x := range []int64{0, 1, -1, 100, -128} {
		var first uint64
		for i, typ := range []column.Type{column.T(column.Int8), column.T(column.Int16), column.T(column.Int32), column.T(column.Int64),
			column.DecimalType(18, 0), column.DecimalType(38, 0)} {
			v, err := column.NewConstant(a, column.IntValue(typ, x), 1)
			if err != nil {
				t.Fatal(err)
			}
			h, err := NewHasher([]column.Type{typ})
			if err != nil {
				t.Fatal(err)
			}
			got := h.Hash(&column.Batch{Cols: []*column.Vector{v}, Len: 1}, []int{0})[0]
			if i == 0 {
				first = got
			}
			if got != first {
				t.Errorf("%d as %s hashes to %x, not %x", x, typ, got, first)
			}
		}
	}
}

func TestStringsOfAllLengthsHashApart(t *testing.T) {
	seen := map[uint64]int{}
	p := make([]byte, 70)
	for n := range p {
		for flip := -1; flip < n; flip++ {
			q := append([]byte(nil), p[:n]...)
			if flip >= 0 {
				q[flip] = 1
			}
			h := simd.HashBytes(q)
			if at, ok := seen[h]; ok {
				t.Fatalf("lengths %d and %d (byte %d set) collide", at, n, flip)
			}
			seen[h] = n
		}
	}
}

// Sequential keys must spread over partitions, and those of one partition over the high bits that choose a table's slots.
func TestPartitionsAndSlotsAreIndependent(t *testing.T) {
	const n, parts = 1 << 16, 8
	counts := [parts]int{}
	slots := [parts][16]int{}
	for i := range uint64(n) {
		h := Mix(i)
		p := Partition(h, parts)
		counts[p]++
		slots[p][h>>60]++
	}
	for p, c := range counts {
		if c < n/parts*9/10 || c > n/parts*11/10 {
			t.Errorf("partition %d has %d of %d keys", p, c, n)
		}
		for s, c := range slots[p] {
			if want := n / parts / 16; c < want*7/10 || c > want*13/10 {
				t.Errorf("partition %d has %d keys in slots %d/16, want about %d", p, c, s, want)
			}
		}
	}
}

func TestNestedKeysAreRefused(t *testing.T) {
	if _, err := NewHasher([]column.Type{column.ListType(column.T(column.Int32))}); fault.CodeOf(err) != fault.FeatureNotSupported {
		t.Errorf("error %v", err)
	}
}

func TestSliceGrowsAndReturnsItsMemory(t *testing.T) {
	budget := mem.NewBudget("test", 0, nil)
	s := Slice[uint64]{Budget: budget}
	for i := range 100_000 {
		if err := s.Append(uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Resize(150_000); err != nil {
		t.Fatal(err)
	}
	for i, v := range s.S {
		if want := uint64(i); i < 100_000 && v != want || i >= 100_000 && v != 0 {
			t.Fatalf("element %d is %d", i, v)
		}
	}
	if budget.Used() == 0 {
		t.Error("nothing was charged")
	}
	s.Free()
	if budget.Used() != 0 {
		t.Errorf("%d bytes still charged", budget.Used())
	}
	small := Slice[uint64]{Budget: mem.NewBudget("small", 100_000, nil)}
	if err := small.Resize(1 << 20); fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("error %v", err)
	}
}

func BenchmarkHashInt64(b *testing.B) {
	a := mem.NewArena(nil)
	defer a.Free()
	v, _ := column.NewFlat(a, column.T(column.Int64), column.BatchRows)
	h, _ := NewHasher([]column.Type{v.Type})
	batch := &column.Batch{Cols: []*column.Vector{v}, Len: v.Len}
	b.SetBytes(8 * column.BatchRows)
	for b.Loop() {
		h.Hash(batch, []int{0})
	}
}
