package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// memory is a store of one file.
type memory struct {
	storage.Store
	data []byte
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

func (m memory) Open(context.Context, plan.File) (storage.ReadFile, error) {
	return memoryFile{bytes.NewReader(m.data)}, nil
}

var fileCount int64

// readAll reads a file of any bytes to its end, within limits on memory and rows.
func readAll(data []byte) (rows int, err error) {
	ctx, st := context.Background(), memory{data: data}
	// Each content is a file of its own: the footer cache must not take it for another.
	fileCount++
	file := plan.File{URL: "memory.parquet", Size: int64(len(data)), ModTime: time.Unix(fileCount, 0)}
	fields, err := Format{}.Infer(ctx, st, file, nil)
	if err != nil {
		return 0, err
	}
	if _, err := (Format{}).Statistics(ctx, st, file, fields, nil); err != nil {
		return 0, err
	}
	splits, err := Format{}.Splits(ctx, st, file, nil)
	if err != nil {
		return 0, err
	}
	scan := &storage.Scan{Schema: fields}
	for i := range fields {
		scan.Columns = append(scan.Columns, i)
	}
	r, err := Format{}.NewReader(st, scan, mem.NewBudget("test", 64<<20, nil))
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	var b column.Batch
	for _, s := range splits {
		if err := r.Start(ctx, s); err != nil {
			return rows, err
		}
		for rows < 1<<16 {
			more, err := r.Next(ctx, &b)
			if err != nil {
				return rows, err
			}
			if !more {
				break
			}
			for _, v := range b.Cols {
				if err := v.Check(); err != nil {
					return rows, err
				}
				if err := touch(v); err != nil {
					return rows, err
				}
			}
			rows += b.Rows()
		}
	}
	return rows, nil
}

// touch reads every value: views must be readable, and elements there.
func touch(v *column.Vector) error {
	if v.Type.Kind.IsNested() {
		for i := range v.Len {
			_ = v.ValueAt(i)
		}
		return nil
	}
	for i := 0; i < v.Len && v.Type.Physical() == column.PhysView; i++ {
		if view := &column.Values[column.View](v.Target())[v.Index(i)]; bytes.Count(view.Bytes(), []byte{0}) > int(view.Len) {
			return fmt.Errorf("impossible")
		}
	}
	return nil
}

// fixtures are all files that other programs wrote.
func fixtures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.parquet")
	more, merr := filepath.Glob("testdata/writers/*.parquet")
	if err != nil || merr != nil || len(files)+len(more) < 60 {
		t.Fatal(len(files), len(more), err, merr)
	}
	for _, f := range more {
		if !strings.Contains(f, "encrypted") {
			files = append(files, f)
		}
	}
	return files
}

// Encrypted columns and files are refused as such; what is not encrypted is read.
func TestEncryptedFiles(t *testing.T) {
	rows, _, err := readRows(t, "testdata/writers/encrypted_column.parquet", []string{"open"})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the open column", rows, [][]string{{"1"}, {"2"}, {"3"}})
	for name, want := range map[string]string{"column": `row group 0, column "secret": the column is encrypted`, "footer": "encrypted Parquet files cannot be read"} {
		path := "testdata/writers/encrypted_" + name + ".parquet"
		_, _, err := readRows(t, path, nil)
		if fault.CodeOf(err) != fault.FeatureNotSupported || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Damage anywhere in a file is an error of ours or harmless, never a panic.
func TestDamagedFilesGiveErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	refused := 0
	for _, f := range fixtures(t) {
		good, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readAll(good); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for round := range 24 {
			bad := append([]byte(nil), good...)
			switch round % 4 {
			case 0: // a part is missing, and the end is whole
				from := r.IntN(len(bad) - 8)
				bad = append(bad[:from], bad[from+1+r.IntN(len(bad)-8-from):]...)
			case 1: // the footer is hit
				length := int(binary.LittleEndian.Uint32(bad[len(bad)-8:]))
				bad[len(bad)-8-1-r.IntN(length)] ^= byte(1 + r.IntN(255))
			default:
				for range 1 + r.IntN(3) {
					bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
				}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := readAll(bad)
			if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 64<<20 {
				t.Errorf("%s: %d bytes of the Go heap for a file of %d: %v", f, after.TotalAlloc-before.TotalAlloc, len(bad), err)
			}
			if err == nil {
				continue
			}
			refused++
			e, ok := fault.As(err)
			if !ok || e.Code == fault.Internal || !strings.Contains(err.Error(), "memory.parquet") && e.Code != fault.OutOfMemory {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
	if refused < 200 {
		t.Errorf("only %d damaged files were refused", refused)
	}
}

func TestForeignAndTruncatedFiles(t *testing.T) {
	good, err := os.ReadFile("testdata/types.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "empty"},
		{"short", []byte("PAR1"), "too short"},
		{"text", []byte("id,name\n1,Ada\n2,Grace\n"), "another format"},
		{"cut off", good[:len(good)-20], "cut off"},
		{"footer longer than the file", append([]byte("PAR1"), "\xff\xff\xff\x7fPAR1"...), "footer"},
		{"footer of rubbish", append(append([]byte("PAR1"), bytes.Repeat([]byte{0x7f}, 40)...), "\x28\x00\x00\x00PAR1"...), "footer"},
		{"encrypted", append([]byte("PARE"), "\x00\x00\x00\x00PARE"...), "encrypted"},
	} {
		_, err := readAll(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "memory.parquet") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestErrorsNameFileRowGroupAndColumn(t *testing.T) {
	good, err := os.ReadFile("testdata/table_plain_v1.parquet") // its pages have checksums
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte(nil), good...)
	at := bytes.Index(bad, []byte("\x27\x00\x00\x00a longer text")) // a value with its length, not a statistic
	bad[at+8] ^= 1
	_, err = readAll(bad)
	if fault.CodeOf(err) != fault.DataCorrupted || !strings.Contains(err.Error(), `memory.parquet, row group 0, column "s", page at byte `) ||
		!strings.Contains(err.Error(), "checksum") {
		t.Error(err)
	}
}

// A file that changes between planning and reading is refused.
func TestChangedFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.parquet")
	values := extremes()
	fields := []column.Field{{Name: "i64", Type: column.T(column.Int64)}}
	writeFile(t, path, fields, values, 100, nil)
	before := fileAt(t, path)
	writeFile(t, path, fields, values, 200, nil)
	_, err := store.Open(context.Background(), before)
	if fault.CodeOf(err) != fault.ObjectNotInState || !strings.Contains(err.Error(), "changed") {
		t.Error(err)
	}
}

// FuzzFile reads files of any bytes; run it with -fuzz.
func FuzzFile(f *testing.F) {
	for _, name := range fixtures(f) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := readAll(data); err != nil {
			if _, ok := fault.As(err); !ok {
				t.Error(err)
			}
		}
	})
}
