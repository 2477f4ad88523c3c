package parquet

import (
	"context"
	"sort"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// What a RemoteFile's ReadAhead leaves open. A read from an object store takes 10 to 100 ms before its first byte comes and then some 50 to 100 MB/s: pieces of
// 2 MB, eight at once, keep a fast network busy, and ranges half a millisecond of transfer apart are better read as one.
const (
	defaultGap      = 256 << 10
	defaultPiece    = 2 << 20
	defaultInFlight = 8
	defaultAhead    = 48 << 20
)

// aheadShare is the part of a memory limit that one reader may read ahead.
const aheadShare = 16

// remoteFile reads what a row group's columns will need ahead, in pieces, several at once. Its buffers are the reader's pool's. All methods are
// called by the reader's goroutine; a piece's own goroutine does no more than fill its buffer and close done.
type remoteFile struct {
	storage.RemoteFile
	set  storage.ReadAhead
	pool *pool
	ctx  context.Context

	streams  []*stream
	metadata *piece   // of the row group, where it was read at once
	blocks   []*piece // small column chunks that lie together
	inFlight int      // pieces that were not seen to be done
	held     int64    // bytes of all pieces
}

// stream is what will be read of a column chunk, in order.
type stream struct {
	ranges []byteRange // wanted, ascending
	next   int64       // where the next piece begins
	pos    int64       // up to where the data was taken
	active bool        // may be read ahead
	pieces []*piece    // begun, ascending
}

type byteRange struct{ from, to int64 }

// piece is one read.
type piece struct {
	at   int64
	buf  []byte
	done chan struct{}
	err  error // valid when done
	seen bool  // counted as done
}

func newRemoteFile(f storage.RemoteFile, p *pool) *remoteFile {
	set := f.ReadAhead()
	if set.Gap <= 0 {
		set.Gap = defaultGap
	}
	if set.Piece <= 0 {
		set.Piece = defaultPiece
	}
	if set.InFlight <= 0 {
		set.InFlight = defaultInFlight
	}
	if set.Bytes <= 0 {
		set.Bytes = defaultAhead
	}
	// What is read ahead must leave a small query the most of its memory.
	if b := p.arena.Budget(); b != nil && b.Limit() > 0 {
		set.Bytes = min(set.Bytes, b.Limit()/aheadShare)
	}
	return &remoteFile{RemoteFile: f, set: set, pool: p}
}

// begin reads ahead for a row group from now on; what was read for another is dropped. eager tells the streams whose data is needed for certain; the others
// are read ahead as soon as something of them is asked for.
func (f *remoteFile) begin(ctx context.Context, chunks [][]byteRange, eager []bool) {
	f.drop()
	f.ctx = ctx
	var small []byteRange
	for i, ranges := range chunks {
		if ranges = joinRanges(ranges, int64(f.set.Gap)); len(ranges) > 0 {
			if r := ranges[0]; eager[i] && len(ranges) == 1 && r.to-r.from <= int64(f.set.Gap) {
				small = append(small, r)
				continue
			}
			f.streams = append(f.streams, &stream{ranges: ranges, next: ranges[0].from, pos: ranges[0].from, active: eager[i]})
		}
	}
	for _, r := range f.together(small) {
		p, err := f.start(r.from, int(r.to-r.from))
		if err != nil {
			break // no memory to read ahead; what is asked for will say so
		}
		f.blocks = append(f.blocks, p)
	}
	f.fill()
}

// together joins small ranges to as few reads as a piece's size allows.
func (f *remoteFile) together(small []byteRange) []byteRange {
	var out []byteRange
	for _, r := range joinRanges(small, 0) {
		if n := len(out); n > 0 && r.from-out[n-1].to <= int64(f.set.Gap) && r.to-out[n-1].from <= int64(f.set.Piece) {
			out[n-1].to = r.to
			continue
		}
		out = append(out, r)
	}
	return out
}

// joinRanges sorts ranges and makes one of those that at most gap bytes lie between.
func joinRanges(ranges []byteRange, gap int64) []byteRange {
	sort.Slice(ranges, func(i, k int) bool { return ranges[i].from < ranges[k].from })
	var out []byteRange
	for _, r := range ranges {
		if n := len(out); n > 0 && r.from <= out[n-1].to+gap {
			out[n-1].to = max(out[n-1].to, r.to)
		} else if r.from < r.to {
			out = append(out, r)
		}
	}
	return out
}

// drop waits for what is being read and gives all buffers back.
func (f *remoteFile) drop() {
	for _, s := range f.streams {
		for _, p := range s.pieces {
			f.free(p)
		}
	}
	f.streams = nil
	for _, p := range f.blocks {
		f.free(p)
	}
	f.blocks = nil
	if f.metadata != nil {
		f.free(f.metadata)
		f.metadata = nil
	}
}

// free waits for a piece and gives its buffer back.
func (f *remoteFile) free(p *piece) {
	<-p.done
	f.see(p)
	f.held -= int64(cap(p.buf))
	f.pool.put(p.buf)
	p.buf = nil
}

// see counts a piece as done.
func (f *remoteFile) see(p *piece) {
	if !p.seen {
		p.seen = true
		f.inFlight--
	}
}

// Close waits for what is being read.
func (f *remoteFile) Close() error {
	f.drop()
	return f.RemoteFile.Close()
}

// start reads size bytes at an offset in a goroutine of its own.
func (f *remoteFile) start(at int64, size int) (*piece, error) {
	buf, err := f.pool.get(size)
	if err != nil {
		return nil, err
	}
	p := &piece{at: at, buf: buf, done: make(chan struct{})}
	f.held += int64(cap(buf))
	f.inFlight++
	go func() {
		defer close(p.done)
		if n, err := f.RemoteFile.ReadAt(p.buf, p.at); n < len(p.buf) {
			p.err = fault.Wrap(fault.IOError, err, "cannot read %d bytes at %d", len(p.buf), p.at)
		}
	}()
	return p, nil
}

// fill starts reads as long as the bounds allow, for the stream of which least lies ready.
func (f *remoteFile) fill() {
	for {
		for _, s := range f.streams {
			for _, p := range s.pieces {
				select {
				case <-p.done:
					f.see(p)
				default:
				}
			}
		}
		if f.inFlight >= f.set.InFlight || f.held >= f.set.Bytes {
			return
		}
		var least *stream
		for _, s := range f.streams {
			if s.active && s.next < s.ranges[len(s.ranges)-1].to && (least == nil || s.next-s.pos < least.next-least.pos) {
				least = s
			}
		}
		if least == nil {
			return
		}
		if err := f.extend(least); err != nil {
			return // no memory to read ahead; what is asked for will say so
		}
	}
}

// extend begins a stream's next piece.
func (f *remoteFile) extend(s *stream) error {
	r := s.rangeAt(s.next)
	at := max(s.next, r.from)
	size := min(int64(f.set.Piece), r.to-at)
	if rest := r.to - at - size; rest > 0 && rest < int64(f.set.Gap) {
		size += rest
	}
	p, err := f.start(at, int(size))
	if err != nil {
		return err
	}
	s.pieces = append(s.pieces, p)
	s.next = at + size
	return nil
}

// rangeAt is the first range that ends behind an offset.
func (s *stream) rangeAt(at int64) byteRange {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].to > at })
	return s.ranges[i]
}

// of is the stream that holds what lies at an offset, nil when none does.
func (f *remoteFile) of(at int64) *stream {
	for _, s := range f.streams {
		if at >= s.ranges[0].from && at < s.ranges[len(s.ranges)-1].to && at >= s.rangeAt(at).from {
			return s
		}
	}
	return nil
}

// ready is how many bytes from an offset on can be had without a read of their own.
func (f *remoteFile) ready(at int64) int64 {
	if b := f.block(at); b != nil {
		return b.at + int64(len(b.buf)) - at
	}
	if s := f.of(at); s != nil {
		return s.rangeAt(at).to - at
	}
	return 0
}

// block is the block that holds what lies at an offset, nil when none does.
func (f *remoteFile) block(at int64) *piece {
	for _, b := range f.blocks {
		if at >= b.at && at < b.at+int64(len(b.buf)) {
			return b
		}
	}
	return nil
}

// wait has a piece read to its end.
func (f *remoteFile) wait(p *piece) error {
	select {
	case <-p.done:
	case <-f.ctx.Done():
		return context.Cause(f.ctx)
	}
	f.see(p)
	return p.err
}

// ReadAt reads through the pieces.
func (f *remoteFile) ReadAt(p []byte, at int64) (int, error) {
	if m := f.metadata; m != nil && at >= m.at && at+int64(len(p)) <= m.at+int64(len(m.buf)) {
		return copy(p, m.buf[at-m.at:]), nil
	}
	n := 0
	for n < len(p) {
		if b := f.block(at + int64(n)); b != nil {
			if err := f.wait(b); err != nil {
				return n, err
			}
			n += copy(p[n:], b.buf[at+int64(n)-b.at:])
			continue
		}
		s := f.of(at + int64(n))
		if s == nil {
			k, err := f.RemoteFile.ReadAt(p[n:], at+int64(n))
			return n + k, err
		}
		b, err := f.take(s, at+int64(n))
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b)
		s.pos = max(s.pos, at+int64(n))
	}
	return n, nil
}

// take is what lies at an offset of a stream, as far as its piece goes. Pieces before are dropped: a stream is read forward.
func (f *remoteFile) take(s *stream, at int64) ([]byte, error) {
	s.active = true
	for len(s.pieces) > 0 && s.pieces[0].at+int64(len(s.pieces[0].buf)) <= at {
		f.free(s.pieces[0])
		s.pieces = s.pieces[1:]
	}
	if len(s.pieces) == 0 || s.pieces[0].at > at {
		// It was passed over, or goes back: begin anew from there.
		for _, p := range s.pieces {
			f.free(p)
		}
		s.pieces, s.next, s.pos = nil, at, at
		if err := f.extend(s); err != nil {
			return nil, err
		}
	}
	f.fill()
	p := s.pieces[0]
	if err := f.wait(p); err != nil {
		return nil, err
	}
	return p.buf[at-p.at:], nil
}

// prime reads metadata that lies together at once, so that reading its parts takes no reads of their own.
func (f *remoteFile) prime(ctx context.Context, regions []region) error {
	if f.metadata != nil {
		f.free(f.metadata)
		f.metadata = nil
	}
	var ranges []byteRange
	for _, r := range regions {
		ranges = append(ranges, byteRange{r.offset, r.offset + int64(r.size)})
	}
	ranges = joinRanges(ranges, int64(f.set.Gap))
	if len(ranges) != 1 || ranges[0].to-ranges[0].from > int64(f.set.Piece) {
		return nil // each is read when it is needed
	}
	p, err := f.start(ranges[0].from, int(ranges[0].to-ranges[0].from))
	if err != nil {
		return err
	}
	f.metadata, f.ctx = p, ctx
	return f.wait(p)
}

// primeIndexes reads the page indexes of a row group's wanted columns at once.
func (r *reader) primeIndexes(ctx context.Context, group int) error {
	f, ok := r.open.(*remoteFile)
	if !ok {
		return nil
	}
	var regions []region
	r.eachChunk(&r.footer.groups[group], func(leaf int, c *chunk, _ int) {
		if c.offsetIndex.size == 0 {
			return
		}
		if _, known := indexes.get(indexKey{r.key, group, leaf}); known {
			return
		}
		regions = append(regions, c.offsetIndex)
		if c.columnIndex.size > 0 {
			regions = append(regions, c.columnIndex)
		}
	})
	return f.prime(ctx, regions)
}

// eachChunk calls f for the column chunks of the wanted columns, with the column's position in the scan.
func (r *reader) eachChunk(g *rowGroup, f func(leaf int, c *chunk, col int)) {
	for i, l := range r.leaves {
		if l.nested {
			l.tree.eachLeaf(func(n *nestedNode) { f(n.leaf.index, &g.chunks[n.leaf.index], i) })
			continue
		}
		f(l.index, &g.chunks[l.index], i)
	}
}

// readAhead has a remote file's data of the row group read: first that of the columns that conditions need, or of all where there are none.
func (r *reader) readAhead(ctx context.Context, group int) error {
	f, ok := r.open.(*remoteFile)
	if !ok {
		return nil
	}
	g := &r.footer.groups[group]
	needed := make([]bool, len(r.cols))
	some := false
	for _, c := range r.filters.conjuncts {
		for _, i := range c.columns {
			needed[i], some = true, true
		}
	}
	for _, p := range r.filters.probes {
		needed[p.Column], some = true, true
	}
	part := countRows(r.ranges) < g.rows
	var chunks [][]byteRange
	var eager []bool
	var failed error
	r.eachChunk(g, func(leaf int, c *chunk, col int) {
		if c.encrypted {
			return
		}
		ranges := []byteRange{{c.offset, c.offset + c.size}}
		if part {
			x, err := r.footer.pageIndexOf(r.open, r.key, group, leaf)
			if err != nil && failed == nil {
				failed = r.place(err, group, col)
			}
			if x != nil {
				ranges = x.bytesOf(c, r.ranges, g.rows)
			}
		}
		chunks, eager = append(chunks, ranges), append(eager, needed[col] || !some)
	})
	if failed != nil {
		return failed
	}
	f.begin(ctx, chunks, eager)
	return nil
}

// bytesOf is where the pages of some rows lie in a chunk, and what stands before the first page, the dictionary.
func (x *pageIndex) bytesOf(c *chunk, rows []rowRange, total int64) []byteRange {
	var out []byteRange
	if x.offsets[0] > c.offset {
		out = append(out, byteRange{c.offset, x.offsets[0]})
	}
	for _, r := range rows {
		for k := x.page(r.from); k < len(x.rows) && x.rows[k] < r.to; k++ {
			out = append(out, byteRange{x.offsets[k], x.offsets[k] + int64(x.sizes[k])})
		}
	}
	return out
}
