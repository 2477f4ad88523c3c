package shuffle

import (
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	shufflev1 "github.com/polybolos-db/polybolos/api/shuffle/v1"
	"github.com/polybolos-db/polybolos/fault"
)

// Codec is how blocks in objects are compressed.
type Codec = shufflev1.Codec

// The codecs.
const (
	NoCodec = shufflev1.Codec_NONE
	LZ4     = shufflev1.Codec_LZ4
	Zstd    = shufflev1.Codec_ZSTD
)

// ParseCodec reads none, lz4 or zstd.
func ParseCodec(name string) (Codec, error) {
	switch strings.ToLower(name) {
	case "none":
		return NoCodec, nil
	case "lz4":
		return LZ4, nil
	case "zstd":
		return Zstd, nil
	}
	return 0, fmt.Errorf("must be none, lz4 or zstd, not %q", name)
}

// maxRaw bounds what a block may become: far more than a writer's buffer, and nothing that takes all memory.
const maxRaw = 1 << 30

// compressor has the tables of both codecs. Compressors are pooled, as one takes hundreds of kilobytes.
type compressor struct {
	lz4 lz4.Compressor
	buf []byte
}

var compressors = sync.Pool{New: func() any { return &compressor{} }}

// zstdEncoder compresses many blocks at once. Its level is the fastest: a block is read about once.
var zstdEncoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithEncoderCRC(false),
		zstd.WithLowerEncoderMem(true))
})

var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(maxRaw))
})

// compress returns the compressed form of raw in memory of c, or raw itself where that is not smaller by a part worth the work of decompressing.
func (c *compressor) compress(codec Codec, raw []byte) ([]byte, error) {
	var out []byte
	switch codec {
	case LZ4:
		if n := lz4.CompressBlockBound(len(raw)); cap(c.buf) < n {
			c.buf = make([]byte, n)
		}
		n, err := c.lz4.CompressBlock(raw, c.buf[:cap(c.buf)])
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "compress a shuffle block")
		}
		if n == 0 {
			return raw, nil
		}
		out = c.buf[:n]
	case Zstd:
		e, err := zstdEncoder()
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "compress a shuffle block")
		}
		c.buf = e.EncodeAll(raw, c.buf[:0])
		out = c.buf
	default:
		return raw, nil
	}
	if len(out) > len(raw)-len(raw)/worthwhile {
		return raw, nil
	}
	return out, nil
}

// worthwhile: a block that becomes smaller by less than this part stays as it is.
const worthwhile = 16

// decompress fills raw, which has the length that the manifest says.
func decompress(codec Codec, stored, raw []byte) error {
	var n int
	var err error
	switch codec {
	case LZ4:
		n, err = lz4.UncompressBlock(stored, raw)
	case Zstd:
		var d *zstd.Decoder
		if d, err = zstdDecoder(); err == nil {
			var out []byte
			out, err = d.DecodeAll(stored, raw[:0])
			if n = len(out); n > len(raw) {
				n = -1
			}
		}
	default:
		return fault.New(fault.DataCorrupted, "a shuffle block is compressed with codec %d, which is unknown here", codec)
	}
	if err != nil || n != len(raw) {
		return fault.Wrap(fault.DataCorrupted, err, "a shuffle block of %d bytes does not decompress to %d bytes", len(stored), len(raw))
	}
	return nil
}
