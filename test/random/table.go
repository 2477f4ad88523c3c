package random

import (
	"fmt"
	"regexp"
	"strings"
)

// Table is a table's columns and rows, each value an SQL literal.
type Table struct {
	Name    string
	Columns []Column
	Rows    [][]string
}

// Column is a column of a table.
type Column struct {
	Name string
	Type string // as in CREATE TABLE
	like Node   // the expression that refers to it, without a name
	make func(g *Generator) string
}

// wideTypes are PostgreSQL's types that hold the values of types that it lacks.
var wideTypes = map[string]string{"utinyint": "smallint", "usmallint": "integer", "uinteger": "bigint", "ubigint": "numeric(20,0)"}

// hexLiteral are bytes in the spelling that DuckDB lacks.
var hexLiteral = regexp.MustCompile(`decode\(('[0-9a-f]*'), 'hex'\)`)

// insertRows bounds the rows of one INSERT.
const insertRows = 1000

// Statements drop the table where it is, and make it.
func (t *Table) Statements(d Dialect) []string {
	defs := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		typ := c.Type
		if d == Postgres && wideTypes[typ] != "" {
			typ = wideTypes[typ]
		}
		defs[i] = c.Name + " " + typ
	}
	out := []string{"DROP TABLE IF EXISTS " + t.Name, "CREATE TABLE " + t.Name + " (" + strings.Join(defs, ", ") + ")"}
	for from := 0; from < len(t.Rows); from += insertRows {
		rows := t.Rows[from:min(len(t.Rows), from+insertRows)]
		values := make([]string, len(rows))
		for i, r := range rows {
			values[i] = "(" + strings.Join(r, ", ") + ")"
			if d == DuckDB {
				values[i] = hexLiteral.ReplaceAllString(values[i], "unhex($1)")
			}
		}
		out = append(out, "INSERT INTO "+t.Name+" VALUES "+strings.Join(values, ", "))
	}
	return out
}

// tableRows are the sizes of the tables t0, t1, …; that of the last is one of largeRows, around what batches and parts of them hold.
var (
	tableRows = []int{0, 1, 5, 16, 40, 2600}
	largeRows = []int{2600, 2600, 2047, 2048, 2049, 4095, 4096, 4097, 9000}
)

const (
	minInt32 = "(-2147483647 - 1)"
	minInt64 = "(-9223372036854775807 - 1)"
)

// pool is what columns are drawn from; every table has k.
var pool = []Column{
	{"k", "integer", Node{Kind: Integer, width: 4, bound: 12}, func(g *Generator) string { return fmt.Sprint(g.skewed(12) - 3) }},
	{"i", "integer", Node{Kind: Integer, width: 4, bound: 1000}, func(g *Generator) string { return fmt.Sprint(g.random.IntN(1000) - 200) }},
	{"x", "integer", Node{Kind: Integer, width: 4, bound: 1 << 31}, func(g *Generator) string {
		return g.pick("2147483647", minInt32, "0", "-1", "1", fmt.Sprint(g.random.Int32()))
	}},
	{"h", "smallint", Node{Kind: Integer, width: 2, bound: 100}, func(g *Generator) string { return fmt.Sprint(g.random.IntN(20) - 10) }},
	{"b", "bigint", Node{Kind: Integer, width: 8, bound: 1e10}, func(g *Generator) string { return fmt.Sprint(g.random.Int64N(9)*1_000_000_007 - 3) }},
	{"y", "bigint", Node{Kind: Integer, width: 8, bound: 1 << 63}, func(g *Generator) string {
		return g.pick("9223372036854775807", minInt64, "0", "-1", "7", fmt.Sprint(g.random.Int64()))
	}},
	{"d", "decimal(8,2)", Node{Kind: Decimal, precision: 8, scale: 2}, func(g *Generator) string {
		return fmt.Sprintf("%d.%02d", g.skewed(50)-20, 25*g.random.IntN(4))
	}},
	{"e", "decimal(15,4)", Node{Kind: Decimal, precision: 15, scale: 4}, func(g *Generator) string {
		return g.pick("99999999999.9999", "-99999999999.9999", "0.0001", "1.5000", fmt.Sprintf("%d.%04d", g.random.IntN(100000)-5000, g.random.IntN(10000)))
	}},
	{"c", "decimal(30,6)", Node{Kind: Decimal, precision: 30, scale: 6}, func(g *Generator) string {
		return g.pick("999999999999999999999999.999999", "-999999999999999999999999.999999", "0.000001", "1.5",
			fmt.Sprintf("%d%09d.%06d", g.random.Int32(), g.random.IntN(1e9), g.random.IntN(1e6)))
	}},
	{"z", "decimal(4,0)", Node{Kind: Decimal, precision: 4, scale: 0}, func(g *Generator) string { return fmt.Sprint(g.random.IntN(30) - 9) }},
	{"f", "double precision", Node{Kind: Double, bound: 1000}, func(g *Generator) string {
		return fmt.Sprintf("%d.%d", g.random.IntN(60)-20, 25*g.random.IntN(4))
	}},
	{"g", "double precision", Node{Kind: Double, bound: 1e308}, func(g *Generator) string {
		return "CAST('" + g.pick("1e300", "-1e300", "1e-300", "Infinity", "-Infinity", "NaN", "0", "-0", "1", "0.1", "1e308") + "' AS double precision)"
	}},
	{"s", "text", Node{Kind: Text, bound: 40}, func(g *Generator) string { return "'" + g.word() + "'" }},
	{"u", "text", Node{Kind: Text, bound: 8}, func(g *Generator) string { return g.pick("'a'", "'b'", "'c'") }},
	{"t", "date", Node{Kind: Date}, func(g *Generator) string { return g.day() }},
	{"w", "timestamp", Node{Kind: Timestamp}, func(g *Generator) string { return g.moment() }},
	{"p", "boolean", Node{Kind: Boolean}, func(g *Generator) string { return g.pick("true", "false") }},
	{"m", "decimal(18,3)", Node{Kind: Decimal, precision: 18, scale: 3}, func(g *Generator) string {
		return g.pick("999999999999999.999", "-999999999999999.999", "0.001", "-0.001", "0", fmt.Sprintf("%d.%03d", g.random.IntN(2000)-1000, g.random.IntN(1000)))
	}},
	// With six digits after the point, which is the most that others have, it has 38 digits.
	{"n", "decimal(32,0)", Node{Kind: Decimal, precision: 32, scale: 0}, func(g *Generator) string {
		return g.pick("99999999999999999999999999999999", "-99999999999999999999999999999999", "0", "1", "-1", fmt.Sprint(g.random.Int64()), fmt.Sprintf("%d%012d", g.random.Int64(), g.random.Int64N(1e12)))
	}},
	{"o", "uinteger", Node{Kind: Unsigned, width: 4, bound: 1 << 32}, func(g *Generator) string {
		return g.pick("4294967295", "2147483648", "0", "1", "2", fmt.Sprint(g.random.IntN(50)))
	}},
	{"oo", "ubigint", Node{Kind: Unsigned, width: 8, bound: 1 << 64}, func(g *Generator) string {
		return g.pick("18446744073709551615", "9223372036854775808", "0", "1", "3", fmt.Sprint(g.random.Uint64()))
	}},
	{"ot", "utinyint", Node{Kind: Unsigned, width: 1, bound: 255}, func(g *Generator) string { return g.pick("255", "128", "0", "1", fmt.Sprint(g.random.IntN(20))) }},
	{"v", "interval", Node{Kind: Interval}, func(g *Generator) string { return g.span() }},
	{"tm", "time", Node{Kind: Time}, func(g *Generator) string { return g.clock() }},
	{"l", "integer[]", Node{Kind: List}, func(g *Generator) string { return g.elements() }},
	{"a", "real", Node{Kind: Real, bound: 1000}, func(g *Generator) string { return fmt.Sprintf("%d.%d", g.random.IntN(60)-20, 25*g.random.IntN(4)) }},
	{"ax", "real", Node{Kind: Real, bound: 1e38}, func(g *Generator) string {
		return "CAST('" + g.pick("3.4028235e38", "-3.4028235e38", "1e-40", "Infinity", "-Infinity", "NaN", "0", "-0", "1", "0.1", "16777217") + "' AS real)"
	}},
	{"wz", "timestamptz", Node{Kind: Zoned}, func(g *Generator) string { return g.instant() }},
	{"id", "uuid", Node{Kind: UUID}, func(g *Generator) string { return "CAST('" + g.uuid() + "' AS uuid)" }},
	{"bb", "bytea", Node{Kind: Bytes}, func(g *Generator) string { return "decode('" + g.hex() + "', 'hex')" }},
	{"lt", "text[]", Node{Kind: Texts}, func(g *Generator) string { return g.words() }},
	{"nn", fmt.Sprintf("decimal(38,%d)", hugeScale), Node{Kind: Huge}, func(g *Generator) string { return g.hugeNumber() }},
	{"tx", "date", Node{Kind: Date}, func(g *Generator) string {
		return "date '" + g.pick("0001-01-01", "9999-12-31", "1582-10-15", "1900-02-28", "2000-02-29", "1970-01-01", "1969-12-31", "0004-02-29") + "'"
	}},
	{"wx", "timestamp", Node{Kind: Timestamp}, func(g *Generator) string {
		return "timestamp '" + g.pick("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999", "1970-01-01 00:00:00", "2000-02-29 12:00:00", "1582-10-04 23:59:59") + "'"
	}},
	{"os", "usmallint", Node{Kind: Unsigned, width: 2, bound: 65535}, func(g *Generator) string { return g.pick("65535", "32768", "0", "1", fmt.Sprint(g.random.IntN(20))) }},
	{"sl", "text", Node{Kind: Text, bound: 10000}, func(g *Generator) string {
		return g.pick("'a'", "'b'", "repeat('ab', 2000)", "repeat('naïve', 700)", "repeat('ab', 2001)", fmt.Sprintf("repeat('x', %d)", g.random.IntN(300)))
	}},
	{"q", "boolean", Node{Kind: Boolean}, func(g *Generator) string { return g.pick("true", "true", "true", "false") }},
}

// Tables makes the tables of a round.
func (g *Generator) Tables() []*Table {
	g.tables = nil
	for n, rows := range tableRows {
		if n == len(tableRows)-1 {
			rows = largeRows[g.random.IntN(len(largeRows))]
		}
		t := &Table{Name: fmt.Sprintf("t%d", n)}
		for i, c := range pool {
			if i == 0 || g.chance(50) {
				t.Columns = append(t.Columns, c)
			}
		}
		nulls := make([]int, len(t.Columns)) // percent of NULLs
		for i := range nulls {
			nulls[i] = []int{0, 5, 15, 15, 40, 40, 100}[g.skewed(7)]
		}
		same := make([]string, len(t.Columns)) // the one value of a column that has no other
		for i, c := range t.Columns {
			if i > 0 && g.chance(6) {
				same[i] = c.make(g)
			}
		}
		for range rows {
			row := make([]string, len(t.Columns))
			for i, c := range t.Columns {
				if g.chance(nulls[i]) {
					row[i] = "NULL"
				} else if row[i] = same[i]; row[i] == "" {
					row[i] = c.make(g)
				}
			}
			t.Rows = append(t.Rows, row)
			if g.chance(10) && len(t.Rows) < rows {
				t.Rows[len(t.Rows)-1] = t.Rows[g.random.IntN(len(t.Rows))]
			}
		}
		g.tables = append(g.tables, t)
	}
	return g.tables
}

// skewed is below n, and small numbers are more frequent.
func (g *Generator) skewed(n int) int { return min(g.random.IntN(n), g.random.IntN(n)) }

func (g *Generator) word() string {
	return g.pick("", "a", "b", "ab", "abc", "Abc", "B", " a ", "naïve", "日本語", "é", "ßtraße", "😀x", "a%b", "a_b", "exactly12byt", "thirteen byte",
		"long enough to leave the view", "long enough to leave the page", fmt.Sprint(g.random.IntN(100)))
}

// span is an interval whose parts do not compare as equal to others: days stay below a month, hours below a day.
func (g *Generator) span() string {
	return "interval '" + g.pick("1 month", "-1 month", "2 years 3 months", "1 day", "-5 days", "12 hours", "00:00:00.5", "3 months 4 days 05:06:07", "0 days", "90 seconds") + "'"
}

func (g *Generator) clock() string {
	return fmt.Sprintf("time '%02d:%02d:%02d%s'", g.pick2(0, g.random.IntN(24)), g.pick2(0, g.random.IntN(60)), g.random.IntN(60), g.pick("", "", ".25", ".999999"))
}

func (g *Generator) elements() string {
	items := make([]string, g.skewed(6))
	for i := range items {
		items[i] = g.pick("1", "2", "3", "7", "-1", "NULL", fmt.Sprint(g.random.IntN(100)))
	}
	return "CAST(ARRAY[" + strings.Join(items, ", ") + "] AS integer[])"
}

func (g *Generator) day() string {
	return fmt.Sprintf("date '%s-%02d-%02d'", g.pick("1992", "1993", "1996", "2000", "1969"), 1+g.random.IntN(12), 1+g.random.IntN(28))
}

func (g *Generator) moment() string {
	return fmt.Sprintf("timestamp '%s-%02d-%02d %02d:%02d:%02d%s'", g.pick("1992", "1993", "1996", "1969"), 1+g.random.IntN(12), 1+g.random.IntN(28),
		g.pick2(0, g.random.IntN(24)), g.pick2(0, g.random.IntN(60)), g.pick2(0, g.random.IntN(60)), g.pick("", "", ".5", ".123456"))
}

// hugeScale is the digits after the point of a Huge.
const hugeScale = 10

func (g *Generator) hugeNumber() string {
	return g.pick("9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999", "0", "1.5", "-0.0000000001", "7",
		fmt.Sprintf("%d.%010d", g.random.Int64()-1<<62, g.random.Int64N(1e10)), fmt.Sprintf("%d%09d.5", g.random.Int64(), g.random.Int64N(1e9)))
}

// instant is a time with a time zone, often beside a change of the clocks in one of the sessions' zones.
func (g *Generator) instant() string {
	day := g.pick("1993-03-28", "1996-10-27", "1993-04-04", "1996-10-26", "1993-06-15", "2000-02-29",
		fmt.Sprintf("%s-%02d-%02d", g.pick("1992", "1993", "1996", "1970", "2021"), 1+g.random.IntN(12), 1+g.random.IntN(28)))
	return fmt.Sprintf("timestamptz '%s %02d:%02d:%02d%s%s'", day, g.random.IntN(24), 15*g.random.IntN(4), g.pick2(0, g.random.IntN(60)), g.pick("", "", ".5", ".123456"),
		g.pick("+00", "+00", "+02", "-05", "+05:30", "+10:30"))
}

// uuid is mostly one of few.
func (g *Generator) uuid() string {
	if g.chance(70) {
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", []uint32{0, 1, 1 << 31, 1<<32 - 1}[g.random.IntN(4)], g.random.IntN(3))
	}
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", g.random.Uint32(), g.random.IntN(1<<16), g.random.IntN(1<<12), g.random.IntN(1<<12), g.random.Int64N(1<<48))
}

// hex are bytes as hexadecimal digits.
func (g *Generator) hex() string {
	return g.pick("", "00", "ff", "0000", "61", "616263", "00ff00", "deadbeef", "0102030405060708090a0b0c0d", fmt.Sprintf("%04x", g.random.IntN(1<<16)))
}

// words is a list of texts.
func (g *Generator) words() string {
	items := make([]string, g.skewed(5))
	for i := range items {
		items[i] = g.pick("'a'", "'b'", "'ab'", "''", "NULL", "'"+g.word()+"'")
	}
	return "CAST(ARRAY[" + strings.Join(items, ", ") + "] AS text[])"
}

// zone is a time zone of AT TIME ZONE.
func (g *Generator) zone() string {
	return g.pick("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
}
