package parquet

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/compress"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// defaultRowGroup is the number of rows of a row group: the size that peers use, enough for a page or two a column, small enough to spread a
// table of a million rows over many workers.
const defaultRowGroup = 122880

// maxRowGroup bounds the option, since a row group is kept in memory, compressed, until it is full.
const maxRowGroup = 1 << 30

type writeOptions struct {
	codec    compress.Compression
	rowGroup int
	bloom    []string // columns that get a Bloom filter; "*": all
}

// blooms reports whether a column gets a Bloom filter.
func (o *writeOptions) blooms(name string) bool {
	return slices.Contains(o.bloom, "*") || slices.Contains(o.bloom, name)
}

// knows tests that the columns that the options name are there.
func (o *writeOptions) knows(fields []column.Field) error {
	for _, name := range o.bloom {
		if name != "*" && !slices.ContainsFunc(fields, func(f column.Field) bool { return f.Name == name }) {
			return fault.New(fault.UndefinedColumn, "bloom_filter names column %q, which the file does not have", name)
		}
	}
	return nil
}

var codecs = map[string]compress.Compression{
	"snappy": compress.Codecs.Snappy, "zstd": compress.Codecs.Zstd, "gzip": compress.Codecs.Gzip, "brotli": compress.Codecs.Brotli,
	"lz4": compress.Codecs.Lz4Raw, "lz4_raw": compress.Codecs.Lz4Raw, "none": compress.Codecs.Uncompressed, "uncompressed": compress.Codecs.Uncompressed,
}

func parseWriteOptions(options map[string]string) (writeOptions, error) {
	o := writeOptions{codec: compress.Codecs.Snappy, rowGroup: defaultRowGroup}
	keys := make([]string, 0, len(options))
	for k := range options {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		v := strings.ToLower(options[k])
		switch k {
		case "compression", "codec":
			codec, ok := codecs[v]
			if !ok {
				return o, fault.New(fault.InvalidParameterValue, "unknown compression %q", options[k]).
					WithHint("compressions are snappy, zstd, gzip, lz4, brotli and none")
			}
			o.codec = codec
		case "row_group_size":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > maxRowGroup {
				return o, fault.New(fault.InvalidParameterValue, "row_group_size is a number of rows from 1 to %d, not %q", maxRowGroup, options[k])
			}
			o.rowGroup = n
		case "bloom_filter":
			for _, name := range strings.Split(options[k], ",") {
				if name = strings.TrimSpace(name); name != "" {
					o.bloom = append(o.bloom, name)
				}
			}
		default:
			return o, fault.New(fault.InvalidParameterValue, "Parquet has no option %q", k).WithHint("options are compression, row_group_size and bloom_filter")
		}
	}
	return o, nil
}
