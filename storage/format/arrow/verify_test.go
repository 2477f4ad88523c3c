package arrow

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	arrowgo "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// sample is a file or a stream with every shape of metadata: nested fields, dictionaries, views, a union, metadata of its own.
func sample(t testing.TB, stream bool, options ...ipc.Option) []byte {
	t.Helper()
	text := arrowgo.BinaryTypes.String
	note := arrowgo.NewMetadata([]string{"key", "other"}, []string{"value", ""})
	schema := arrowgo.NewSchema([]arrowgo.Field{
		{Name: "dict", Type: &arrowgo.DictionaryType{IndexType: arrowgo.PrimitiveTypes.Int8, ValueType: text}, Nullable: true, Metadata: note},
		{Name: "view", Type: arrowgo.BinaryTypes.StringView, Nullable: true},
		{Name: "list", Type: arrowgo.ListOf(arrowgo.PrimitiveTypes.Int64), Nullable: true},
		{Name: "struct", Type: arrowgo.StructOf(arrowgo.Field{Name: "x", Type: text, Nullable: true}), Nullable: true},
		{Name: "map", Type: arrowgo.MapOf(text, arrowgo.PrimitiveTypes.Int32), Nullable: true},
		{Name: "three", Type: arrowgo.FixedSizeListOf(3, arrowgo.PrimitiveTypes.Int16), Nullable: true},
		{Name: "time", Type: &arrowgo.TimestampType{Unit: arrowgo.Nanosecond, TimeZone: "UTC"}, Nullable: true},
		{Name: "null", Type: arrowgo.Null, Nullable: true},
		{Name: "price", Type: &arrowgo.Decimal128Type{Precision: 10, Scale: 2}, Nullable: true},
	}, &note)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"dict":"a","view":"a string that is longer than twelve bytes","list":[1,2],"struct":{"x":"y"},"map":[{"key":"k","value":1}],"three":[1,2,3],
		 "time":"2024-01-01T00:00:00Z","price":"1.25"},
		{"dict":"b","view":"short","list":[],"struct":null,"map":null,"three":null,"time":null},
		{"dict":"a","view":null,"list":null,"struct":{"x":null},"map":[],"three":[4,5,6]}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	var out bytes.Buffer
	options = append(options, ipc.WithSchema(schema))
	var w interface {
		Write(arrowgo.RecordBatch) error
		Close() error
	} = ipc.NewWriter(&out, options...)
	if !stream {
		if w, err = ipc.NewFileWriter(&out, options...); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rows reads all record batches and converts what can be.
func rows(t testing.TB, content []byte) (n int64, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.arrow")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, store := context.Background(), objectstore.Local{}
	list, err := store.List(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	budget := mem.NewBudget("test", 16<<20, nil)
	defer func() {
		if budget.Used() != 0 {
			t.Errorf("%d bytes are not given back", budget.Used())
		}
	}()
	s, err := open(ctx, store, list[0], budget)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := s.Close(); err == nil {
			err = cerr
		}
	}()
	defer recovered(&err, path)
	for i := 0; ; i++ {
		rec, err := s.record(i)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, s.damaged(err)
		}
		n += rec.NumRows()
		for k, f := range rec.Schema().Fields() {
			to, err := typeOf(f.Type)
			if err != nil || rec.NumRows() > 1000 {
				continue
			}
			if c, err := convert(ctx, rec.Column(k), column.ArrowType(to)); err == nil {
				c.Release()
			}
		}
		rec.Release()
	}
}

func samples(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"file": sample(t, false), "stream": sample(t, true), "zstd file": sample(t, false, ipc.WithZstd()), "lz4 stream": sample(t, true, ipc.WithLZ4()),
	}
}

func TestWholeFilesPass(t *testing.T) {
	for name, content := range samples(t) {
		if n, err := rows(t, content); n != 6 || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

// Every third byte in turn is made large, small or random: what is read may be wrong, but errors are ours, and name the file.
func TestBytesDamaged(t *testing.T) {
	for name, content := range samples(t) {
		r := rand.New(rand.NewPCG(7, 1))
		for i := r.IntN(3); i < len(content); i += 3 {
			bad := bytes.Clone(content)
			if r.IntN(2) == 0 && i+4 <= len(bad) {
				binary.LittleEndian.PutUint32(bad[i:], []uint32{math31, 0xfffffff0, 1 << 24, 0x80000000}[r.IntN(4)])
			} else {
				bad[i] = []byte{0, 1, 0x7f, 0xff, byte(r.IntN(256))}[r.IntN(5)]
			}
			_, err := rows(t, bad)
			if e, ok := fault.As(err); err != nil && (!ok || e.Code == fault.DataCorrupted && !strings.Contains(err.Error(), "f.arrow")) {
				t.Errorf("%s, byte %d: %v", name, i, err)
			}
		}
	}
}

const math31 = 0x7fffffff

// A file or stream that ends early is an error or has fewer rows.
func TestCutOff(t *testing.T) {
	for name, content := range samples(t) {
		for n := 0; n < len(content); n += 13 {
			_, err := rows(t, content[:n])
			if err == nil && !strings.Contains(name, "stream") || err != nil && fault.CodeOf(err) != fault.DataCorrupted {
				t.Errorf("%s cut off after %d bytes: %v", name, n, err)
			}
		}
	}
}

// Tables whose parts are shared grow as they are read: 24 levels of two fields that are the same one would be 16 million.
func TestSharedFieldsAreRefused(t *testing.T) {
	b := []byte{4, 0, 0, 0}
	u32 := func(v int) { b = binary.LittleEndian.AppendUint32(b, uint32(v)) }
	for range 24 {
		// A table (its description follows) with one vector of two offsets that both lead to the next table.
		at := len(b)
		u32(-8 & 0xffffffff)
		u32(4 + 8)                            // the vector, behind the description
		b = append(b, 6, 0, 8, 0, 4, 0, 0, 0) // the description: 6 bytes, a table of 8, value 0 at 4
		u32(2)                                // the vector's length
		u32(8)                                // both lead to what follows
		u32(4)
		if len(b) != at+28 {
			t.Fatal(len(b))
		}
	}
	u32(-4 & 0xffffffff)
	b = append(b, 4, 0, 4, 0)
	root, err := newFlat(b).root()
	if err != nil {
		t.Fatal(err)
	}
	visits := 0
	var visit func(table) error
	visit = func(x table) error {
		visits++
		_, err := x.each(0, visit)
		return err
	}
	if err := visit(root); err == nil || !strings.Contains(err.Error(), "too often") || visits > len(b)*shared {
		t.Errorf("%d visits, %v", visits, err)
	}
}

// Any bytes at all are rows or an error of ours.
func FuzzFile(f *testing.F) {
	for _, content := range samples(f) {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := rows(t, content); err != nil {
			if _, ok := fault.As(err); !ok {
				t.Errorf("%T %v", err, err)
			}
		}
	})
}
