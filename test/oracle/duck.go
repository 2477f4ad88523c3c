package oracle

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Engine answers SQL. Query runs one statement and returns its whole result;
// a statement without a result gives an Answer without columns. An error of the
// engine is an *EngineError.
type Engine interface {
	Query(ctx context.Context, sql string) (*Answer, error)
	Close() error
}

// EngineError is a statement's failure as the engine reported it. Code is the
// SQLSTATE, empty where the engine has none (DuckDB); Position the character of
// the statement, from 1, that the error is about, 0 where the engine does not say.
type EngineError struct {
	Code     string
	Message  string
	Position int
}

func (e *EngineError) Error() string { return e.Message }

// DuckDB is an in-memory DuckDB with one connection.
type DuckDB struct {
	db   *sql.DB
	conn *sql.Conn
}

// OpenDuckDB starts an empty in-memory database. Unsigned extensions may be
// loaded, because the TPC-H one is linked here (see BuildTPCH). The time zone is
// UTC.
func OpenDuckDB(ctx context.Context) (*DuckDB, error) {
	db, err := sql.Open("duckdb", "?allow_unsigned_extensions=true")
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to DuckDB: %w", err), db.Close())
	}
	d := &DuckDB{db: db, conn: conn}
	if _, err := d.Query(ctx, "SET TimeZone = 'UTC'"); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Close releases the connection and the database.
func (d *DuckDB) Close() error {
	return errors.Join(d.conn.Close(), d.db.Close())
}

// Query runs one statement.
func (d *DuckDB) Query(ctx context.Context, query string) (*Answer, error) {
	rows, err := d.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, duckError(err)
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, duckError(err)
	}
	answer := &Answer{Columns: make([]Column, len(types)), Rows: [][]*string{}}
	for i, t := range types {
		answer.Columns[i] = Column{Name: t.Name(), Type: duckType(t.DatabaseTypeName())}
	}
	cells := make([]any, len(types))
	targets := make([]any, len(types))
	for i := range cells {
		targets[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, duckError(err)
		}
		row := make([]*string, len(types))
		for i, v := range cells {
			if v == nil {
				continue
			}
			s, err := text(v, answer.Columns[i].Type)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", answer.Columns[i].Name, err)
			}
			row[i] = &s
		}
		answer.Rows = append(answer.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return nil, duckError(err)
	}
	return answer, nil
}

func duckError(err error) error {
	if e, ok := errors.AsType[*duckdb.Error](err); ok {
		return &EngineError{Message: e.Msg}
	}
	return &EngineError{Message: err.Error()}
}

// duckType turns DuckDB's type name into the canonical one.
func duckType(name string) string {
	switch name {
	case "TIMESTAMP WITH TIME ZONE":
		return "timestamptz"
	case "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return "timestamp"
	case "FLOAT":
		return "real"
	}
	return strings.ToLower(name)
}

// quote returns s as an SQL string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
