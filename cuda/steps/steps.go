package steps

import (
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

const threads = 256

// Steps is a device and a stream on it.
type Steps struct {
	D *cuda.Device
	S driver.Stream
}

// New makes the steps of a new stream; Close ends it.
func New(d *cuda.Device) (*Steps, error) {
	s, err := d.NewStream()
	return &Steps{d, s}, d.Note(err)
}

// Close waits for the stream's work and ends it.
func (s *Steps) Close() error {
	return errors.Join(s.D.Note(s.D.Synchronize(s.S)), s.D.Note(s.D.FreeStream(s.S)))
}

// Run launches a kernel over n items of which a block takes per at a time. Numbers of rows have 32 bits: no step takes or gives 2³²-1 rows or more.
func (s *Steps) Run(family, name string, n, per int, args ...uint64) error {
	if n == 0 {
		return nil
	}
	return s.D.Run(s.S, family, name, s.D.Blocks(int64(n), int64(per)), threads, 0, args...)
}

// buffers frees what a call has made when it fails.
type buffers []cuda.Buffer

func (b *buffers) free() {
	for _, x := range *b {
		x.Free()
	}
}

func (s *Steps) alloc(b *buffers, bytes int) (cuda.Buffer, error) {
	x, err := s.D.Pool.Alloc(int64(bytes))
	if err == nil {
		*b = append(*b, x)
	}
	return x, err
}

// zeroed is alloc of zeros.
func (s *Steps) zeroed(b *buffers, bytes int) (cuda.Buffer, error) {
	x, err := s.alloc(b, bytes)
	if err != nil || bytes == 0 {
		return x, err
	}
	return x, s.D.Note(s.D.Fill(x.Ptr, 0, int64(bytes), s.S))
}

// Up copies a slice to the device and waits for it.
func Up[T any](s *Steps, vals []T) (cuda.Buffer, error) {
	p := column.BytesOf(vals)
	x, err := s.D.Pool.Alloc(int64(len(p)) + pageTail)
	if err != nil {
		return x, err
	}
	return x, errors.Join(s.D.Note(s.D.CopyIn(x.Ptr, p, s.S)), s.D.Note(s.D.Synchronize(s.S)))
}

// pageTail is what kernels may read behind packed numbers.
const pageTail = 8

// Down waits for the stream and copies n values back.
func Down[T any](s *Steps, p driver.Ptr, n int) ([]T, error) {
	out := make([]T, n)
	if err := s.D.Note(s.D.CopyOut(column.BytesOf(out), p, s.S)); err != nil {
		return nil, err
	}
	return out, s.D.Note(s.D.Synchronize(s.S))
}

// scan makes n counts exclusive sums in place, with the total behind them, and returns the total.
func (s *Steps) scan(counts driver.Ptr, n int, wait bool) (int, error) {
	if err := s.D.Run(s.S, "compact", "pb_scan_tiles", 1, 1024, 0, uint64(counts), uint64(n)); err != nil || !wait {
		return 0, err
	}
	total, err := Down[uint32](s, counts+driver.Ptr(4*n), 1)
	if err != nil {
		return 0, err
	}
	if total[0] == ^uint32(0) {
		return 0, fmt.Errorf("steps: more than %d rows", ^uint32(0)-1)
	}
	return int(total[0]), nil
}

func tiles(n, per int) int { return (n + per - 1) / per }

// compactTile is how many words of a bitmap a tile of pb_compact_* has.
const compactTile = 1024

// Compact gives the numbers of the rows whose bit is set, ascending.
func (s *Steps) Compact(bits driver.Ptr, rows int) (list cuda.Buffer, n int, err error) {
	var made buffers
	words := tiles(rows, 32)
	count := tiles(words, compactTile)
	counts, err := s.alloc(&made, 4*(count+1))
	if err != nil {
		return list, 0, err
	}
	defer counts.Free()
	if err := s.Run("compact", "pb_compact_count", words, compactTile, uint64(bits), uint64(words), uint64(counts.Ptr)); err != nil {
		return list, 0, err
	}
	if n, err = s.scan(counts.Ptr, count, true); err != nil {
		return list, 0, err
	}
	if list, err = s.D.Pool.Alloc(int64(4 * n)); err != nil {
		return list, 0, err
	}
	if err := s.Run("compact", "pb_compact_rows", words, compactTile, uint64(bits), uint64(words), uint64(counts.Ptr), uint64(list.Ptr)); err != nil {
		list.Free()
		return cuda.Buffer{}, 0, err
	}
	return list, n, s.D.Note(s.D.Synchronize(s.S))
}

// Gather copies the values, of width bytes, of the n listed rows.
func (s *Steps) Gather(values driver.Ptr, width int, rows driver.Ptr, n int) (cuda.Buffer, error) {
	out, err := s.D.Pool.Alloc(int64(width * n))
	if err != nil {
		return out, err
	}
	return out, s.Run("compact", "pb_gather", n, threads, uint64(values), uint64(width), uint64(rows), uint64(n), uint64(out.Ptr))
}

// GatherBits copies the bits of the n listed rows.
func (s *Steps) GatherBits(bits, rows driver.Ptr, n int) (cuda.Buffer, error) {
	out, err := s.D.Pool.Alloc(int64(8 * tiles(n, 64)))
	if err != nil {
		return out, err
	}
	return out, s.Run("compact", "pb_gather_bits", n, threads, uint64(bits), uint64(rows), uint64(n), uint64(out.Ptr))
}

// Words widens a column of rows values of type t (flat, no text) to words, as package hash does.
func (s *Steps) Words(values driver.Ptr, t column.Type, rows int) (cuda.Buffer, error) {
	kind := uint64(0)
	switch t.Physical() {
	case column.PhysInt8:
		kind = 1
	case column.PhysInt16:
		kind = 2
	case column.PhysInt32:
		kind = 4
	case column.PhysInt64, column.PhysUint64:
		kind = 8
	case column.PhysBool, column.PhysUint8:
		kind = 17
	case column.PhysUint16:
		kind = 18
	case column.PhysUint32:
		kind = 20
	case column.PhysInt128:
		kind = 16
	case column.PhysFloat64:
		kind = 32
	case column.PhysFloat32:
		kind = 33
	default:
		return cuda.Buffer{}, fmt.Errorf("steps: no words of type %s", t)
	}
	out, err := s.D.Pool.Alloc(int64(8 * rows))
	if err != nil {
		return out, err
	}
	return out, s.Run("keys", "pb_words", rows, threads, uint64(values), kind, uint64(rows), uint64(out.Ptr))
}

// Hash gives the hash of each row's count words, which lie word by word.
func (s *Steps) Hash(words driver.Ptr, count, rows int) (cuda.Buffer, error) {
	out, err := s.D.Pool.Alloc(int64(8 * rows))
	if err != nil {
		return out, err
	}
	return out, s.Run("keys", "pb_hash_words", rows, threads, uint64(words), uint64(count), uint64(rows), uint64(out.Ptr))
}

// spreadTile is the rows of a tile of what spread.cuh does.
const spreadTile = 4096

// Partition lists the rows' numbers partition by partition (up to 256), each ascending; starts are where each begins, and the end.
func (s *Steps) Partition(hashes driver.Ptr, rows, partitions int) (list cuda.Buffer, starts []uint32, err error) {
	var made buffers
	n := tiles(rows, spreadTile)
	counts, err := s.alloc(&made, 4*(n*partitions+1))
	if err != nil {
		return list, nil, err
	}
	defer counts.Free()
	if err := s.Run("keys", "pb_partition_count", n, 1, uint64(hashes), uint64(rows), uint64(partitions), uint64(n), uint64(counts.Ptr)); err != nil {
		return list, nil, err
	}
	if _, err := s.scan(counts.Ptr, n*partitions, true); err != nil {
		return list, nil, err
	}
	if list, err = s.D.Pool.Alloc(int64(4 * rows)); err != nil {
		return list, nil, err
	}
	if err := s.Run("keys", "pb_partition_rows", n, 1, uint64(hashes), uint64(rows), uint64(partitions), uint64(n), uint64(counts.Ptr), uint64(list.Ptr)); err != nil {
		list.Free()
		return cuda.Buffer{}, nil, err
	}
	sums, err := Down[uint32](s, counts.Ptr, n*partitions+1)
	if err != nil {
		list.Free()
		return cuda.Buffer{}, nil, err
	}
	for p := range partitions + 1 {
		starts = append(starts, sums[p*n])
	}
	return list, starts, nil
}
