package tpchgen

import (
	"fmt"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// dictionary is the set of values that a column can have, ascending, known before the first row is drawn. Rows hold
// 16-bit positions in it; as the values ascend, the least and the greatest position give the minimum and the maximum.
type dictionary struct {
	i32    []int32
	i64    []int64
	str    []string
	hashes []uint64    // of each value, for checksums
	values arrow.Array // the same values, as the Parquet writer takes them; lives as long as the process
}

// stringDictionary returns the dictionary of the values and, for each of the values as given, its position.
func stringDictionary(values []string) (*dictionary, []uint16) {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	d := &dictionary{str: sorted}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for _, v := range sorted {
		b.Append(v)
		d.hashes = append(d.hashes, hashString([]byte(v)))
	}
	d.values = b.NewArray()
	positions := make([]uint16, len(values))
	for i, v := range values {
		at, _ := slices.BinarySearch(sorted, v)
		positions[i] = uint16(at)
	}
	return d, positions
}

// int32Dictionary returns the dictionary first, first+step, ... of n values.
func int32Dictionary(first, step int32, n int) *dictionary {
	d := &dictionary{}
	b := array.NewInt32Builder(memory.DefaultAllocator)
	for i := range n {
		v := first + int32(i)*step
		b.Append(v)
		d.i32 = append(d.i32, v)
		d.hashes = append(d.hashes, hashInt(int64(v)))
	}
	d.values = b.NewArray()
	return d
}

// int64Dictionary is int32Dictionary for 64-bit columns.
func int64Dictionary(first, step int64, n int) *dictionary {
	d := &dictionary{}
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range n {
		v := first + int64(i)*step
		b.Append(v)
		d.i64 = append(d.i64, v)
		d.hashes = append(d.hashes, hashInt(v))
	}
	d.values = b.NewArray()
	return d
}

// enumeration is a dictionary of strings with the position of each number that a stream draws.
type enumeration struct {
	*dictionary
	at []uint16
}

func newEnumeration(values []string) enumeration {
	d, at := stringDictionary(values)
	return enumeration{d, at}
}

// draw fills dst with positions for rows that use one draw each. It continues from seed.
func (e enumeration) draw(dst []uint16, seed uint64) {
	drawIndexes(dst, seed, uint64(len(e.at)))
	e.place(dst)
}

// place replaces drawn numbers by positions.
func (e enumeration) place(drawn []uint16) {
	for i, v := range drawn {
		drawn[i] = e.at[v]
	}
}

// dictionaries are those that do not depend on the scale factor.
type dictionaries struct {
	status, priority, segment, instruction, shipMode, container, partType, returnFlag, lineStatus, mfgr, brand enumeration

	nationKey, partSize, availQty, shipPriority, lineNumber *dictionary
	orderDate, shipDate, commitDate, receiptDate            *dictionary
	quantity, discount, tax                                 *dictionary
}

// fixedDictionaries makes the dictionaries once a process.
var fixedDictionaries = sync.OnceValue(func() *dictionaries {
	return &dictionaries{
		status:      newEnumeration([]string{"F", "O", "P"}),
		priority:    newEnumeration(priorities),
		segment:     newEnumeration(segments),
		instruction: newEnumeration(instructions),
		shipMode:    newEnumeration(shipModes),
		container:   newEnumeration(containers),
		partType:    newEnumeration(partTypes()),
		returnFlag:  newEnumeration([]string{"R", "A", "N"}), // N last: it is not drawn
		lineStatus:  newEnumeration([]string{"F", "O"}),
		mfgr:        newEnumeration(numbered("Manufacturer#%d", 1, 5)),
		brand:       newEnumeration(brands()),

		nationKey:    int32Dictionary(0, 1, len(nationNames)),
		partSize:     int32Dictionary(1, 1, maxPartSize),
		availQty:     int32Dictionary(1, 1, maxAvailQty),
		shipPriority: int32Dictionary(0, 1, 1),
		lineNumber:   int32Dictionary(1, 1, linesPerOrder),
		orderDate:    int32Dictionary(firstOrderDay, 1, orderDays),
		shipDate:     int32Dictionary(firstOrderDay+1, 1, orderDays-1+maxShipDays),
		commitDate:   int32Dictionary(firstOrderDay+minCommitDays, 1, orderDays+commitSpan-1),
		receiptDate:  int32Dictionary(firstOrderDay+2, 1, orderDays-2+maxShipDays+maxReceiptDays),
		quantity:     int64Dictionary(100, 100, maxQuantity),
		discount:     int64Dictionary(0, 1, maxDiscount+1),
		tax:          int64Dictionary(0, 1, maxTax+1),
	}
})

func numbered(format string, first, last int) []string {
	var out []string
	for i := first; i <= last; i++ {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

func brands() []string {
	var out []string
	for m := 1; m <= 5; m++ {
		out = append(out, numbered(fmt.Sprintf("Brand#%d%%d", m), 1, 5)...)
	}
	return out
}
