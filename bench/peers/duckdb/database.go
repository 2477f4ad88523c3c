package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

var tables = []string{"region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"}

// database is an in-memory DuckDB with one connection and a view over each table's files.
type database struct {
	db   *sql.DB
	conn *sql.Conn
}

func open(ctx context.Context, data string, threads int, memory int64) (*database, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	d := &database{db, conn}
	// Footers may be kept, as the engine that DuckDB is compared with keeps them; contents of files may not.
	statements := []string{"SET TimeZone = 'UTC'", "SET parquet_metadata_cache = true", "SET enable_external_file_cache = false"}
	if threads > 0 {
		statements = append(statements, fmt.Sprintf("SET threads = %d", threads))
	}
	if memory > 0 {
		statements = append(statements, fmt.Sprintf("SET memory_limit = '%dB'", memory))
	}
	for _, t := range tables {
		pattern := filepath.Join(data, t+".parquet")
		if _, err := os.Stat(pattern); err != nil {
			pattern = filepath.Join(data, t, "*.parquet")
		}
		statements = append(statements, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM read_parquet('%s')", t, strings.ReplaceAll(pattern, "'", "''")))
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", s, err), d.close())
		}
	}
	return d, nil
}

func (d *database) close() error { return errors.Join(d.conn.Close(), d.db.Close()) }

func (d *database) version(ctx context.Context) (v string, err error) {
	err = d.conn.QueryRowContext(ctx, "SELECT library_version FROM pragma_version()").Scan(&v)
	return v, err
}

// query runs one query. The driver asks DuckDB for a materialized result, so the clock stops when all rows lie in memory in DuckDB's own columns.
func (d *database) query(ctx context.Context, text string) (result, error) {
	start := time.Now()
	rows, err := d.conn.QueryContext(ctx, text)
	seconds := time.Since(start).Seconds()
	if err != nil {
		return result{}, err
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return result{}, err
	}
	r := result{Seconds: seconds}
	cells, targets := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		targets[i] = &cells[i]
		r.Columns = append(r.Columns, column{t.Name(), strings.ToLower(t.DatabaseTypeName())})
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return result{}, err
		}
		row := make([]*string, len(cells))
		for i, v := range cells {
			if v != nil {
				s := cell(v, r.Columns[i].Type)
				row[i] = &s
			}
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}

// cell is a value as text.
func cell(v any, typ string) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case *big.Int:
		return x.String()
	case duckdb.Decimal:
		return decimal(x.Value, int(x.Scale))
	case time.Time:
		if typ == "date" {
			return x.Format("2006-01-02")
		}
		return x.Format("2006-01-02 15:04:05.999999")
	}
	return fmt.Sprint(v)
}

// decimal is unscaled / 10^scale with all its digits.
func decimal(unscaled *big.Int, scale int) string {
	digits := fmt.Sprintf("%0*s", scale+1, new(big.Int).Abs(unscaled))
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}
