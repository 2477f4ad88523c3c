package tpchgen

// Type is the type of a column.
type Type uint8

// The column types and how Parquet stores them. No column holds nulls.
const (
	Int32   Type = iota // INT32
	Int64               // INT64
	Decimal             // decimal(15,2): INT64 with the DECIMAL annotation, the value times 100
	Date                // INT32 with the DATE annotation, days since 1970-01-01
	String              // BYTE_ARRAY with the STRING annotation, ASCII
)

// The precision and scale of every Decimal column.
const (
	DecimalPrecision = 15
	DecimalScale     = 2
)

// String returns the type's SQL name.
func (t Type) String() string {
	switch t {
	case Int32:
		return "integer"
	case Int64:
		return "bigint"
	case Decimal:
		return "decimal(15,2)"
	case Date:
		return "date"
	case String:
		return "varchar"
	}
	return "unknown"
}

// ColumnSchema is a column's name and type.
type ColumnSchema struct {
	Name string
	Type Type
}

// TableSchema is a table's name and its columns in file order.
type TableSchema struct {
	Name    string
	Columns []ColumnSchema
}

// Tables returns the schemas of the eight tables. The result is the caller's.
func Tables() []TableSchema {
	out := make([]TableSchema, len(schemas))
	for i, s := range schemas {
		out[i] = TableSchema{Name: s.Name, Columns: append([]ColumnSchema(nil), s.Columns...)}
	}
	return out
}

var schemas = []TableSchema{
	{"region", []ColumnSchema{
		{"r_regionkey", Int32}, {"r_name", String}, {"r_comment", String},
	}},
	{"nation", []ColumnSchema{
		{"n_nationkey", Int32}, {"n_name", String}, {"n_regionkey", Int32}, {"n_comment", String},
	}},
	{"supplier", []ColumnSchema{
		{"s_suppkey", Int64}, {"s_name", String}, {"s_address", String}, {"s_nationkey", Int32}, {"s_phone", String},
		{"s_acctbal", Decimal}, {"s_comment", String},
	}},
	{"customer", []ColumnSchema{
		{"c_custkey", Int64}, {"c_name", String}, {"c_address", String}, {"c_nationkey", Int32}, {"c_phone", String},
		{"c_acctbal", Decimal}, {"c_mktsegment", String}, {"c_comment", String},
	}},
	{"part", []ColumnSchema{
		{"p_partkey", Int64}, {"p_name", String}, {"p_mfgr", String}, {"p_brand", String}, {"p_type", String},
		{"p_size", Int32}, {"p_container", String}, {"p_retailprice", Decimal}, {"p_comment", String},
	}},
	{"partsupp", []ColumnSchema{
		{"ps_partkey", Int64}, {"ps_suppkey", Int64}, {"ps_availqty", Int32}, {"ps_supplycost", Decimal},
		{"ps_comment", String},
	}},
	{"orders", []ColumnSchema{
		{"o_orderkey", Int64}, {"o_custkey", Int64}, {"o_orderstatus", String}, {"o_totalprice", Decimal},
		{"o_orderdate", Date}, {"o_orderpriority", String}, {"o_clerk", String}, {"o_shippriority", Int32},
		{"o_comment", String},
	}},
	{"lineitem", []ColumnSchema{
		{"l_orderkey", Int64}, {"l_partkey", Int64}, {"l_suppkey", Int64}, {"l_linenumber", Int32},
		{"l_quantity", Decimal}, {"l_extendedprice", Decimal}, {"l_discount", Decimal}, {"l_tax", Decimal},
		{"l_returnflag", String}, {"l_linestatus", String}, {"l_shipdate", Date}, {"l_commitdate", Date},
		{"l_receiptdate", Date}, {"l_shipinstruct", String}, {"l_shipmode", String}, {"l_comment", String},
	}},
}
