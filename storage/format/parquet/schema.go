package parquet

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/polybolos-db/polybolos/column"
)

// intervalMark is the key-value metadata key under which our writer names the paths of its intervals, separated by zero bytes. Their
// values are FIXED_LEN_BYTE_ARRAY(16): months and days as int32, microseconds as int64, little-endian. Parquet's own INTERVAL holds neither
// negative parts nor microseconds.
const intervalMark = "polybolos.interval"

// meaning is what the raw values of a leaf stand for beyond their physical type.
type meaning uint8

const (
	plainMeaning meaning = iota
	unsignedInt
	decimalInt  // DECIMAL in INT32, INT64
	decimalText // DECIMAL in big-endian bytes
	milliseconds
	microseconds
	nanoseconds
	uuidBytes
	halfFloat
	parquetInterval
	ownInterval
)

// leaf is a column of the file: how its values are written and what they mean.
type leaf struct {
	name     string
	index    int // position among the chunks of a row group
	physical parquet.Type
	length   int // bytes of a FIXED_LEN_BYTE_ARRAY value
	optional bool
	means    meaning
	typ      column.Type
	nested   bool
	tree     *nestedNode // of a nested column
}

// field is the leaf as a column of a table.
func (l *leaf) field() column.Field {
	return column.Field{Name: l.name, Type: l.typ, NotNull: !l.optional && !l.nested}
}

// rawWidth is the number of bytes of a value as pages are unfolded: a byte for booleans, a View for byte arrays.
func (l *leaf) rawWidth() int {
	switch l.physical {
	case parquet.Types.Boolean:
		return 1
	case parquet.Types.Int32, parquet.Types.Float:
		return 4
	case parquet.Types.Int64, parquet.Types.Double:
		return 8
	case parquet.Types.Int96:
		return 12
	case parquet.Types.ByteArray:
		return 16
	}
	return l.length
}

// leavesOf lists the top-level columns of a file.
func leavesOf(sc *schema.Schema, ownIntervals map[string]bool) ([]leaf, error) {
	root := sc.Root()
	leaves := make([]leaf, root.NumFields())
	walk := leafWalk{intervals: ownIntervals}
	for i := range leaves {
		node := root.Field(i)
		tree, err := treeOf(node, 0, 0, 0, &walk)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", node.Name(), err)
		}
		l := &leaves[i]
		if tree.leaf == nil {
			*l = leaf{name: node.Name(), index: -1, typ: tree.typ, nested: true, tree: tree}
			continue
		}
		*l = *tree.leaf
		l.name, l.optional = node.Name(), tree.maxDef > 0
	}
	if walk.next != sc.NumColumns() {
		return nil, fmt.Errorf("its schema has %d columns of values, not %d", sc.NumColumns(), walk.next)
	}
	return leaves, nil
}

// typeOf is the type that a primitive column has in a table.
func typeOf(p *schema.PrimitiveNode) (column.Type, meaning, error) {
	simple := func(k column.Kind, m meaning) (column.Type, meaning, error) { return column.T(k), m, nil }
	switch lt := p.LogicalType().(type) {
	case schema.DecimalLogicalType:
		return decimalOf(p, lt)
	case schema.IntLogicalType:
		bits := map[int8]int{8: 0, 16: 1, 32: 2, 64: 3}[lt.BitWidth()]
		if lt.IsSigned() {
			return simple(column.Int8+column.Kind(bits), plainMeaning)
		}
		return simple(column.Uint8+column.Kind(bits), unsignedInt)
	case schema.DateLogicalType:
		return simple(column.Date, plainMeaning)
	case schema.TimeLogicalType:
		return simple(column.Time, unitOf(lt.TimeUnit()))
	case schema.TimestampLogicalType:
		if lt.IsAdjustedToUTC() && !lt.IsFromConvertedType() {
			return simple(column.TimestampTZ, unitOf(lt.TimeUnit()))
		}
		return simple(column.Timestamp, unitOf(lt.TimeUnit()))
	case schema.StringLogicalType, schema.EnumLogicalType, schema.JSONLogicalType:
		return simple(column.Text, plainMeaning)
	case schema.UUIDLogicalType:
		return simple(column.UUID, uuidBytes)
	case schema.IntervalLogicalType:
		return simple(column.Interval, parquetInterval)
	case schema.Float16LogicalType:
		return simple(column.Float32, halfFloat)
	}
	switch p.PhysicalType() {
	case parquet.Types.Boolean:
		return simple(column.Bool, plainMeaning)
	case parquet.Types.Int32:
		return simple(column.Int32, plainMeaning)
	case parquet.Types.Int64:
		return simple(column.Int64, plainMeaning)
	case parquet.Types.Int96:
		return simple(column.Timestamp, nanoseconds)
	case parquet.Types.Float:
		return simple(column.Float32, plainMeaning)
	case parquet.Types.Double:
		return simple(column.Float64, plainMeaning)
	case parquet.Types.ByteArray, parquet.Types.FixedLenByteArray:
		return simple(column.Binary, plainMeaning)
	}
	return column.Type{}, 0, fmt.Errorf("unknown physical type %s", p.PhysicalType())
}

func unitOf(u schema.TimeUnitType) meaning {
	switch u {
	case schema.TimeUnitMillis:
		return milliseconds
	case schema.TimeUnitNanos:
		return nanoseconds
	}
	return microseconds
}

func decimalOf(p *schema.PrimitiveNode, d schema.DecimalLogicalType) (column.Type, meaning, error) {
	precision, scale := int(d.Precision()), int(d.Scale())
	if precision < 1 || precision > column.MaxPrecision || scale < 0 || scale > precision {
		return column.Type{}, 0, fmt.Errorf("numeric(%d,%d) is beyond the %d digits that numeric can have", precision, scale, column.MaxPrecision)
	}
	t := column.DecimalType(precision, scale)
	switch p.PhysicalType() {
	case parquet.Types.Int32, parquet.Types.Int64:
		return t, decimalInt, nil
	}
	return t, decimalText, nil
}
