package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/cespare/xxhash/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// maxBloom bounds a Bloom filter, in bytes, as the format does.
const maxBloom = 128 << 20

// wholeBloom is up to which size a Bloom filter is read at once, in bytes; of larger ones, only the header and the blocks that values fall into.
const wholeBloom = 64 << 10

// bloomBlock is the size of a block in bytes: eight words, in each of which a value has one bit.
const bloomBlock = 32

// bloomSalts are the format's, one for each word of a block.
var bloomSalts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// maxBloomProbes bounds how many values are looked up in the Bloom filter of one column chunk: a condition with more will find one of them.
const maxBloomProbes = 256

// blooms asks the split-block Bloom filters of a file's column chunks.
type blooms struct {
	ctx   context.Context
	store storage.Store
	file  plan.File

	open   storage.ReadFile
	opened plan.File
	last   *chunk // whose filter is in hand
	filter *bloom
	probes int
}

// bloom is one filter, or nil's worth of one that cannot be used.
type bloom struct {
	blocks uint64
	at     int64  // of the first block
	bits   []byte // all blocks, nil when they are read one by one
}

func (b *blooms) close() error {
	if b.open == nil {
		return nil
	}
	err := b.open.Close()
	b.open, b.last, b.filter = nil, nil, nil
	if err != nil {
		return fault.Wrap(fault.IOError, err, "cannot close the file").In("%s", b.opened.URL)
	}
	return nil
}

// mayHold reports whether the chunk can hold v, a value of the table's type typ that is not NULL.
func (b *blooms) mayHold(c *chunk, l *leaf, typ column.Type, v column.Value) (bool, error) {
	if c.bloom.size == 0 {
		return true, nil
	}
	raw, form := l.encode(typ, v)
	switch form {
	case encodedNever:
		return false, nil
	case encodedUnknown:
		return true, nil
	}
	if b.open == nil || b.opened != b.file {
		if err := b.close(); err != nil {
			return true, err
		}
		open, err := b.store.Open(b.ctx, b.file)
		if err != nil {
			return true, err
		}
		b.open, b.opened = open, b.file
	}
	if b.last != c {
		f, err := readBloom(b.open, c.bloom)
		if err != nil {
			return true, b.failure(err)
		}
		b.last, b.filter, b.probes = c, f, 0
	}
	if b.probes++; b.filter == nil || b.probes > maxBloomProbes {
		return true, nil
	}
	may, err := b.filter.mayHold(b.open, xxhash.Sum64(raw))
	return may, b.failure(err)
}

func (b *blooms) failure(err error) error {
	if e, ok := fault.As(err); ok && e.Where == "" {
		e.In("%s", b.opened.URL)
	}
	return err
}

var errBloom = errors.New("the Bloom filter's header is malformed")

// readBloom reads a filter; nil when it is of another kind than this reader knows, or malformed: it is no part of the data.
func readBloom(file storage.ReadFile, r region) (*bloom, error) {
	head, err := readRegion(file, region{r.offset, min(r.size, wholeBloom)})
	if err != nil {
		return nil, err
	}
	size, n, ok := bloomSize(head, r.size)
	if !ok {
		return nil, nil
	}
	f := &bloom{blocks: uint64(size / bloomBlock), at: r.offset + int64(n)}
	if n+size <= len(head) {
		f.bits = head[n : n+size]
	}
	return f, nil
}

// bloomSize is the size of the filter and of its header; ok is false where they do not fit its region.
func bloomSize(head []byte, region int) (size, n int, ok bool) {
	size, n, err := parseBloomHeader(head)
	return size, n, err == nil && size > 0 && size%bloomBlock == 0 && size <= region-n
}

// parseBloomHeader reads Thrift's BloomFilterHeader: the filter's size, and that of the header.
func parseBloomHeader(b []byte) (size, n int, err error) {
	t := &compact{b: b}
	known := 0
	// Each kind of algorithm, hash and compression is a union whose one known member has number 1.
	first := func(bit int) (bool, error) {
		return true, t.structure(1, func(id int16, kind byte) (bool, error) {
			if id == 1 && kind == thriftStruct {
				known |= bit
			}
			return false, nil
		})
	}
	err = t.structure(0, func(id int16, kind byte) (_ bool, err error) {
		switch {
		case id == 1 && kind == 5:
			size, err = t.int32()
			return true, err
		case id >= 2 && id <= 4 && kind == thriftStruct:
			return first(1 << (id - 2))
		}
		return false, nil
	})
	if err == nil && known != 7 {
		err = errBloom
	}
	return size, t.p, err
}

// mayHold looks a value's hash up.
func (f *bloom) mayHold(file storage.ReadFile, h uint64) (bool, error) {
	at := int64(h>>32*f.blocks>>32) * bloomBlock
	var block []byte
	if f.bits != nil {
		block = f.bits[at : at+bloomBlock]
	} else {
		var err error
		if block, err = readRegion(file, region{f.at + at, bloomBlock}); err != nil {
			return true, err
		}
	}
	for i, salt := range bloomSalts {
		word := binary.LittleEndian.Uint32(block[4*i:])
		if word>>(uint32(h)*salt>>27)&1 == 0 {
			return false, nil
		}
	}
	return true, nil
}

type encodedForm uint8

const (
	encodedUnknown encodedForm = iota // more than one encoding, or none that is known
	encodedNever                      // no value of the file is equal to it
	encodedAs
)

// encode gives the bytes that a value of the table's type has in the file's PLAIN encoding, without a length.
func (l *leaf) encode(typ column.Type, v column.Value) ([]byte, encodedForm) {
	switch l.means {
	case plainMeaning, unsignedInt, microseconds, decimalInt:
	case milliseconds:
		n, ok := v.Int.Int64()
		if !ok || n%1000 != 0 {
			return nil, encodedNever
		}
		v.Int = column.Int128FromInt64(n / 1000)
	case uuidBytes:
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(v.Int.Hi)), v.Int.Lo), encodedAs
	case decimalText:
		if l.physical != parquet.Types.FixedLenByteArray {
			return nil, encodedUnknown
		}
		raw := make([]byte, l.length)
		x := v.Int
		for i := len(raw) - 1; i >= 0; i-- {
			raw[i] = byte(x.Lo)
			x.Lo = x.Lo>>8 | uint64(x.Hi)<<56
			x.Hi >>= 8
		}
		if back, ok := bigEndian(raw); !ok || back != v.Int {
			return nil, encodedNever
		}
		return raw, encodedAs
	default:
		return nil, encodedUnknown
	}
	switch l.physical {
	case parquet.Types.Int32:
		n, ok := v.Int.Int64()
		if l.means == unsignedInt {
			ok = ok && n >= 0 && n <= math.MaxUint32
		} else {
			ok = ok && n == int64(int32(n))
		}
		if !ok {
			return nil, encodedNever
		}
		return binary.LittleEndian.AppendUint32(nil, uint32(n)), encodedAs
	case parquet.Types.Int64:
		if _, ok := v.Int.Int64(); !ok && l.means != unsignedInt || l.means == unsignedInt && v.Int.Hi != 0 {
			return nil, encodedNever
		}
		return binary.LittleEndian.AppendUint64(nil, v.Int.Lo), encodedAs
	case parquet.Types.Float:
		f := float32(v.Float)
		if f == 0 || f != f {
			return nil, encodedUnknown // zero has two encodings, NaN many
		}
		if typ.Kind == column.Float64 && float64(f) != v.Float {
			return nil, encodedNever
		}
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(f)), encodedAs
	case parquet.Types.Double:
		if v.Float == 0 || v.Float != v.Float {
			return nil, encodedUnknown
		}
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v.Float)), encodedAs
	case parquet.Types.ByteArray:
		return []byte(v.Str), encodedAs
	case parquet.Types.FixedLenByteArray:
		if len(v.Str) != l.length {
			return nil, encodedNever
		}
		return []byte(v.Str), encodedAs
	}
	return nil, encodedUnknown
}
