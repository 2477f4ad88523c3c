package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/fault"
)

// writeTexts makes a file of one column of texts, not compressed, with pages of about a size.
func writeTexts(t *testing.T, texts []parquet.ByteArray, pageSize int64, version parquet.DataPageVersion, encoding parquet.Encoding) string {
	t.Helper()
	node, err := schema.NewPrimitiveNodeLogical("v", parquet.Repetitions.Required, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1)
	if err != nil {
		t.Fatal(err)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{node}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root, file.WithWriterProps(parquet.NewWriterProperties(parquet.WithDictionaryDefault(false), parquet.WithStats(false),
		parquet.WithCompression(compress.Codecs.Uncompressed), parquet.WithEncoding(encoding), parquet.WithDataPageSize(pageSize), parquet.WithDataPageVersion(version))))
	group, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := group.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	_, err = chunk.(*file.ByteArrayColumnChunkWriter).WriteBatch(texts, nil, nil)
	if err := errors.Join(err, chunk.Close(), group.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "texts.parquet")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestStoredPages reads pages that are not compressed, smaller and larger than what is read ahead.
func TestStoredPages(t *testing.T) {
	var texts []parquet.ByteArray
	for i := range 60_000 {
		texts = append(texts, fmt.Appendf(nil, "Customer#%0*d", i*i%23, i))
	}
	for _, size := range []int64{20_000, 300_000, 600_000, 10_000_000} {
		for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
			for _, encoding := range []parquet.Encoding{parquet.Encodings.Plain, parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.DeltaByteArray} {
				t.Run(fmt.Sprintf("%d bytes/%v/%v", size, version, encoding), func(t *testing.T) {
					rows, _, err := readRows(t, writeTexts(t, texts, size, version, encoding), nil)
					if err != nil || len(rows) != len(texts) {
						t.Fatalf("%d rows, %v", len(rows), err)
					}
					for i, r := range rows {
						if r[0] != string(texts[i]) {
							t.Fatalf("row %d is %q, want %q", i, r[0], texts[i])
						}
					}
				})
			}
		}
	}
}

// TestStoredPagesOfNoText reads large pages with a byte that is no UTF-8, in front and behind what the window has.
func TestStoredPagesOfNoText(t *testing.T) {
	for _, at := range []int{3, 59_000} {
		var texts []parquet.ByteArray
		for i := range 60_000 {
			texts = append(texts, fmt.Appendf(nil, "Customer#%09d", i))
		}
		texts[at] = []byte("\xff")
		if _, _, err := readRows(t, writeTexts(t, texts, 10_000_000, parquet.DataPageV1, parquet.Encodings.Plain), nil); fault.CodeOf(err) != fault.CharacterNotInRepertoire {
			t.Errorf("row %d, which is no text, gives %v", at, err)
		}
	}
}
