package session

import (
	"context"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
)

// systemTables are the system's tables by schema and name.
var systemTables map[string]map[string]systemDef

func init() {
	// Set here since the rows' functions list the tables themselves.
	systemTables = map[string]map[string]systemDef{
		"information_schema": {
			"schemata": {[]string{"t:catalog_name", "t:schema_name", "t:schema_owner"}, schemata},
			"tables": {[]string{"t:table_catalog", "t:table_schema", "t:table_name", "t:table_type", "t:is_insertable_into", "t:is_typed"},
				informationTables},
			"views": {[]string{"t:table_catalog", "t:table_schema", "t:table_name", "t:view_definition", "t:check_option", "t:is_updatable"},
				informationViews},
			"columns": {[]string{"t:table_catalog", "t:table_schema", "t:table_name", "t:column_name", "s:ordinal_position", "t:column_default",
				"t:is_nullable", "t:data_type", "s:character_maximum_length", "s:numeric_precision", "s:numeric_scale", "t:udt_name",
				"t:is_identity", "t:is_generated", "t:is_updatable", "s:character_octet_length", "s:numeric_precision_radix", "s:datetime_precision",
				"t:collation_name", "t:udt_catalog", "t:udt_schema", "t:domain_name"}, informationColumns},
			"table_constraints": {[]string{"t:constraint_catalog", "t:constraint_schema", "t:constraint_name", "t:table_schema", "t:table_name",
				"t:constraint_type"}, none},
			"key_column_usage": {[]string{"t:constraint_catalog", "t:constraint_schema", "t:constraint_name", "t:table_schema", "t:table_name",
				"t:column_name", "s:ordinal_position"}, none},
			"referential_constraints": {[]string{"t:constraint_catalog", "t:constraint_schema", "t:constraint_name"}, none},
			"constraint_column_usage": {[]string{"t:table_catalog", "t:table_schema", "t:table_name", "t:column_name", "t:constraint_catalog",
				"t:constraint_schema", "t:constraint_name"}, none},
			"check_constraints": {[]string{"t:constraint_catalog", "t:constraint_schema", "t:constraint_name", "t:check_clause"}, none},
			"sequences": {[]string{"t:sequence_catalog", "t:sequence_schema", "t:sequence_name", "t:data_type", "t:start_value", "t:minimum_value",
				"t:maximum_value", "t:increment", "t:cycle_option"}, none},
			"triggers": {[]string{"t:trigger_catalog", "t:trigger_schema", "t:trigger_name", "t:event_manipulation", "t:event_object_schema",
				"t:event_object_table", "t:action_statement", "t:action_timing"}, none},
			"parameters":     {[]string{"t:specific_catalog", "t:specific_schema", "t:specific_name", "s:ordinal_position", "t:parameter_name", "t:data_type"}, none},
			"character_sets": {[]string{"t:character_set_catalog", "t:character_set_schema", "t:character_set_name", "t:default_collate_name"}, characterSets},
			"routines":       {[]string{"t:routine_catalog", "t:routine_schema", "t:routine_name", "t:routine_type"}, none},
		},
		"pg_catalog": {
			"pg_namespace": {[]string{"i:oid", "t:nspname", "i:nspowner", "t:nspacl"}, pgNamespace},
			"pg_class": {[]string{"i:oid", "t:relname", "i:relnamespace", "i:reltype", "i:relowner", "i:relam", "f:reltuples", "b:relhasindex",
				"b:relisshared", "t:relpersistence", "t:relkind", "s:relnatts", "s:relchecks", "b:relhasrules", "b:relhastriggers", "b:relispartition",
				"b:relrowsecurity", "t:reloptions", "t:relacl"}, pgClass},
			"pg_attribute": {[]string{"i:attrelid", "t:attname", "i:atttypid", "s:attlen", "s:attnum", "s:atttypmod", "b:attnotnull", "b:atthasdef",
				"t:attidentity", "t:attgenerated", "b:attisdropped", "s:attndims", "i:attcollation"}, pgAttribute},
			"pg_attrdef": {[]string{"i:oid", "i:adrelid", "s:adnum", "t:adbin"}, none},
			"pg_type": {[]string{"i:oid", "t:typname", "i:typnamespace", "i:typowner", "s:typlen", "t:typtype", "t:typcategory", "b:typisdefined",
				"t:typdelim", "i:typrelid", "i:typelem", "i:typarray", "b:typnotnull", "i:typbasetype", "s:typtypmod", "i:typcollation", "t:typinput"}, pgTypes},
			"pg_database": {[]string{"i:oid", "t:datname", "i:datdba", "s:encoding", "b:datistemplate", "b:datallowconn", "t:datcollate", "t:datctype"},
				pgDatabase},
			"pg_settings": {[]string{"t:name", "t:setting", "t:unit", "t:category", "t:short_desc", "t:context", "t:vartype", "t:source"}, pgSettings},
			"pg_tables":   {[]string{"t:schemaname", "t:tablename", "t:tableowner", "t:tablespace", "b:hasindexes", "b:hasrules", "b:hastriggers"}, pgTables},
			"pg_views":    {[]string{"t:schemaname", "t:viewname", "t:viewowner", "t:definition"}, pgViews},
			"pg_roles": {[]string{"i:oid", "t:rolname", "b:rolsuper", "b:rolinherit", "b:rolcreaterole", "b:rolcreatedb", "b:rolcanlogin"},
				pgRoles},
			"pg_user":           {[]string{"t:usename", "i:usesysid", "b:usecreatedb", "b:usesuper"}, pgUser},
			"pg_description":    {[]string{"i:objoid", "i:classoid", "s:objsubid", "t:description"}, none},
			"pg_index":          {[]string{"i:indexrelid", "i:indrelid", "b:indisunique", "b:indisprimary", "t:indkey"}, none},
			"pg_constraint":     {[]string{"i:oid", "t:conname", "i:connamespace", "t:contype", "i:conrelid", "i:confrelid", "t:conkey", "t:confkey"}, none},
			"pg_proc":           {[]string{"i:oid", "t:proname", "i:pronamespace", "t:prokind"}, pgProc},
			"pg_range":          {[]string{"i:rngtypid", "i:rngsubtype", "i:rngmultitypid"}, none},
			"pg_collation":      {[]string{"i:oid", "t:collname", "i:collnamespace", "t:collprovider", "t:collcollate", "t:collctype"}, none},
			"pg_tablespace":     {[]string{"i:oid", "t:spcname", "i:spcowner"}, none},
			"pg_trigger":        {[]string{"i:oid", "i:tgrelid", "t:tgname", "i:tgfoid", "s:tgtype", "t:tgenabled", "b:tgisinternal"}, none},
			"pg_rewrite":        {[]string{"i:oid", "t:rulename", "i:ev_class", "t:ev_type"}, none},
			"pg_depend":         {[]string{"i:classid", "i:objid", "s:objsubid", "i:refclassid", "i:refobjid", "s:refobjsubid", "t:deptype"}, none},
			"pg_sequence":       {[]string{"i:seqrelid", "i:seqtypid", "i:seqstart", "i:seqincrement", "i:seqmax", "i:seqmin", "i:seqcache", "b:seqcycle"}, none},
			"pg_policy":         {[]string{"i:oid", "t:polname", "i:polrelid", "t:polcmd"}, none},
			"pg_language":       {[]string{"i:oid", "t:lanname", "i:lanowner"}, none},
			"pg_shdescription":  {[]string{"i:objoid", "i:classoid", "t:description"}, none},
			"pg_indexes":        {[]string{"t:schemaname", "t:tablename", "t:indexname", "t:tablespace", "t:indexdef"}, none},
			"pg_matviews":       {[]string{"t:schemaname", "t:matviewname", "t:matviewowner", "t:tablespace", "b:hasindexes", "b:ispopulated", "t:definition"}, none},
			"pg_sequences":      {[]string{"t:schemaname", "t:sequencename", "t:sequenceowner"}, none},
			"pg_locks":          {[]string{"t:locktype", "i:database", "i:relation", "s:pid", "t:mode", "b:granted"}, none},
			"pg_foreign_table":  {[]string{"i:ftrelid", "i:ftserver", "t:ftoptions"}, none},
			"pg_foreign_server": {[]string{"i:oid", "t:srvname", "i:srvowner"}, none},
			"pg_auth_members":   {[]string{"i:roleid", "i:member", "i:grantor", "b:admin_option"}, none},
			"pg_enum":           {[]string{"i:oid", "i:enumtypid", "f:enumsortorder", "t:enumlabel"}, none},
			"pg_am":             {[]string{"i:oid", "t:amname"}, none},
			"pg_inherits":       {[]string{"i:inhrelid", "i:inhparent", "s:inhseqno"}, none},
			"pg_extension":      {[]string{"i:oid", "t:extname", "t:extversion"}, none},
			"pg_stat_activity": {[]string{"i:datid", "t:datname", "s:pid", "t:usename", "t:application_name", "t:state", "t:query"},
				none},
		},
	}
}

// characterSets is the one encoding.
func characterSets(context.Context, *Session) ([][]any, error) {
	return [][]any{{DatabaseName, "pg_catalog", "UTF8", "C"}}, nil
}

func none(context.Context, *Session) ([][]any, error) { return nil, nil }

// owner is the one user's name and number.
const (
	owner    = "polybolos"
	ownerOID = 10
)

func schemata(_ context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, n := range s.allSchemas() {
		out = append(out, []any{DatabaseName, n, owner})
	}
	return out, nil
}

func informationTables(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range append(s.relations(ctx), s.systemRelations()...) {
		insertable := "NO"
		if r.table != nil && catalog.StoredOf(r.table) != nil {
			insertable = "YES"
		}
		out = append(out, []any{DatabaseName, r.schema, r.name, r.kind(), insertable, "NO"})
	}
	return out, nil
}

func informationViews(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range s.relations(ctx) {
		if r.view != nil {
			out = append(out, []any{DatabaseName, r.schema, r.name, r.view.SQL, "NONE", "NO"})
		}
	}
	return out, nil
}

func informationColumns(ctx context.Context, s *Session) ([][]any, error) {
	var out [][]any
	for _, r := range append(s.relations(ctx), s.systemRelations()...) {
		st := catalog.StoredOf(r.table)
		for i, f := range r.fields {
			null, updatable := "YES", "NO"
			if f.NotNull {
				null = "NO"
			}
			var def, length, octets any
			kind, udt := dataType(f.Type), pgTypeOf(f.Type).name
			if st != nil {
				if c := st.Columns[i]; c.Length > 0 {
					octets = 4 * c.Length
					length, kind, udt = c.Length, "character varying", "varchar"
					if c.Blanks {
						kind, udt = "character", "bpchar"
					}
				}
				updatable = "YES"
				if d := st.Columns[i].Default; d != "" {
					def = d
				}
			}
			precision, scale := numericShape(f.Type)
			out = append(out, []any{DatabaseName, r.schema, r.name, f.Name, i + 1, def, null, kind, length, precision, scale,
				udt, "NO", "NEVER", updatable, octets, radix(f.Type), timePrecision(f.Type), nil, DatabaseName, "pg_catalog", nil})
		}
	}
	return out, nil
}

// dataType is a type's name as information_schema gives it, without precision.
func dataType(t column.Type) string {
	switch t.Kind {
	case column.Decimal:
		return "numeric"
	case column.Timestamp:
		return "timestamp without time zone"
	case column.Time:
		return "time without time zone"
	case column.List:
		return "ARRAY"
	}
	return t.String()
}

// radix is the base that the precision of a number counts in.
func radix(t column.Type) any {
	switch {
	case t.Kind == column.Decimal:
		return 10
	case t.Kind.IsNumeric():
		return 2
	}
	return nil
}

// timePrecision is how many digits a fraction of a second has.
func timePrecision(t column.Type) any {
	switch t.Kind {
	case column.Date:
		return 0
	case column.Time, column.Timestamp, column.TimestampTZ, column.Interval:
		return 6
	}
	return nil
}

func numericShape(t column.Type) (precision, scale any) {
	switch t.Kind {
	case column.Decimal:
		return int(t.Precision), int(t.Scale)
	case column.Int8, column.Uint8:
		return 8, 0
	case column.Int16, column.Uint16:
		return 16, 0
	case column.Int32, column.Uint32:
		return 32, 0
	case column.Int64, column.Uint64:
		return 64, 0
	case column.Float32:
		return 24, nil
	case column.Float64:
		return 53, nil
	}
	return nil, nil
}
