package parquet

import (
	"errors"
	"hash/crc32"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// chunkSource reads the pages of a column chunk in order, through a window of the file.
type chunkSource struct {
	file   storage.ReadFile
	pool   *pool
	chunk  *chunk
	codec  decompressor // nil: not compressed
	window []byte       // what was read of the file, from a pool buffer
	start  int64        // the file's offset of window[0]
	next   int64        // the file's offset of the next page's header
	end    int64        // of the chunk
	page   int64        // the file's offset of the last page's header, 0 before the first
	heap   bool         // the window is on the Go heap: there is no pool
}

// readAhead is the least that is read at a time, in bytes: large enough that system calls do not count (a tenth of copying what they read), small
// enough that tables of hundreds of columns are read in little memory. With a buffer's slack it is a power of two.
const readAhead = 256<<10 - slack

// maxPageHeader bounds a page's header, in bytes: statistics in it may be long texts.
const maxPageHeader = 16 << 20

func (s *chunkSource) open(file storage.ReadFile, p *pool, c *chunk) error {
	s.close()
	*s = chunkSource{file: file, pool: p, chunk: c, next: c.offset, start: c.offset, end: c.offset + c.size}
	if c.encrypted {
		return fault.New(fault.FeatureNotSupported, "the column is encrypted")
	}
	codec, err := decompressorOf(c.codec)
	if err != nil {
		return err
	}
	s.codec = codec
	return nil
}

func (s *chunkSource) close() {
	if s.pool != nil {
		s.pool.put(s.window)
	}
	s.window, s.file = nil, nil
}

var errOutside = errors.New("a page lies outside its column chunk")

// bytes is the file's n bytes at offset at, valid until the next call; fewer at the chunk's end when short is set. ahead bytes are read at least.
func (s *chunkSource) bytes(at int64, n, ahead int, short bool) ([]byte, error) {
	if left := s.end - at; int64(n) > left {
		if !short {
			return nil, errOutside
		}
		n = int(left)
	}
	if at >= s.start && at+int64(n) <= s.start+int64(len(s.window)) {
		off := int(at - s.start)
		return s.window[off : off+n : off+n], nil
	}
	size := int(min(int64(max(n, ahead)), s.end-at))
	if f, ok := s.file.(*remoteFile); ok {
		size = max(n, int(min(int64(size), f.ready(at))))
	}
	// What the window has of it already is not read again.
	have := 0
	if at >= s.start && at < s.start+int64(len(s.window)) {
		have = copy(s.window, s.window[at-s.start:])
	}
	if cap(s.window) < size+slack {
		var w []byte
		if s.heap {
			w = make([]byte, size+slack)
		} else {
			var err error
			if w, err = s.pool.get(size); err != nil {
				return nil, err
			}
		}
		copy(w, s.window[:have])
		if !s.heap {
			s.pool.put(s.window)
		}
		s.window = w
	}
	s.window, s.start = s.window[:size], at
	if n, err := s.file.ReadAt(s.window[have:], at+int64(have)); n < size-have {
		s.window = s.window[:0]
		return nil, fault.Wrap(fault.IOError, err, "cannot read %d bytes at %d", size-have, at+int64(have))
	}
	return s.window[:n:n], nil
}

// header reads the next page's header. The page's body follows with body and is passed over otherwise. over says that it will be, likely: then no more
// than the header is read.
func (s *chunkSource) header(over bool) (h pageHeader, body int64, err error) {
	ahead := readAhead
	if over {
		ahead = 0
	}
	for n := 1 << 10; ; n *= 8 {
		if s.next >= s.end {
			return h, 0, errors.New("the column chunk has fewer values than its metadata says")
		}
		b, err := s.bytes(s.next, n, ahead, true)
		if err != nil {
			return h, 0, err
		}
		h, size, err := parsePageHeader(b)
		if errors.Is(err, errShort) && len(b) == n && n < maxPageHeader {
			continue
		}
		if err != nil {
			return h, 0, err
		}
		body = s.next + int64(size)
		if int64(h.compressed) > s.end-body {
			return h, 0, errOutside
		}
		s.page, s.next = s.next, body+int64(h.compressed)
		return h, body, nil
	}
}

var (
	errChecksum = errors.New("a page's checksum is wrong")
	errLevels   = errors.New("a page's levels are longer than the page")
)

// load reads and decompresses the body of a page into a buffer of a pool. In a data page of version 2 the levels are not compressed.
func (s *chunkSource) load(h *pageHeader, body int64, from *pool) ([]byte, error) {
	if stored := s.codec == nil || h.kind == pageDataV2 && !h.compressV2; stored && h.compressed == h.uncompressed {
		if n := s.held(body); h.compressed-n >= readAhead {
			return s.loadStored(h, body, n, from)
		}
	}
	b, err := s.bytes(body, h.compressed, readAhead, false)
	if err != nil {
		return nil, err
	}
	if h.hasCRC && crc32.ChecksumIEEE(b) != h.crc {
		return nil, errChecksum
	}
	levels := 0
	if h.kind == pageDataV2 {
		levels = h.defBytes + h.repBytes
		if levels > h.compressed || levels > h.uncompressed {
			return nil, errLevels
		}
	}
	stored := s.codec == nil || h.kind == pageDataV2 && !h.compressV2
	if stored && h.compressed != h.uncompressed {
		return nil, errors.New("an uncompressed page has two sizes")
	}
	out, err := from.get(h.uncompressed)
	if err != nil {
		return nil, err
	}
	copy(out, b[:levels])
	if stored {
		copy(out, b)
		return out, nil
	}
	rest := out[levels:]
	if len(rest) == 0 {
		return out, nil // a page of NULLs alone; not every codec unfolds nothing
	}
	if err := s.codec(rest, b[levels:]); err != nil {
		from.put(out)
		return nil, err
	}
	return out, nil
}

// held is how many bytes the window has from offset at on.
func (s *chunkSource) held(at int64) int {
	if at < s.start {
		return 0
	}
	return int(max(0, s.start+int64(len(s.window))-at))
}

// loadStored is load for a large page that is not compressed, of which the window has the first bytes: the others are read to where they stay.
func (s *chunkSource) loadStored(h *pageHeader, body int64, held int, from *pool) ([]byte, error) {
	if int64(h.compressed) > s.end-body {
		return nil, errOutside
	}
	if h.kind == pageDataV2 && h.defBytes+h.repBytes > h.compressed {
		return nil, errLevels
	}
	out, err := from.get(h.compressed)
	if err != nil {
		return nil, err
	}
	if held > 0 {
		copy(out, s.window[body-s.start:])
	}
	rest, at := out[held:], body+int64(held)
	if n, err := s.file.ReadAt(rest, at); n < len(rest) {
		from.put(out)
		return nil, fault.Wrap(fault.IOError, err, "cannot read %d bytes at %d", len(rest), at)
	}
	if h.hasCRC && crc32.ChecksumIEEE(out) != h.crc {
		from.put(out)
		return nil, errChecksum
	}
	return out, nil
}
