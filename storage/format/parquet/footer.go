package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// footer is what a file says of itself, in the form that the reader needs. It is immutable and shared.
type footer struct {
	leaves []leaf
	groups []rowGroup
	rows   int64
	size   int // estimated bytes of memory, for the cache's bound
}

type rowGroup struct {
	rows   int64
	chunks []chunk
	zoned  bool // the file tells of some chunk what is in its pages
}

// chunk is a column of a row group.
type chunk struct {
	offset       int64 // of its first page
	size         int64 // compressed bytes of all its pages
	uncompressed int64
	values       int64
	dictionary   int64 // compressed bytes of the dictionary page, 0 when there is none, for estimates
	codec        compress.Compression
	physical     parquet.Type
	encrypted    bool
	// Encoded bounds, nil when unknown. Text may be shortened: then min is below and max above the values.
	min, max []byte
	nulls    int64 // -1 unknown
	distinct int64 // -1 unknown

	offsetIndex, columnIndex, bloom region // size 0: the file has none
}

func (f *footer) leaf(name string) *leaf {
	var found *leaf
	for i := range f.leaves {
		l := &f.leaves[i]
		if l.name == name {
			return l
		}
		if strings.EqualFold(l.name, name) {
			if found != nil {
				return nil // two names that differ in case only: neither is meant
			}
			found = l
		}
	}
	return found
}

// maxFooter bounds the memory that a footer may make us allocate, in bytes; the largest real ones (thousands of columns and row
// groups) stay below.
const maxFooter = 1 << 30

// speculativeTail is how much is read from a file's end at first, in bytes: most footers fit, so one read suffices.
const speculativeTail = 64 << 10

func readFooter(r storage.ReadFile, url string) (*footer, error) {
	size := r.Size()
	bad := func(format string, args ...any) error {
		return fault.New(fault.DataCorrupted, format, args...).In("%s", url)
	}
	if size == 0 {
		return nil, bad("the file is empty: it is no Parquet file")
	}
	if size < 12 {
		return nil, bad("the file is too short to be a Parquet file: %d bytes", size)
	}
	tail := make([]byte, min(size, speculativeTail))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, fault.Wrap(fault.IOError, err, "cannot read the footer").In("%s", url)
	}
	switch magic := string(tail[len(tail)-4:]); magic {
	case "PAR1":
	case "PARE":
		return nil, fault.New(fault.FeatureNotSupported, "encrypted Parquet files cannot be read").In("%s", url)
	default:
		return nil, bad("the file does not end as a Parquet file does: it is cut off or of another format")
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if length > size-12 || length > maxFooter || length == 0 {
		return nil, bad("the footer's length of %d bytes does not fit the file's %d", length, size)
	}
	if need := int(length) + 8; need > len(tail) {
		tail = make([]byte, need)
		if _, err := r.ReadAt(tail, size-int64(need)); err != nil {
			return nil, fault.Wrap(fault.IOError, err, "cannot read the footer").In("%s", url)
		}
	}
	f, err := parseFooter(tail[len(tail)-8-int(length):len(tail)-8], size)
	if err != nil {
		if _, ok := fault.As(err); ok {
			return nil, err
		}
		return nil, fault.Wrap(fault.DataCorrupted, err, "the footer is damaged").In("%s", url)
	}
	return f, nil
}

// parseFooter reads the Thrift structure. The library panics on some malformed schemas; that is an error here.
func parseFooter(b []byte, fileSize int64) (f *footer, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("%v", r)
		}
	}()
	md, err := metadata.NewFileMetaData(b, nil)
	if err != nil {
		return nil, err
	}
	intervals := map[string]bool{}
	if mark := md.KeyValueMetadata().FindValue(intervalMark); mark != nil {
		for _, name := range strings.Split(*mark, "\x00") {
			intervals[name] = true
		}
	}
	f = &footer{size: len(b) + 1024}
	if f.leaves, err = leavesOf(md.Schema, intervals); err != nil {
		return nil, err
	}
	columns := md.Schema.NumColumns()
	typed := make([]bool, columns) // whether min_value and max_value have the type's own order
	for i := range typed {
		typed[i] = md.Schema.Column(i).ColumnOrder() == parquet.ColumnOrders.TypeDefinedOrder
	}
	f.groups = make([]rowGroup, len(md.RowGroups))
	for i, rg := range md.RowGroups {
		if rg == nil || len(rg.Columns) != columns || rg.NumRows < 0 {
			return nil, fmt.Errorf("row group %d does not have the schema's %d columns", i, columns)
		}
		g := &f.groups[i]
		g.rows, g.chunks = rg.NumRows, make([]chunk, columns)
		for k, cc := range rg.Columns {
			if cc == nil || cc.MetaData == nil {
				if cc != nil && cc.IsSetCryptoMetadata() {
					g.chunks[k].encrypted = true
					continue
				}
				return nil, fmt.Errorf("row group %d has no metadata for column %d", i, k)
			}
			m := cc.MetaData
			c := chunk{offset: m.DataPageOffset, size: m.TotalCompressedSize, uncompressed: m.TotalUncompressedSize, values: m.NumValues,
				codec: compress.Compression(m.Codec), physical: parquet.Type(m.Type), nulls: -1, distinct: -1, encrypted: cc.IsSetCryptoMetadata()}
			if m.DictionaryPageOffset != nil && *m.DictionaryPageOffset > 0 && *m.DictionaryPageOffset < c.offset {
				c.dictionary = c.offset - *m.DictionaryPageOffset
				c.offset = *m.DictionaryPageOffset
			}
			if c.offset < 0 || c.size < 0 || c.offset > fileSize || c.size > fileSize-c.offset || c.values < 0 {
				return nil, fmt.Errorf("column %d of row group %d lies outside the file", k, i)
			}
			if s := m.Statistics; s != nil {
				if s.NullCount != nil {
					c.nulls = *s.NullCount
				}
				if s.DistinctCount != nil {
					c.distinct = *s.DistinctCount
				}
				if typed[k] {
					c.min, c.max = s.MinValue, s.MaxValue
				} else if signedOrder(md, k) {
					c.min, c.max = s.Min, s.Max
				}
				f.size += len(c.min) + len(c.max)
			}
			c.offsetIndex = regionOf(cc.OffsetIndexOffset, cc.OffsetIndexLength, fileSize, maxPageIndex)
			if typed[k] && c.offsetIndex.size > 0 {
				c.columnIndex = regionOf(cc.ColumnIndexOffset, cc.ColumnIndexLength, fileSize, maxPageIndex)
			}
			g.zoned = g.zoned || c.columnIndex.size > 0
			c.bloom = regionOf(m.BloomFilterOffset, m.BloomFilterLength, fileSize, maxBloom)
			if m.BloomFilterOffset != nil && m.BloomFilterLength == nil {
				// The length came late to the format: the filter's header tells it, too.
				unknown := int32(min(fileSize-min(*m.BloomFilterOffset, fileSize), maxBloom))
				c.bloom = regionOf(m.BloomFilterOffset, &unknown, fileSize, maxBloom)
			}
			g.chunks[k] = c
			f.size += 224
		}
		f.rows += g.rows
	}
	if f.rows != md.NumRows {
		return nil, fmt.Errorf("its row groups have %d rows, the file %d", f.rows, md.NumRows)
	}
	return f, nil
}

// regionOf is the region that metadata names; none when it does not, when it lies outside the file or is larger than most bytes.
func regionOf(offset *int64, size *int32, fileSize int64, most int) region {
	if offset == nil || size == nil || *offset < 4 || *size <= 0 || int(*size) > most || *offset > fileSize || int64(*size) > fileSize-*offset {
		return region{}
	}
	return region{*offset, int(*size)}
}

// signedOrder reports whether the deprecated min and max fields, which compare as signed numbers, are right for column k.
func signedOrder(md *metadata.FileMetaData, k int) bool {
	c := md.Schema.Column(k)
	switch c.PhysicalType() {
	case parquet.Types.Boolean, parquet.Types.Float, parquet.Types.Double:
		return true
	case parquet.Types.Int32, parquet.Types.Int64:
		return c.SortOrder() == schema.SortSIGNED
	}
	return false
}

// footerKey is a file at one moment.
type footerKey struct {
	url  string
	size int64
	mod  time.Time
}

// maxFooterCache is the bound of the cache in bytes: 2000 footers the size of TPC-H's lineitem at scale factor 10.
const maxFooterCache = 256 << 20

var footers = newLRU[footerKey, *footer](maxFooterCache)

func keyOf(file plan.File) footerKey { return footerKey{file.URL, file.Size, file.ModTime.UTC()} }

// footerOf returns the footer of a file, from the cache or the file itself.
func footerOf(ctx context.Context, store storage.Store, file plan.File) (*footer, error) {
	key := keyOf(file)
	if f, ok := footers.get(key); ok {
		return f, nil
	}
	r, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	f, err := readFooter(r, file.URL)
	if cerr := r.Close(); cerr != nil && err == nil {
		err = fault.Wrap(fault.IOError, cerr, "cannot close the file").In("%s", file.URL)
	}
	if err != nil {
		var e *fault.Error
		if !errors.As(err, &e) {
			return nil, err
		}
		if e.Where == "" {
			e.Where = file.URL
		}
		return nil, err
	}
	footers.put(key, f, f.size)
	return f, nil
}
