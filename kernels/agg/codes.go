package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/simd"
)

const (
	// codeDomain bounds the combinations of codes for which groups are kept in an array: 256 KB, a quarter of a second-level cache.
	codeDomain = 64 << 10
	// codeSignatures is how many sets of dictionaries are remembered at once: grouping sets take turns.
	codeSignatures = 8
)

// codeCache remembers the group of every combination of key codes, for batches whose keys are dictionaries, booleans, bytes or constants: the
// table is asked once per combination, not once per row.
type codeCache struct {
	entries [codeSignatures]codeGroups
	next    int
	signs   []uint64
	codes   []uint32
	missing []uint32
	found   []uint32
}

// codeGroups is the groups by code: unknown for one not yet met.
type codeGroups struct {
	signs  []uint64
	groups []uint32
}

const (
	constantSign = 1 << 63
	byteSign     = 1 << 62
	unknown      = ^uint32(0)
	pending      = unknown - 1 // met in the batch at hand; no table has so many groups
)

// codesOf is how many codes v's rows have, and a sign that names their meaning; n = 0 when there are too many.
func codesOf(v *column.Vector) (n int, sign uint64) {
	switch {
	case v.IsConstantNull():
		return 1, constantSign
	case v.Form == column.Constant:
		// A constant is its own sign where that cannot be mistaken for another one.
		switch v.Type.Physical() {
		case column.PhysInt64:
			if x := column.Values[uint64](v)[0]; x < byteSign-1 {
				return 1, constantSign | (x + 1)
			}
		case column.PhysBool:
			return 1, constantSign | uint64(v.Data[0]+1)
		}
		return 0, 0
	case v.Form == column.Dict:
		return v.Dictionary.Len + 1, v.DictID
	case v.Type.Kind == column.Bool:
		return 3, byteSign | 1
	case v.Type.Physical() == column.PhysUint8 || v.Type.Physical() == column.PhysInt8:
		return 257, byteSign
	}
	return 0, 0
}

// findByCodes does Find where all keys have few codes.
func (t *Table) findByCodes(b *column.Batch, cols []int, out []uint32) (done bool, err error) {
	c := &t.codes
	domain := 1
	c.signs = c.signs[:0]
	for _, col := range cols {
		n, sign := codesOf(b.Cols[col])
		if n == 0 || n > codeDomain/domain {
			return false, nil
		}
		domain *= n
		c.signs = append(c.signs, sign)
	}
	rows := b.Rows()
	if domain > 1 && rows*64 < domain && !c.known() {
		// Clearing the array would cost more than the rows do.
		return false, nil
	}
	groups := c.lookup(domain)
	c.combine(b, cols)
	out = out[:rows]
	simd.Gather32(out, groups, c.codes)
	if simd.MaxUint32(out) != unknown {
		return true, nil
	}
	c.missing = c.missing[:0]
	for k, code := range c.codes {
		if groups[code] == unknown {
			groups[code] = pending
			c.missing = append(c.missing, uint32(b.Row(k)))
		}
	}
	c.found = sized(c.found, len(c.missing))
	some := column.Batch{Cols: b.Cols, Len: b.Len, Sel: c.missing}
	if err := t.keys.find(t, &some, cols, c.found); err != nil {
		for _, code := range c.codes {
			if groups[code] == pending {
				groups[code] = unknown
			}
		}
		return true, err
	}
	at := 0
	for k, code := range c.codes {
		if groups[code] == pending {
			groups[code] = c.found[at]
			at++
		}
		out[k] = groups[code]
	}
	return true, nil
}

// combine makes one code of the codes of all keys, for each row.
func (c *codeCache) combine(b *column.Batch, cols []int) {
	rows := b.Rows()
	c.codes = sized(c.codes, rows)
	if v := b.Cols[cols[0]]; v.Form == column.Dict && v.Valid == nil && b.Sel == nil {
		copy(c.codes, v.Codes)
		cols = cols[1:]
	} else {
		clear(c.codes)
	}
	for _, col := range cols {
		v := b.Cols[col]
		n, _ := codesOf(v)
		addCodes(v, b.Sel, uint32(n), c.codes)
	}
}

func (c *codeCache) find() *codeGroups {
	for i := range c.entries {
		if e := &c.entries[i]; len(e.groups) > 0 && equalSigns(e.signs, c.signs) {
			return e
		}
	}
	return nil
}

func (c *codeCache) known() bool { return c.find() != nil }

func (c *codeCache) lookup(domain int) []uint32 {
	if e := c.find(); e != nil {
		return e.groups
	}
	e := &c.entries[c.next]
	c.next = (c.next + 1) % codeSignatures
	e.signs = append(e.signs[:0], c.signs...)
	e.groups = sized(e.groups, domain)
	for i := range e.groups {
		e.groups[i] = unknown
	}
	return e.groups
}

func equalSigns(a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// addCodes appends v's code, below n, to each of codes as the next digit. The greatest code is NULL's.
func addCodes(v *column.Vector, sel []uint32, n uint32, codes []uint32) {
	if n == 1 {
		return
	}
	var digit func(r int) uint32
	switch {
	case v.Form == column.Dict && v.Valid == nil:
		if sel == nil {
			for k, code := range v.Codes[:len(codes)] {
				codes[k] = codes[k]*n + code
			}
		} else {
			for k, r := range sel {
				codes[k] = codes[k]*n + v.Codes[r]
			}
		}
		return
	case v.Form == column.Dict:
		digit = func(r int) uint32 { return v.Codes[r] }
	default:
		digit = func(r int) uint32 { return uint32(v.Data[r]) }
	}
	for k := range codes {
		r := k
		if sel != nil {
			r = int(sel[k])
		}
		d := n - 1
		if v.Valid.Get(r) {
			d = digit(r)
		}
		codes[k] = codes[k]*n + d
	}
}
