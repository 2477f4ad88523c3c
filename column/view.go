package column

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// InlineLen is the length of the longest string that a View holds itself.
const InlineLen = 12

// View is a string of bytes: its length, its first four bytes, and either the rest (up to InlineLen bytes in all, zero-padded) or the address of
// all of it. Two short strings are equal exactly when their 16 bytes are. The address must point outside the Go heap (see package mem).
type View struct {
	Len    uint32
	Prefix uint32 // first four bytes, little-endian, zero-padded
	Tail   uint64 // bytes 4 to 11, or the address
}

// MakeView makes a view of p. Strings longer than InlineLen are referred to, not copied: p must lie in arena memory that outlives the view.
func MakeView(p []byte) View {
	n := len(p)
	if n <= InlineLen {
		var buf [InlineLen]byte
		copy(buf[:], p)
		return View{Len: uint32(n), Prefix: binary.LittleEndian.Uint32(buf[:4]), Tail: binary.LittleEndian.Uint64(buf[4:])}
	}
	return View{Len: uint32(n), Prefix: binary.LittleEndian.Uint32(p[:4]), Tail: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))}
}

// Bytes is the string. For an inline view it aliases *v, otherwise the memory that v points to; it must not be written.
func (v *View) Bytes() []byte {
	if v.Len <= InlineLen {
		return unsafe.Slice((*byte)(unsafe.Pointer(&v.Prefix)), int(v.Len))
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&v.Tail)), int(v.Len))
}

// String copies the string to the Go heap.
func (v *View) String() string { return string(v.Bytes()) }

// IsInline reports whether v holds its bytes itself.
func (v *View) IsInline() bool { return v.Len <= InlineLen }

// EqualViews reports whether a and b are the same string.
func EqualViews(a, b *View) bool {
	if a.Len != b.Len || a.Prefix != b.Prefix {
		return false
	}
	if a.Len <= InlineLen || a.Tail == b.Tail {
		return a.Tail == b.Tail
	}
	return bytes.Equal(a.Bytes(), b.Bytes())
}

// CompareViews orders strings by their bytes.
func CompareViews(a, b *View) int {
	if a.Prefix != b.Prefix {
		// Big-endian order of the prefixes is byte order; padding is zero, so a shorter string comes first unless it has zero bytes
		// where the other ends, and then the prefixes are equal.
		return cmpUint32(swap32(a.Prefix), swap32(b.Prefix))
	}
	return bytes.Compare(a.Bytes(), b.Bytes())
}

func swap32(v uint32) uint32 {
	return v<<24 | v>>24 | v<<8&0xff0000 | v>>8&0xff00
}

func cmpUint32(a, b uint32) int {
	if a < b {
		return -1
	}
	return 1
}
