package column_test

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	m.Run()
}

func allTypes() []column.Type {
	return append(append(columntest.Types(), columntest.NestedTypes()...), column.T(column.Null))
}

func same(t *testing.T, what string, got, want column.Value) {
	t.Helper()
	if !columntest.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v (%s)", what, got, want, want.Type)
	}
}

func check(t *testing.T, v *column.Vector) {
	t.Helper()
	if err := v.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestGatherFindsRowsInEveryForm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, typ := range allTypes() {
		for range 40 {
			a := mem.NewArena(nil)
			n := r.IntN(200)
			v := columntest.Random(r, a, typ, n)
			idx := make([]uint32, r.IntN(100))
			for k := range idx {
				idx[k] = column.NoRow
				if n > 0 && r.IntN(5) > 0 {
					idx[k] = uint32(r.IntN(n))
				}
			}
			got, err := column.Gather(a, v, idx)
			if err != nil {
				t.Fatal(err)
			}
			check(t, got)
			for k, i := range idx {
				want := column.NullValue(typ)
				if i != column.NoRow {
					want = v.ValueAt(int(i))
				}
				same(t, "gather", got.ValueAt(k), want)
			}
			a.Free()
		}
	}
}

func TestSliceScatterFlattenKeepValues(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for _, typ := range allTypes() {
		for range 40 {
			a := mem.NewArena(nil)
			n := 1 + r.IntN(200)
			v := columntest.Random(r, a, typ, n)
			from := r.IntN(n)
			count := r.IntN(n - from + 1)
			s, err := column.Slice(a, v, from, count)
			if err != nil {
				t.Fatal(err)
			}
			check(t, s)
			f, err := column.Flatten(a, v)
			if err != nil {
				t.Fatal(err)
			}
			check(t, f)
			for i := range n {
				same(t, "flatten", f.ValueAt(i), v.ValueAt(i))
			}
			for i := range count {
				same(t, "slice", s.ValueAt(i), v.ValueAt(from+i))
			}
			if !typ.Kind.IsNested() && typ.Kind != column.Null {
				dst, _ := column.NewFlat(a, typ, n)
				dst.Valid, _ = column.AllocBitmap(a, n)
				at := make([]uint32, n)
				for i, p := range r.Perm(n) {
					at[i] = uint32(p)
				}
				column.Scatter(dst, v, at)
				for i, p := range at {
					same(t, "scatter", dst.ValueAt(int(p)), v.ValueAt(i))
				}
			}
			a.Free()
		}
	}
}

func TestCompactAndCloneKeepSelectedRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 100 {
		src, dst := mem.NewArena(nil), mem.NewArena(nil)
		b := columntest.RandomBatch(r, src, allTypes(), r.IntN(150))
		want := columntest.Rows(b)
		dense, err := column.Compact(src, b)
		if err != nil {
			t.Fatal(err)
		}
		own, err := column.Clone(dst, b)
		if err != nil {
			t.Fatal(err)
		}
		compareRows(t, "compact", columntest.Rows(dense), want)
		src.Free() // a clone owns all it has
		compareRows(t, "clone", columntest.Rows(own), want)
		dst.Free()
	}
}

func compareRows(t *testing.T, what string, got, want [][]column.Value) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i := range got {
		for c := range got[i] {
			same(t, what, got[i][c], want[i][c])
		}
	}
}

func TestAppenderKeepsRowsAcrossChunks(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	types := allTypes()
	for range 5 {
		dst := mem.NewArena(nil)
		ap := column.NewAppender(dst, types)
		var want [][]column.Value
		for ap.Rows() < 2*column.ChunkRows+100 {
			src := mem.NewArena(nil)
			b := columntest.RandomBatch(r, src, types, r.IntN(900))
			if r.IntN(4) == 0 {
				rows := []uint32{column.NoRow}
				for range r.IntN(20) * min(1, b.Len) {
					rows = append(rows, uint32(r.IntN(b.Len)))
				}
				if err := ap.AppendRows(b, rows); err != nil {
					t.Fatal(err)
				}
				for _, i := range rows {
					row := make([]column.Value, len(types))
					for c, typ := range types {
						row[c] = column.NullValue(typ)
						if i != column.NoRow {
							row[c] = b.Cols[c].ValueAt(int(i))
						}
					}
					want = append(want, row)
				}
			} else {
				if err := ap.Append(b); err != nil {
					t.Fatal(err)
				}
				want = append(want, columntest.Rows(b)...)
			}
			src.Free()
		}
		if ap.Rows() != len(want) || ap.End() != len(want) {
			t.Fatalf("%d rows to %d, want %d", ap.Rows(), ap.End(), len(want))
		}
		var got [][]column.Value
		for i := range ap.Chunks() {
			for _, v := range ap.Chunk(i).Cols {
				check(t, v)
			}
			got = append(got, columntest.Rows(ap.Chunk(i))...)
		}
		compareRows(t, "chunks", got, want)
		idx := make([]uint32, 500)
		for k := range idx {
			idx[k] = column.NoRow
			if r.IntN(10) > 0 {
				idx[k] = uint32(r.IntN(len(want)))
			}
		}
		for c, typ := range types {
			v, err := ap.Gather(dst, c, idx)
			if err != nil {
				t.Fatal(err)
			}
			check(t, v)
			for k, i := range idx {
				if i == column.NoRow {
					same(t, "gather hole", v.ValueAt(k), column.NullValue(typ))
				} else {
					same(t, "gather", v.ValueAt(k), want[i][c])
				}
			}
		}
		dst.Free()
	}
}

func TestAdoptedRowsAreFoundByTheirNewNumbers(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	types := []column.Type{column.T(column.Int64)}
	parts := make([]*column.Appender, 3)
	for p := range parts {
		parts[p] = column.NewAppender(a, types)
		vals := make([]column.Value, 5000)
		for i := range vals {
			vals[i] = column.IntValue(types[0], int64(p*10000+i))
		}
		if err := parts[p].Append(&column.Batch{Cols: []*column.Vector{columntest.Vector(a, types[0], vals)}, Len: len(vals)}); err != nil {
			t.Fatal(err)
		}
	}
	all := column.NewAppender(a, types)
	var rows []uint32
	for _, p := range parts {
		first := all.Adopt(p)
		rows = append(rows, uint32(first), uint32(first+4999))
	}
	v, err := all.Gather(a, 0, rows)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []int64{0, 4999, 10000, 14999, 20000, 24999} {
		if got := column.Values[int64](v)[k]; got != want {
			t.Errorf("row %d: %d, want %d", rows[k], got, want)
		}
		if got := column.Chunked[int64](all, 0)[rows[k]/column.ChunkRows][rows[k]%column.ChunkRows]; got != want {
			t.Errorf("chunked row %d: %d, want %d", rows[k], got, want)
		}
	}
	if all.Rows() != 15000 {
		t.Errorf("%d rows", all.Rows())
	}
}

func TestStringsSharedByADictionaryAreCopiedOnce(t *testing.T) {
	src, dst := mem.NewArena(nil), mem.NewArena(nil)
	defer src.Free()
	defer dst.Free()
	typ := column.T(column.Text)
	vals := make([]column.Value, 10000)
	for i := range vals {
		vals[i] = column.TextValue("a string that is longer than a view, repeated many times over and over again")
	}
	ap := column.NewAppender(dst, []column.Type{typ})
	if err := ap.Append(&column.Batch{Cols: []*column.Vector{columntest.Encoded(src, typ, vals)}, Len: len(vals)}); err != nil {
		t.Fatal(err)
	}
	first := ap.Chunk(0).Cols[0]
	last := ap.Chunk(ap.Chunks() - 1).Cols[0]
	if a, b := column.Values[column.View](first)[0], column.Values[column.View](last)[0]; a != b {
		t.Errorf("rows of one entry have copies at %x and %x", a.Tail, b.Tail)
	}
}
