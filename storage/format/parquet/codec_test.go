package parquet

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// packed is data in a codec's form.
func packed(t testing.TB, codec compress.Compression, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	stream := func(w io.WriteCloser, err error) []byte {
		if err == nil {
			_, err = w.Write(data)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	switch codec {
	case compress.Codecs.Snappy:
		return snappy.Encode(nil, data)
	case compress.Codecs.Gzip:
		return stream(gzip.NewWriter(&out), nil)
	case compress.Codecs.Brotli:
		return stream(brotli.NewWriterLevel(&out, 2), nil)
	case compress.Codecs.Zstd:
		return stream(zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1)))
	}
	b := make([]byte, lz4.CompressBlockBound(len(data)))
	n, err := lz4.CompressBlock(data, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

// A page is unfolded to the size that its header says, or refused: also one that would unfold to very much more, without taking the memory for it.
func TestDecompressorsKeepToTheSize(t *testing.T) {
	small, large := bytes.Repeat([]byte("some text "), 1000), make([]byte, 32<<20)
	for _, codec := range []compress.Compression{
		compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Brotli, compress.Codecs.Zstd, compress.Codecs.Lz4Raw, compress.Codecs.Lz4,
	} {
		f, err := decompressorOf(codec)
		if err != nil {
			t.Fatal(err)
		}
		src, bomb := packed(t, codec, small), packed(t, codec, large)
		for _, size := range []int{len(small) - 1, len(small), len(small) + 1} {
			// What lies behind the page's end must stay as it is.
			buf := bytes.Repeat([]byte{0xAA}, 2*len(small))
			if err := f(buf[:size], src); (err == nil) != (size == len(small)) {
				t.Errorf("%s, %d bytes of %d: %v", codec, size, len(small), err)
			} else if err == nil && !bytes.Equal(buf[:size], small) {
				t.Errorf("%s: the content differs", codec)
			}
			if !bytes.Equal(buf[size:], bytes.Repeat([]byte{0xAA}, len(buf)-size)) {
				t.Errorf("%s: bytes behind the page were written", codec)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = f(make([]byte, 100), bomb)
		runtime.ReadMemStats(&after)
		if err == nil || after.TotalAlloc-before.TotalAlloc > 16<<20 {
			t.Errorf("%s: a bomb gives %v and takes %d bytes", codec, err, after.TotalAlloc-before.TotalAlloc)
		}
		for cut := range 20 {
			if f(make([]byte, len(small)), src[:len(src)*cut/20]) == nil {
				t.Errorf("%s: %d of %d bytes are enough", codec, len(src)*cut/20, len(src))
			}
		}
	}
	if _, err := decompressorOf(compress.Codecs.Lzo); err == nil {
		t.Error("LZO")
	}
}
