package parquet

import (
	"encoding/binary"
	"errors"
	"math"
)

// Page kinds and encodings, by their numbers in the format's Thrift definition.
const (
	pageData       = 0
	pageDictionary = 2
	pageDataV2     = 3

	encPlain                = 0
	encPlainDictionary      = 2
	encRLE                  = 3
	encDeltaBinaryPacked    = 5
	encDeltaLengthByteArray = 6
	encDeltaByteArray       = 7
	encRLEDictionary        = 8
	encByteStreamSplit      = 9
)

// pageHeader is what a reader of flat columns needs of Thrift's PageHeader.
type pageHeader struct {
	kind         int
	uncompressed int
	compressed   int
	hasCRC       bool
	crc          uint32
	values       int
	encoding     int
	defEncoding  int
	repEncoding  int
	// Data page version 2.
	nulls      int
	defBytes   int
	repBytes   int
	compressV2 bool
}

var (
	errShort  = errors.New("the page header ends too soon")
	errHeader = errors.New("the page header is malformed")
)

// maxThriftDepth bounds the nesting of structures that are skipped.
const maxThriftDepth = 16

// compact reads Thrift's compact protocol.
type compact struct {
	b []byte
	p int
}

func (t *compact) byte() (byte, error) {
	if t.p >= len(t.b) {
		return 0, errShort
	}
	t.p++
	return t.b[t.p-1], nil
}

func (t *compact) uvarint() (uint64, error) {
	v, n := binary.Uvarint(t.b[t.p:])
	if n == 0 {
		return 0, errShort
	}
	if n < 0 {
		return 0, errHeader
	}
	t.p += n
	return v, nil
}

func (t *compact) varint() (int64, error) {
	u, err := t.uvarint()
	return int64(u>>1) ^ -int64(u&1), err
}

// int32 reads an integer that must be a count or size: between 0 and 2^31-1.
func (t *compact) int32() (int, error) {
	v, err := t.varint()
	if err == nil && (v < 0 || v > math.MaxInt32) {
		err = errHeader
	}
	return int(v), err
}

// field reads a field's header; kind 0 ends the structure.
func (t *compact) field(last *int16) (id int16, kind byte, err error) {
	c, err := t.byte()
	if err != nil || c == 0 {
		return 0, 0, err
	}
	if d := int16(c >> 4); d != 0 {
		*last += d
	} else {
		v, err := t.varint()
		if err != nil {
			return 0, 0, err
		}
		*last = int16(v)
	}
	return *last, c & 15, nil
}

// structure calls f for each field; f reads the field's value or asks for it to be skipped.
func (t *compact) structure(depth int, f func(id int16, kind byte) (read bool, err error)) error {
	if depth > maxThriftDepth {
		return errHeader
	}
	var last int16
	for {
		id, kind, err := t.field(&last)
		if err != nil || kind == 0 {
			return err
		}
		read := false
		if f != nil {
			if read, err = f(id, kind); err != nil {
				return err
			}
		}
		if !read {
			if err := t.skip(kind, depth); err != nil {
				return err
			}
		}
	}
}

func (t *compact) skip(kind byte, depth int) error {
	if depth > maxThriftDepth {
		return errHeader
	}
	n := 0
	switch kind {
	case 1, 2: // booleans stand in the field's header
		return nil
	case 3:
		n = 1
	case 4, 5, 6:
		_, err := t.uvarint()
		return err
	case 7:
		n = 8
	case 8:
		u, err := t.uvarint()
		if err != nil {
			return err
		}
		if u > math.MaxInt32 {
			return errHeader
		}
		n = int(u)
	case 9, 10:
		return t.skipList(depth)
	case 12:
		return t.structure(depth+1, nil)
	default:
		return errHeader
	}
	if len(t.b)-t.p < n {
		return errShort
	}
	t.p += n
	return nil
}

func (t *compact) skipList(depth int) error {
	c, err := t.byte()
	if err != nil {
		return err
	}
	n, kind := uint64(c>>4), c&15
	if n == 15 {
		if n, err = t.uvarint(); err != nil {
			return err
		}
	}
	for ; n > 0; n-- {
		if kind == 1 || kind == 2 {
			_, err = t.byte()
		} else {
			err = t.skip(kind, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parsePageHeader reads the header at the start of b and returns its length. errShort means that b may be too short for it.
func parsePageHeader(b []byte) (h pageHeader, size int, err error) {
	h.kind, h.compressV2 = -1, true
	t := &compact{b: b}
	number := func(dst *int) (bool, error) {
		var err error
		*dst, err = t.int32()
		return true, err
	}
	err = t.structure(0, func(id int16, kind byte) (bool, error) {
		switch {
		case id == 1 && kind == 5:
			return number(&h.kind)
		case id == 2 && kind == 5:
			return number(&h.uncompressed)
		case id == 3 && kind == 5:
			return number(&h.compressed)
		case id == 4 && kind == 5:
			v, err := t.varint()
			h.hasCRC, h.crc = true, uint32(v)
			return true, err
		case (id == 5 || id == 7) && kind == 12:
			return true, t.structure(1, func(id int16, kind byte) (bool, error) {
				switch {
				case id == 1 && kind == 5:
					return number(&h.values)
				case id == 2 && kind == 5:
					return number(&h.encoding)
				case id == 3 && kind == 5:
					return number(&h.defEncoding)
				case id == 4 && kind == 5:
					return number(&h.repEncoding)
				}
				return false, nil
			})
		case id == 8 && kind == 12:
			return true, t.structure(1, func(id int16, kind byte) (bool, error) {
				switch {
				case id == 1 && kind == 5:
					return number(&h.values)
				case id == 2 && kind == 5:
					return number(&h.nulls)
				case id == 4 && kind == 5:
					return number(&h.encoding)
				case id == 5 && kind == 5:
					return number(&h.defBytes)
				case id == 6 && kind == 5:
					return number(&h.repBytes)
				case id == 7:
					h.compressV2 = kind == 1
					return true, nil
				}
				return false, nil
			})
		}
		return false, nil
	})
	if err == nil && h.kind < 0 {
		err = errHeader
	}
	return h, t.p, err
}
