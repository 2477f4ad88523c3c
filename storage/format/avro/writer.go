package avro

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// blockTarget is about how many bytes a block has before compression: readers take a block at a time.
const blockTarget = 256 << 10

// NewWriter makes a writer of an object container file.
func (Format) NewWriter(w io.Writer, fields []column.Field, options map[string]string) (storage.Writer, error) {
	out := &writer{w: w, codec: "snappy"}
	record := "row"
	for k, v := range options {
		switch k {
		case "compression", "codec":
			switch strings.ToLower(v) {
			case "null", "none", "uncompressed":
				out.codec = "null"
			case "deflate", "snappy":
				out.codec = strings.ToLower(v)
			case "zstandard", "zstd":
				out.codec = "zstandard"
			default:
				return nil, fault.New(fault.InvalidParameterValue, "Avro option %s is null, deflate, snappy or zstandard, not %q", k, v)
			}
		case "record_name":
			if !isName(v) {
				return nil, fault.New(fault.InvalidParameterValue, "Avro option record_name is %q, which is no name in Avro", v)
			}
			record = v
		default:
			return nil, fault.New(fault.InvalidParameterValue, "Avro has no option %q", k).WithHint("options are compression and record_name")
		}
	}
	n := &namer{}
	schema, err := n.record(record, fields)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		out.fields = append(out.fields, !f.NotNull)
	}
	return out, out.begin(schema)
}

type writer struct {
	w      io.Writer
	codec  string
	fields []bool // whether a column's values are a union with null
	sync   [syncBytes]byte
	count  int64 // records in block
	block  []byte
	packed []byte
	head   []byte
	flate  *flate.Writer
	zstd   *zstd.Encoder
}

// isName reports whether Avro takes s as a name.
func isName(s string) bool {
	for i, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}

// begin writes the header.
func (w *writer) begin(schema any) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "make an Avro schema")
	}
	if _, err := rand.Read(w.sync[:]); err != nil {
		return fault.Wrap(fault.IOError, err, "begin an Avro file")
	}
	p := append([]byte(nil), magic...)
	p = binary.AppendVarint(p, 2)
	p = appendBytes(p, []byte("avro.schema"))
	p = appendBytes(p, text)
	p = appendBytes(p, []byte("avro.codec"))
	p = appendBytes(p, []byte(w.codec))
	p = append(binary.AppendVarint(p, 0), w.sync[:]...)
	_, err = w.w.Write(p)
	return err
}

// Write appends the batch's selected rows.
func (w *writer) Write(b *column.Batch) error {
	for k := range b.Rows() {
		row := b.Row(k)
		for i, v := range b.Cols {
			w.block = appendCell(w.block, v, row, w.fields[i])
		}
		w.count++
		if len(w.block) >= blockTarget {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the block.
func (w *writer) flush() error {
	if w.count == 0 {
		return nil
	}
	p, err := w.compress()
	if err != nil {
		return err
	}
	w.head = binary.AppendVarint(binary.AppendVarint(w.head[:0], w.count), int64(len(p)))
	for _, part := range [][]byte{w.head, p, w.sync[:]} {
		if _, err := w.w.Write(part); err != nil {
			return err
		}
	}
	w.block, w.count = w.block[:0], 0
	return nil
}

func (w *writer) compress() (_ []byte, err error) {
	switch w.codec {
	case "snappy":
		w.packed = snappy.Encode(w.packed[:cap(w.packed)], w.block)
		w.packed = binary.BigEndian.AppendUint32(w.packed, crc32.ChecksumIEEE(w.block))
		return w.packed, nil
	case "zstandard":
		if w.zstd == nil {
			if w.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
				return nil, fault.Wrap(fault.Internal, err, "compress with zstd")
			}
		}
		w.packed = w.zstd.EncodeAll(w.block, w.packed[:0])
		return w.packed, nil
	case "deflate":
		out := bytes.NewBuffer(w.packed[:0])
		if w.flate == nil {
			w.flate, err = flate.NewWriter(out, flate.DefaultCompression)
		} else {
			w.flate.Reset(out)
		}
		if err == nil {
			_, err = w.flate.Write(w.block)
		}
		if err == nil {
			err = w.flate.Close()
		}
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "compress with deflate")
		}
		w.packed = out.Bytes()
		return w.packed, nil
	}
	return w.block, nil
}

// Close writes the last block.
func (w *writer) Close() error { return w.flush() }
