package steps

import (
	"errors"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
)

const threads = 256

// Steps is a device and a stream on it. One goroutine at a time uses it.
type Steps struct {
	D *cuda.Device
	S driver.Stream

	room cuda.Buffer // what steps note while they run, one after the other
}

// New makes the steps of a new stream; Close ends it.
func New(d *cuda.Device) (*Steps, error) {
	s, err := d.NewStream()
	return &Steps{D: d, S: s}, d.Note(err)
}

// Close waits for the stream's work and ends it.
func (s *Steps) Close() error {
	err := s.D.Note(s.D.Synchronize(s.S))
	s.room.Free()
	return errors.Join(err, s.D.Note(s.D.FreeStream(s.S)))
}

// roomKept is how many bytes of room stay with the steps.
const roomKept = 16 << 20

// zeros is room for a step: some bytes of 0, and more of anything behind them. It is the next step's, too, which the stream runs after this one.
func (s *Steps) zeros(zeros, more int) (driver.Ptr, error) {
	bytes := zeros + more
	if int64(bytes) > s.room.Size || s.room.Size > max(roomKept, int64(bytes)) {
		if s.room.Size > 0 {
			if err := s.D.Note(s.D.Synchronize(s.S)); err != nil {
				return 0, err
			}
			s.room.Free()
			s.room = cuda.Buffer{}
		}
		room, err := s.D.Pool.Alloc(int64(max(bytes, 1<<20)))
		if err != nil {
			return 0, err
		}
		s.room = room
	}
	return s.room.Ptr, s.D.Note(s.D.Fill(s.room.Ptr, 0, int64(zeros), s.S))
}

// runOf launches a kernel in so many blocks of so many threads.
func (s *Steps) runOf(family, name string, blocks, block int, args ...uint64) error {
	if blocks == 0 {
		return nil
	}
	return s.D.Run(s.S, family, name, blocks, block, 0, args...)
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

func tiles(n, per int) int { return (n + per - 1) / per }

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
