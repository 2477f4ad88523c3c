package parquet

import (
	"bytes"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
)

// A page that is damaged leaves nothing behind for the page that is read next.
func TestDecompressorsForgetDamagedPages(t *testing.T) {
	text := bytes.Repeat([]byte("all that is gold does not glitter "), 400)
	for _, codec := range []compress.Compression{
		compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Brotli, compress.Codecs.Zstd, compress.Codecs.Lz4Raw, compress.Codecs.Lz4,
	} {
		f, err := decompressorOf(codec)
		if err != nil {
			t.Fatal(err)
		}
		good, out := packed(t, codec, text), make([]byte, len(text))
		for _, bad := range [][]byte{append(slices.Clone(good), good...), good[:len(good)/2], append(slices.Clone(good), 0xff)} {
			_ = f(out, bad) // not all codecs see what follows a stream
			if err := f(out, good); err != nil || !bytes.Equal(out, text) {
				t.Errorf("%s: after a damaged page: %v", codec, err)
			}
		}
		if f(out[:100], good) == nil {
			t.Errorf("%s: a page larger than it says was read", codec)
		}
		if err := f(out, good); err != nil {
			t.Errorf("%s: after a page larger than it says: %v", codec, err)
		}
	}
}
