package session

import (
	"context"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// pgType is a type as pg_type lists it, with PostgreSQL's number.
type pgType struct {
	oid      int64
	name     string
	length   int
	category string
	full     string // as format_type gives it
}

// pgTypeList are PostgreSQL's numbers for the types that there are here.
var pgTypeList = []pgType{
	{16, "bool", 1, "B", "boolean"}, {17, "bytea", -1, "U", "bytea"}, {20, "int8", 8, "N", "bigint"}, {21, "int2", 2, "N", "smallint"},
	{23, "int4", 4, "N", "integer"}, {25, "text", -1, "S", "text"}, {26, "oid", 4, "N", "oid"}, {700, "float4", 4, "N", "real"},
	{701, "float8", 8, "N", "double precision"}, {1042, "bpchar", -1, "S", "character"}, {1043, "varchar", -1, "S", "character varying"}, {1082, "date", 4, "D", "date"},
	{1083, "time", 8, "D", "time without time zone"}, {1114, "timestamp", 8, "D", "timestamp without time zone"},
	{1184, "timestamptz", 8, "D", "timestamp with time zone"}, {1186, "interval", 16, "T", "interval"}, {1700, "numeric", -1, "N", "numeric"},
	{2950, "uuid", 16, "U", "uuid"}, {2277, "anyarray", -1, "P", "anyarray"}, {2249, "record", -1, "P", "record"}, {705, "unknown", -2, "X", "unknown"},
}

var pgKinds = map[column.Kind]int64{
	column.Bool: 16, column.Binary: 17, column.Int64: 20, column.Uint32: 20, column.Int8: 21, column.Uint8: 21, column.Int16: 21, column.Int32: 23,
	column.Uint16: 23, column.Text: 25, column.Float32: 700, column.Float64: 701, column.Date: 1082, column.Time: 1083, column.Timestamp: 1114,
	column.TimestampTZ: 1184, column.Interval: 1186, column.Decimal: 1700, column.Uint64: 1700, column.UUID: 2950, column.List: 2277,
	column.Struct: 2249, column.Map: 2249,
}

// pgTypeOf is the PostgreSQL type that takes all values of a type.
func pgTypeOf(t column.Type) pgType {
	for _, p := range pgTypeList {
		if p.oid == pgKinds[t.Kind] {
			return p
		}
	}
	return pgTypeList[len(pgTypeList)-1]
}

func pgNamespace(_ context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, n := range s.allSchemas() {
		out = append(out, []any{schemaOID(n), n, ownerOID, nil})
	}
	return out, nil
}

func pgClass(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range append(s.relations(ctx), s.systemRelations()...) {
		kind := map[string]string{"VIEW": "v", "FOREIGN": "f"}[r.kind()]
		if kind == "" {
			kind = "r"
		}
		persistence, rows := "p", float64(-1)
		if r.schema == temporarySchema {
			persistence = "t"
		}
		if r.table != nil {
			if st, err := r.table.Statistics(ctx); err == nil && st != nil {
				rows = float64(st.Rows)
			}
		}
		out = append(out, []any{r.oid(), r.name, schemaOID(r.schema), 0, ownerOID, 0, rows, false, false, persistence, kind, len(r.fields), 0, false,
			false, false, false, nil, nil})
	}
	return out, nil
}

func pgAttribute(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range append(s.relations(ctx), s.systemRelations()...) {
		st := catalog.StoredOf(r.table)
		for i, f := range r.fields {
			t := pgTypeOf(f.Type)
			modifier := -1
			if f.Type.Kind == column.Decimal {
				modifier = int(f.Type.Precision)<<16 + int(f.Type.Scale) + 4
			}
			if st != nil && st.Columns[i].Length > 0 {
				modifier, t.oid = st.Columns[i].Length+4, 1043
				if st.Columns[i].Blanks {
					t.oid = 1042
				}
			}
			out = append(out, []any{r.oid(), f.Name, t.oid, t.length, i + 1, modifier, f.NotNull, st != nil && st.Columns[i].Default != "", "", "", false, 0, 0})
		}
	}
	return out, nil
}

func pgTypes(context.Context, *Session) ([][]any, error) {
	var out [][]any
	for _, t := range pgTypeList {
		kind := "b"
		if t.category == "P" {
			kind = "p"
		}
		array := pgArrays[t.oid]
		out = append(out, []any{t.oid, t.name, catalogOID, ownerOID, t.length, kind, t.category, true, ",", 0, 0, array, false, 0, -1, 0, t.name + "in"})
		if array != 0 {
			out = append(out, []any{array, "_" + t.name, catalogOID, ownerOID, -1, "b", "A", true, ",", 0, t.oid, 0, false, 0, -1, 0, "array_in"})
		}
	}
	return out, nil
}

// pgArrays are PostgreSQL's numbers for the types of arrays, by their elements'.
var pgArrays = map[int64]int64{
	16: 1000, 17: 1001, 20: 1016, 21: 1005, 23: 1007, 25: 1009, 700: 1021, 701: 1022, 1043: 1015, 1082: 1182, 1083: 1183, 1114: 1115, 1184: 1185,
	1186: 1187, 1700: 1231, 2950: 2951,
}

func pgProc(context.Context, *Session) ([][]any, error) {
	var out [][]any
	for _, name := range expr.FunctionNames() {
		kind := "f"
		if expr.IsAggregate(name) {
			kind = "a"
		}
		out = append(out, []any{oid("function", name), name, catalogOID, kind})
	}
	return out, nil
}

func pgDatabase(context.Context, *Session) ([][]any, error) {
	return [][]any{{oid("database", DatabaseName), DatabaseName, ownerOID, 6, false, true, "C", "C"}}, nil
}

func pgSettings(_ context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, n := range settingNames() {
		source := "default"
		if _, changed := s.values[n]; changed {
			source = "session"
		}
		out = append(out, []any{n, s.mustSetting(n), nil, "Polybolos", settings[n].doc, "user", "string", source})
	}
	return out, nil
}

func pgTables(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range append(s.relations(ctx), s.systemRelations()...) {
		if r.table != nil {
			out = append(out, []any{r.schema, r.name, owner, nil, false, false, false})
		}
	}
	return out, nil
}

func pgViews(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range s.relations(ctx) {
		if r.view != nil {
			out = append(out, []any{r.schema, r.name, owner, r.view.SQL})
		}
	}
	return out, nil
}

func pgRoles(context.Context, *Session) ([][]any, error) {
	return [][]any{{ownerOID, owner, true, true, false, true, true}}, nil
}

func pgUser(context.Context, *Session) ([][]any, error) {
	return [][]any{{owner, ownerOID, true, true}}, nil
}
