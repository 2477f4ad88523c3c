package flightsql

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// catalogName is the one catalog.
const catalogName = session.DatabaseName

// The kinds of tables.
const (
	typeTable = "TABLE"
	typeView  = "VIEW"
)

// answer says that what a descriptor asks for is fetched with the same command.
func answer(desc *flight.FlightDescriptor, schema *arrow.Schema) (*flight.FlightInfo, error) {
	return &flight.FlightInfo{
		Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: desc.GetCmd()}}}, FlightDescriptor: desc,
		Schema: serialize(schema), TotalRecords: -1, TotalBytes: -1,
	}, nil
}

// one is a stream of one record, which add fills.
func one(schema *arrow.Schema, add func(b *array.RecordBuilder) error) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	if err := add(b); err != nil {
		return nil, nil, err
	}
	out := make(chan flight.StreamChunk, 1)
	out <- flight.StreamChunk{Data: b.NewRecordBatch()}
	close(out)
	return schema, out, nil
}

// none is a stream without rows.
func none(schema *arrow.Schema) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(schema, func(*array.RecordBuilder) error { return nil })
}

func appendTexts(b *array.RecordBuilder, values ...string) {
	for i, v := range values {
		b.Field(i).(*array.StringBuilder).Append(v)
	}
}

// GetFlightInfoCatalogs lists catalogs.
func (s *service) GetFlightInfoCatalogs(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.Catalogs)
}

// DoGetCatalogs lists catalogs.
func (s *service) DoGetCatalogs(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(schema_ref.Catalogs, func(b *array.RecordBuilder) error { appendTexts(b, catalogName); return nil })
}

// GetFlightInfoSchemas lists schemas.
func (s *service) GetFlightInfoSchemas(_ context.Context, _ flightsql.GetDBSchemas, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.DBSchemas)
}

// DoGetDBSchemas lists schemas.
func (s *service) DoGetDBSchemas(ctx context.Context, cmd flightsql.GetDBSchemas) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer s.server.sessions.release(u)
	return one(schema_ref.DBSchemas, func(b *array.RecordBuilder) error {
		for _, schema := range u.session.Schemas() {
			if ours(cmd.GetCatalog()) && like(schema, cmd.GetDBSchemaFilterPattern()) {
				appendTexts(b, catalogName, schema)
			}
		}
		return nil
	})
}

func ours(catalog *string) bool { return catalog == nil || *catalog == catalogName }

// GetFlightInfoTableTypes lists the kinds of tables.
func (s *service) GetFlightInfoTableTypes(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.TableTypes)
}

// DoGetTableTypes lists the kinds of tables.
func (s *service) DoGetTableTypes(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(schema_ref.TableTypes, func(b *array.RecordBuilder) error {
		appendTexts(b, typeTable)
		appendTexts(b, typeView)
		return nil
	})
}

func tablesSchema(cmd flightsql.GetTables) *arrow.Schema {
	if cmd.GetIncludeSchema() {
		return schema_ref.TablesWithIncludedSchema
	}
	return schema_ref.Tables
}

// GetFlightInfoTables lists tables and views.
func (s *service) GetFlightInfoTables(_ context.Context, cmd flightsql.GetTables, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, tablesSchema(cmd))
}

// DoGetTables lists tables and views, with their columns when they are asked for.
func (s *service) DoGetTables(ctx context.Context, cmd flightsql.GetTables) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer s.server.sessions.release(u)
	return one(tablesSchema(cmd), func(b *array.RecordBuilder) error {
		if !ours(cmd.GetCatalog()) {
			return nil
		}
		for _, schema := range u.session.Schemas() {
			if !like(schema, cmd.GetDBSchemaFilterPattern()) {
				continue
			}
			for _, o := range u.session.Objects(schema) {
				if err := appendTable(ctx, b, u.session, o, cmd); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// appendTable lists a table or view that the command asks for.
func appendTable(ctx context.Context, b *array.RecordBuilder, s *session.Session, o session.Object, cmd flightsql.GetTables) error {
	kind := typeTable
	if o.View {
		kind = typeView
	}
	if want := cmd.GetTableTypes(); len(want) > 0 && !slices.Contains(want, kind) || !like(o.Name, cmd.GetTableNameFilterPattern()) {
		return nil
	}
	if !cmd.GetIncludeSchema() {
		appendTexts(b, catalogName, o.Schema, o.Name, kind)
		return nil
	}
	fields, err := s.ObjectColumns(ctx, o)
	if fault.CodeOf(err) == fault.UndefinedTable {
		// It was dropped in the meantime, or is a view of one that was.
		return nil
	}
	if err != nil {
		return err
	}
	appendTexts(b, catalogName, o.Schema, o.Name, kind)
	b.Field(4).(*array.BinaryBuilder).Append(serialize(tableSchema(o, fields)))
	return nil
}

// tableSchema is a table's columns with what clients are told about each.
func tableSchema(o session.Object, fields []column.Field) *arrow.Schema {
	schema := column.ArrowSchema(fields)
	out := make([]arrow.Field, len(fields))
	for i, f := range schema.Fields() {
		m := flightsql.NewColumnMetadataBuilder().CatalogName(catalogName).SchemaName(o.Schema).TableName(o.Name).
			TypeName(fields[i].Type.String()).IsAutoIncrement(false).IsReadOnly(false).IsSearchable(true)
		if fields[i].Type.Kind == column.Decimal {
			m = m.Precision(int32(fields[i].Type.Precision)).Scale(int32(fields[i].Type.Scale))
		}
		made := m.Build()
		keys, values := slices.Clone(f.Metadata.Keys()), slices.Clone(f.Metadata.Values())
		keys, values = append(keys, made.Data.Keys()...), append(values, made.Data.Values()...)
		f.Metadata = arrow.NewMetadata(keys, values)
		out[i] = f
	}
	return arrow.NewSchema(out, nil)
}

// like matches a name against a pattern with % and _; a nil pattern matches all. A backslash takes the next character as it is.
func like(name string, pattern *string) bool {
	if pattern == nil {
		return true
	}
	return likeRunes([]rune(name), []rune(*pattern))
}

func likeRunes(name, pattern []rune) bool {
	// The place to come back to when what follows the last % does not match.
	back, resume := -1, 0
	n, p := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			back, resume = p, n
			p++
			continue
		case p < len(pattern) && pattern[p] == '_':
			n++
			p++
			continue
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == name[n]:
			n++
			p += 2
			continue
		case p < len(pattern) && pattern[p] != '\\' && pattern[p] == name[n]:
			n++
			p++
			continue
		}
		if back < 0 {
			return false
		}
		resume++
		n, p = resume, back+1
	}
	return strings.Trim(string(pattern[p:]), "%") == ""
}

// There are no keys.

// GetFlightInfoPrimaryKeys lists no keys.
func (s *service) GetFlightInfoPrimaryKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.PrimaryKeys)
}

// DoGetPrimaryKeys lists no keys.
func (s *service) DoGetPrimaryKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return none(schema_ref.PrimaryKeys)
}

// GetFlightInfoExportedKeys lists no keys.
func (s *service) GetFlightInfoExportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.ExportedKeys)
}

// DoGetExportedKeys lists no keys.
func (s *service) DoGetExportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return none(schema_ref.ExportedKeys)
}

// GetFlightInfoImportedKeys lists no keys.
func (s *service) GetFlightInfoImportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.ImportedKeys)
}

// DoGetImportedKeys lists no keys.
func (s *service) DoGetImportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return none(schema_ref.ImportedKeys)
}

// GetFlightInfoCrossReference lists no keys.
func (s *service) GetFlightInfoCrossReference(_ context.Context, _ flightsql.CrossTableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return answer(desc, schema_ref.CrossReference)
}

// DoGetCrossReference lists no keys.
func (s *service) DoGetCrossReference(context.Context, flightsql.CrossTableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return none(schema_ref.CrossReference)
}
