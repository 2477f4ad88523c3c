package oracle

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres is a connection to a PostgreSQL server. All work happens in a schema
// of its own that Close drops.
type Postgres struct {
	conn   *pgconn.PgConn
	schema string
}

// OpenPostgres connects to url (postgres://user@host:port/database) and makes
// the schema.
func OpenPostgres(ctx context.Context, url string) (*Postgres, error) {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	p := &Postgres{conn: conn, schema: fmt.Sprintf("oracle_%d", conn.PID())}
	setup := fmt.Sprintf("CREATE SCHEMA %s; SET search_path = %s; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "+
		"SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET client_min_messages = 'error'",
		p.schema, p.schema)
	if _, err := p.Query(ctx, setup); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return p, nil
}

// Close drops the schema and ends the connection.
func (p *Postgres) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := p.Query(ctx, "DROP SCHEMA "+p.schema+" CASCADE")
	return errors.Join(err, p.conn.Close(ctx))
}

// Query runs one statement, or several separated by semicolons, and returns the
// last result.
func (p *Postgres) Query(ctx context.Context, query string) (*Answer, error) {
	results := p.conn.Exec(ctx, query)
	answer := &Answer{Columns: []Column{}, Rows: [][]*string{}}
	for results.NextResult() {
		reader := results.ResultReader()
		answer = &Answer{Columns: []Column{}, Rows: [][]*string{}}
		for _, f := range reader.FieldDescriptions() {
			answer.Columns = append(answer.Columns, Column{Name: f.Name, Type: postgresType(f.DataTypeOID, f.TypeModifier)})
		}
		for reader.NextRow() {
			answer.Rows = append(answer.Rows, postgresRow(reader.Values(), answer.Columns))
		}
	}
	if err := results.Close(); err != nil {
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			return nil, &EngineError{Code: e.Code, Message: e.Message, Position: int(e.Position)}
		}
		return nil, err
	}
	return answer, nil
}

func postgresRow(cells [][]byte, columns []Column) []*string {
	row := make([]*string, len(cells))
	for i, c := range cells {
		if c != nil {
			s := postgresText(string(c), columns[i].Type)
			row[i] = &s
		}
	}
	return row
}

// postgresText turns PostgreSQL's output text into the canonical one.
func postgresText(s, typ string) string {
	switch typ {
	case "boolean":
		if s == "t" {
			return "true"
		}
		return "false"
	case "real":
		if f, err := strconv.ParseFloat(s, 32); err == nil {
			return floatText(f, 32)
		}
	case "double":
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return floatText(f, 64)
		}
	}
	if element, ok := strings.CutSuffix(typ, "[]"); ok {
		text, _ := arrayText(s, element)
		return text
	}
	return s
}

// arrayText turns PostgreSQL's text of an array, such as {1,NULL,"a b"}, into the canonical one and returns it with what follows the array.
func arrayText(s, element string) (text, rest string) {
	if _, bounds, ok := strings.Cut(s, "={"); ok && strings.HasPrefix(s, "[") {
		s = "{" + bounds // the first index is not told
	}
	if !strings.HasPrefix(s, "{") {
		return s, ""
	}
	s = s[1:]
	var parts []string
	for s != "" && s[0] != '}' {
		var part string
		switch s[0] {
		case ',':
			s = s[1:]
			continue
		case '{':
			part, s = arrayText(s, element)
		case '"':
			part, s = quotedElement(s[1:])
			part = postgresText(part, element)
		default:
			end := strings.IndexAny(s, ",}")
			if end < 0 {
				end = len(s)
			}
			part, s = s[:end], s[end:]
			if part != "NULL" {
				part = postgresText(part, element)
			}
		}
		parts = append(parts, part)
	}
	return "[" + strings.Join(parts, ", ") + "]", strings.TrimPrefix(s, "}")
}

// quotedElement reads an element up to its closing quote.
func quotedElement(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// postgresType names the type with the given object identifier. The numbers are
// fixed in PostgreSQL's pg_type catalog.
func postgresType(oid uint32, modifier int32) string {
	switch oid {
	case 16:
		return "boolean"
	case 17:
		return "blob"
	case 20:
		return "bigint"
	case 21:
		return "smallint"
	case 23:
		return "integer"
	case 700:
		return "real"
	case 701:
		return "double"
	case 1082:
		return "date"
	case 1083:
		return "time"
	case 1114:
		return "timestamp"
	case 1184:
		return "timestamptz"
	case 1186:
		return "interval"
	case 1700:
		if modifier < 4 {
			return "decimal"
		}
		return fmt.Sprintf("decimal(%d,%d)", (modifier-4)>>16, (modifier-4)&0x7ff)
	case 2950:
		return "uuid"
	case 1000:
		return "boolean[]"
	case 1005:
		return "smallint[]"
	case 1007:
		return "integer[]"
	case 1016:
		return "bigint[]"
	case 1009, 1015:
		return "varchar[]"
	case 1021:
		return "real[]"
	case 1022:
		return "double[]"
	case 1115:
		return "timestamp[]"
	case 1182:
		return "date[]"
	case 1231:
		return "decimal[]"
	}
	return "varchar"
}
