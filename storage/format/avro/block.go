package avro

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// maxBlock bounds a block's bytes, compressed or not. Writers make blocks of some tens of kilobytes.
const maxBlock = 256 << 20

// blocks reads the blocks of a split one after another.
type blocks struct {
	file     io.ReaderAt
	url      string
	size     int64 // of the file
	codec    string
	sync     [syncBytes]byte
	pos, end int64 // the next block, and where the split ends: a block that begins before belongs to it
	start    int64 // of the current block
	budget   *mem.Budget
	arena    *mem.Arena // of the current block
	inflate  io.ReadCloser
	zstd     *zstd.Decoder
}

// damaged says what is wrong with the block that begins at start.
func (b *blocks) damaged(err error) error {
	if e, ok := fault.As(err); ok && (e.Code == fault.OutOfMemory || e.Code == fault.IOError) {
		return err
	}
	return fault.Wrap(fault.DataCorrupted, err, "the Avro file is damaged").In("%s, block at byte %d", b.url, b.start)
}

// seek finds the first block that begins at from or behind it: right after the marker that ends the one before.
func (b *blocks) seek(ctx context.Context, from, first int64) error {
	if from <= first {
		b.pos = first
		return nil
	}
	// A marker that ends at from or later has its end in this stretch.
	at := max(from-syncBytes, first)
	buf := make([]byte, 64<<10)
	for at < b.size {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(int64(len(buf)), b.size-at)]
		if _, err := b.file.ReadAt(p, at); err != nil && !errors.Is(err, io.EOF) {
			return readFailure(err, b.url)
		}
		if i := bytes.Index(p, b.sync[:]); i >= 0 {
			b.pos = at + int64(i) + syncBytes
			return nil
		}
		if at+syncBytes > b.end {
			break
		}
		at += max(int64(len(p))-syncBytes+1, 1)
	}
	b.pos = b.end
	return nil
}

// next reads the next block of the split: how many records it has, and their bytes, which are valid until the next call. It reports false at the end.
func (b *blocks) next(ctx context.Context) (count int64, data []byte, more bool, err error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, false, err
	}
	if b.pos >= b.end || b.pos >= b.size {
		return 0, nil, false, nil
	}
	b.start = b.pos
	var head [2 * binary.MaxVarintLen64]byte
	n, err := b.file.ReadAt(head[:min(int64(len(head)), b.size-b.pos)], b.pos)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, false, readFailure(err, b.url)
	}
	in := input{head[:n]}
	count, err = in.long()
	var size int64
	if err == nil {
		size, err = in.long()
	}
	body := b.pos + int64(n-len(in.b))
	switch {
	case err != nil:
		return 0, nil, false, b.damaged(errors.New("its head is cut off or wrong"))
	case count < 0 || size < 0 || size > maxBlock:
		return 0, nil, false, b.damaged(fmt.Errorf("it claims %d records in %d bytes", count, size))
	case size+syncBytes > b.size-body:
		return 0, nil, false, b.damaged(fmt.Errorf("the file is cut off: the block has %d bytes, of which %d are there", size, max(b.size-body, 0)))
	}
	b.arena.Free()
	b.arena = mem.NewArena(b.budget)
	p, err := b.arena.Alloc(int(size) + syncBytes)
	if err != nil {
		return 0, nil, false, err
	}
	if _, err := b.file.ReadAt(p, body); err != nil {
		return 0, nil, false, readFailure(err, b.url)
	}
	if !bytes.Equal(p[size:], b.sync[:]) {
		return 0, nil, false, b.damaged(errors.New("the marker behind it is not the file's"))
	}
	b.pos = body + size + syncBytes
	if data, err = b.decompress(p[:size]); err != nil {
		return 0, nil, false, b.damaged(err)
	}
	return count, data, true, nil
}

func (b *blocks) decompress(p []byte) ([]byte, error) {
	switch b.codec {
	case "deflate":
		if b.inflate == nil {
			b.inflate = flate.NewReader(bytes.NewReader(p))
		} else if err := b.inflate.(flate.Resetter).Reset(bytes.NewReader(p), nil); err != nil {
			return nil, err
		}
		return b.all(b.inflate, len(p))
	case "zstandard":
		var err error
		if b.zstd == nil {
			b.zstd, err = zstd.NewReader(bytes.NewReader(p), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock), zstd.WithDecoderMaxWindow(maxBlock))
		} else {
			err = b.zstd.Reset(bytes.NewReader(p))
		}
		if err != nil {
			return nil, err
		}
		return b.all(b.zstd, len(p))
	case "snappy":
		return b.snappy(p)
	}
	return p, nil
}

// snappyRatio is more than snappy ever makes of a byte.
const snappyRatio = 32

func (b *blocks) snappy(p []byte) ([]byte, error) {
	if len(p) < 4 {
		return nil, errShort
	}
	sum := binary.BigEndian.Uint32(p[len(p)-4:])
	p = p[:len(p)-4]
	n, err := snappy.DecodedLen(p)
	if err != nil {
		return nil, err
	}
	if n > maxBlock || n > snappyRatio*len(p) {
		return nil, errLength
	}
	dst, err := b.arena.Alloc(n)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		if _, err := snappy.Decode(dst, p); err != nil {
			return nil, err
		}
	}
	if crc32.ChecksumIEEE(dst) != sum {
		return nil, errors.New("the check sum does not fit the bytes")
	}
	return dst, nil
}

// all reads a decompressed block to its end.
func (b *blocks) all(r io.Reader, compressed int) ([]byte, error) {
	dst, err := b.arena.Alloc(max(4*compressed, 4<<10))
	if err != nil {
		return nil, err
	}
	have := 0
	for {
		n, err := io.ReadFull(r, dst[have:])
		have += n
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && n < len(dst[have-n:]) {
			// ErrUnexpectedEOF is also what a stream that is cut off gives: then reading on gives it again.
			var one [1]byte
			if _, err := r.Read(one[:]); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return dst[:have], nil
		}
		if err != nil {
			return nil, err
		}
		if have >= maxBlock {
			return nil, fmt.Errorf("it has more than %d bytes when decompressed", maxBlock)
		}
		more, err := b.arena.Alloc(2 * len(dst))
		if err != nil {
			return nil, err
		}
		copy(more, dst)
		dst = more
	}
}

func (b *blocks) close() {
	b.arena.Free()
	if b.zstd != nil {
		b.zstd.Close()
	}
}

func readFailure(err error, url string) error {
	if _, ok := fault.As(err); ok {
		return err
	}
	return fault.Wrap(fault.IOError, err, "cannot read the file").In("%s", url)
}
