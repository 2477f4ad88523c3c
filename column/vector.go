package column

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/polybolos-db/polybolos/column/mem"
)

// Form is how a vector stands for its rows.
type Form uint8

// The forms.
const (
	Flat     Form = iota // one value a row
	Constant             // one value for all rows; NULL when Valid is not nil and its bit 0 is clear
	Dict                 // a code a row into Dictionary
)

// Vector is a column of Len rows. See the package comment for layouts, NULLs and ownership.
type Vector struct {
	Type  Type
	Form  Form
	Len   int
	Valid Bitmap // Flat, Dict: a bit a row; Constant: one bit; nil: no NULL
	Data  []byte // Flat: Len values; Constant: one value; Dict: nil

	// Dict form only. Codes of NULL rows are valid indexes (0). Entries are Flat and never NULL. DictID names the dictionary's content in
	// this process: equal IDs mean equal entries, so work done per entry can be kept from batch to batch. It is never 0.
	Codes      []uint32
	Dictionary *Vector
	DictID     uint64

	// Nested kinds in Flat or Constant form. List: elements; Map: keys, values; Struct: one vector of Len rows a field.
	Children []*Vector
}

var lastDictID atomic.Uint64

// NewDictID names the content of a new dictionary.
func NewDictID() uint64 { return lastDictID.Add(1) }

// Values is v.Data as a slice of its physical type. T must have the physical type's size.
func Values[T any](v *Vector) []T {
	var zero T
	n := len(v.Data) / int(unsafe.Sizeof(zero))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Data))), n)
}

// SliceOf is p as a slice of T, for buffers from an arena.
func SliceOf[T any](p []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(p))), len(p)/int(unsafe.Sizeof(zero)))
}

// BytesOf is s as bytes.
func BytesOf[T any](s []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero)))
}

// AllocSlice allocates n values of T in a, of undefined content. T must hold no Go pointers.
func AllocSlice[T any](a *mem.Arena, n int) ([]T, error) {
	var zero T
	p, err := a.Alloc(n * int(unsafe.Sizeof(zero)))
	if err != nil {
		return nil, err
	}
	return SliceOf[T](p), nil
}

// AllocBitmap allocates a bitmap of n bits, all set.
func AllocBitmap(a *mem.Arena, n int) (Bitmap, error) {
	b, err := AllocSlice[uint64](a, BitmapWords(n))
	if err != nil {
		return nil, err
	}
	bm := Bitmap(b)
	for i := range bm {
		bm[i] = 0
	}
	bm.SetAll(n)
	return bm, nil
}

// NewFlat allocates a flat vector of n rows without NULLs; its values are zero. Nested kinds get no children yet.
func NewFlat(a *mem.Arena, t Type, n int) (*Vector, error) {
	p, err := a.AllocZero(n * t.Width())
	if err != nil {
		return nil, err
	}
	v := &Vector{Type: t, Form: Flat, Len: n, Data: p}
	if t.Kind == Null {
		v.Form = Constant
		v.Valid = Bitmap{0}
	}
	return v, nil
}

// NewNull makes a constant vector of n NULLs of type t; it needs no arena.
func NewNull(t Type, n int) *Vector {
	return &Vector{Type: t, Form: Constant, Len: n, Valid: Bitmap{0}, Data: make([]byte, t.Width())}
}

// IsNull reports whether row i is NULL.
func (v *Vector) IsNull(i int) bool {
	if v.Valid == nil {
		return false
	}
	if v.Form == Constant {
		i = 0
	}
	return !v.Valid.Get(i)
}

// IsConstantNull reports whether every row is NULL because v is one constant NULL.
func (v *Vector) IsConstantNull() bool {
	return v.Form == Constant && v.Valid != nil && !v.Valid.Get(0)
}

// Index is the position of row i's value in the data of Target.
func (v *Vector) Index(i int) int {
	switch v.Form {
	case Constant:
		return 0
	case Dict:
		return int(v.Codes[i])
	}
	return i
}

// Target is the vector whose Data holds the values: the dictionary for the Dict form, otherwise v.
func (v *Vector) Target() *Vector {
	if v.Form == Dict {
		return v.Dictionary
	}
	return v
}

// Check tests the invariants that kernels rely on; it is for tests and for what comes from outside.
func (v *Vector) Check() error {
	w := v.Type.Width()
	switch v.Form {
	case Flat:
		if len(v.Data) < v.Len*w {
			return fmt.Errorf("flat %s vector of %d rows has %d bytes", v.Type, v.Len, len(v.Data))
		}
	case Constant:
		if len(v.Data) < w {
			return fmt.Errorf("constant %s vector has %d bytes", v.Type, len(v.Data))
		}
	case Dict:
		if v.Dictionary == nil || v.Dictionary.Form != Flat || v.Dictionary.Valid != nil || v.DictID == 0 {
			return fmt.Errorf("dictionary of %s vector must be flat, named and without NULL", v.Type)
		}
		if !v.Type.Equal(v.Dictionary.Type) {
			return fmt.Errorf("%s vector has a dictionary of %s", v.Type, v.Dictionary.Type)
		}
		if len(v.Codes) < v.Len {
			return fmt.Errorf("vector of %d rows has %d codes", v.Len, len(v.Codes))
		}
		for i, c := range v.Codes[:v.Len] {
			if int(c) >= v.Dictionary.Len {
				return fmt.Errorf("code %d of row %d is beyond %d dictionary entries", c, i, v.Dictionary.Len)
			}
		}
	}
	if v.Valid != nil {
		n := v.Len
		if v.Form == Constant {
			n = 1
		}
		if len(v.Valid) < BitmapWords(n) {
			return fmt.Errorf("validity of %d rows has %d words", n, len(v.Valid))
		}
	}
	for _, c := range v.Children {
		if err := c.Check(); err != nil {
			return err
		}
	}
	return nil
}
