package convert

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

var names = map[string]column.Type{
	"bool": column.T(column.Bool), "smallint": column.T(column.Int16), "int": column.T(column.Int32), "bigint": column.T(column.Int64),
	"real": column.T(column.Float32), "float8": column.T(column.Float64), "numeric(5,2)": column.DecimalType(5, 2), "numeric(38,0)": column.DecimalType(38, 0),
	"date": column.T(column.Date), "time": column.T(column.Time), "timestamp": column.T(column.Timestamp), "timestamptz": column.T(column.TimestampTZ),
	"interval": column.T(column.Interval), "uuid": column.T(column.UUID), "bytea": column.T(column.Binary), "text": column.T(column.Text),
}

// The texts and what PostgreSQL 15 makes of them: the value printed again, or the SQLSTATE after an exclamation mark.
var texts = []struct{ to, text, want string }{
	{"bool", "t", "true"}, {"bool", " YES ", "true"}, {"bool", "of", "false"}, {"bool", "o", "!22P02"}, {"bool", "1", "true"}, {"bool", "2", "!22P02"}, {"bool", "", "!22P02"},
	{"int", " 42 ", "42"}, {"int", "-2147483648", "-2147483648"}, {"int", "2147483648", "!22003"}, {"int", "1.5", "!22P02"}, {"int", "", "!22P02"}, {"int", "+7", "7"},
	{"int", "99999999999999999999999", "!22003"}, {"bigint", "9223372036854775807", "9223372036854775807"}, {"bigint", "9223372036854775808", "!22003"}, {"smallint", "-32769", "!22003"},
	{"float8", "1e3", "1000"}, {"float8", "-Infinity", "-Infinity"}, {"float8", "nan", "NaN"}, {"float8", "1e400", "!22003"}, {"float8", "x", "!22P02"}, {"float8", "1_0", "!22P02"}, {"real", "3.4e39", "!22003"},
	{"numeric(5,2)", "1.005", "1.01"}, {"numeric(5,2)", "-1.005", "-1.01"}, {"numeric(5,2)", "999.994", "999.99"}, {"numeric(5,2)", "999.995", "!22003"}, {"numeric(5,2)", "1e2", "100.00"},
	{"numeric(5,2)", "12e-1", "1.20"}, {"numeric(5,2)", ".5", "0.50"}, {"numeric(5,2)", "5.", "5.00"}, {"numeric(5,2)", ".", "!22P02"}, {"numeric(5,2)", "1e", "!22P02"}, {"numeric(5,2)", "abc", "!22P02"},
	{"numeric(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"}, {"numeric(38,0)", "1e38", "!22003"}, {"numeric(5,2)", "0e999", "0.00"},
	{"date", "2024-02-29", "2024-02-29"}, {"date", "2023-02-29", "!22008"}, {"date", "2024-13-01", "!22008"}, {"date", "20240131", "2024-01-31"}, {"date", "0044-03-15 BC", "0044-03-15 BC"},
	{"date", "2024/1/5", "2024-01-05"}, {"date", "January 8, 1999", "1999-01-08"}, {"date", "hello", "!22007"}, {"date", "", "!22007"}, {"date", "2024-01-05 10:00", "2024-01-05"},
	{"time", "04:05:06.789", "04:05:06.789"}, {"time", "04:05 PM", "16:05:00"}, {"time", "25:00", "!22008"}, {"time", "x", "!22007"}, {"time", "23:59:59.9999999", "24:00:00"},
	{"timestamp", "2024-02-29T12:34:56.789", "2024-02-29 12:34:56.789"}, {"timestamp", "2024-02-29", "2024-02-29 00:00:00"}, {"timestamp", "2024-02-29 12:00+05", "2024-02-29 12:00:00"},
	{"timestamptz", "2024-02-29 12:00+05", "2024-02-29 07:00:00+00"}, {"timestamptz", "2024-02-29 12:00Z", "2024-02-29 12:00:00+00"}, {"timestamptz", "2024-02-29 12:00-03:30", "2024-02-29 15:30:00+00"},
	{"timestamp", "infinity", "infinity"}, {"timestamp", "2024-02-29 12:61", "!22008"}, {"timestamp", "2024-02-30 12:00", "!22008"}, {"timestamp", "epoch", "1970-01-01 00:00:00"}, {"timestamp", "abc", "!22007"},
	{"interval", "3 months", "3 mons"}, {"interval", "1 year 2 mons", "1 year 2 mons"}, {"interval", "1 day 02:03:04", "1 day 02:03:04"}, {"interval", "1.5 days", "1 day 12:00:00"},
	{"interval", "2 weeks", "14 days"}, {"interval", "P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"}, {"interval", "1-6", "1 year 6 mons"}, {"interval", "90", "00:01:30"},
	{"interval", "-1 hour", "-01:00:00"}, {"interval", "@ 1 minute ago", "-00:01:00"}, {"interval", "3 4:05", "3 days 04:05:00"}, {"interval", "1 fortnight", "!22007"}, {"interval", "", "!22007"},
	{"interval", "99999999999 years", "!22015"}, {"interval", "0.1 months", "3 days"}, {"interval", "1 decade", "10 years"},
	{"uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"uuid", "a0ee", "!22P02"}, {"bytea", `\xDEAD`, `\xdead`}, {"bytea", `a\001b`, `\x610162`}, {"bytea", `\xD`, "!22023"},
}

func TestTextsReadAsInPostgreSQL(t *testing.T) {
	for _, c := range texts {
		v, err := Text([]byte(c.text), names[c.to])
		got := v.String()
		if err != nil {
			got = "!" + string(fault.CodeOf(err))
		}
		if got != c.want {
			t.Errorf("%s %q reads as %s, want %s (%v)", c.to, c.text, got, c.want, err)
		}
	}
}

func TestValuesConvert(t *testing.T) {
	for _, c := range []struct{ from, text, to, want string }{
		{"float8", "2.5", "int", "2"}, {"float8", "3.5", "int", "4"}, {"numeric(5,2)", "2.50", "int", "3"}, {"numeric(5,2)", "-2.50", "int", "-3"},
		{"float8", "1e10", "int", "!22003"}, {"float8", "nan", "int", "!22003"}, {"bigint", "3000000000", "int", "!22003"}, {"int", "1000", "numeric(5,2)", "!22003"},
		{"float8", "0.1", "numeric(5,2)", "0.10"}, {"float8", "2.675", "numeric(5,2)", "2.68"}, {"float8", "1e300", "real", "!22003"}, {"int", "0", "bool", "false"}, {"bool", "t", "int", "1"},
		{"date", "2024-01-05", "timestamp", "2024-01-05 00:00:00"}, {"timestamp", "1969-12-31 23:00", "date", "1969-12-31"}, {"timestamp", "infinity", "date", "infinity"}, {"date", "-infinity", "timestamp", "-infinity"}, {"timestamp", "-infinity", "time", "!22008"},
		{"timestamp", "2024-01-05 10:20", "time", "10:20:00"}, {"interval", "25 hours", "time", "01:00:00"}, {"time", "10:20", "interval", "10:20:00"}, {"date", "2024-01-05", "int", "!42846"},
		{"bool", "t", "text", "true"}, {"bool", "t", "float8", "!42846"}, {"float8", "1e20", "bigint", "!22003"}, {"float8", "9223372036854775807", "bigint", "!22003"},
	} {
		v, err := Text([]byte(c.text), names[c.from])
		if err != nil {
			t.Fatal(err)
		}
		w, err := Value(v, names[c.to])
		got := w.String()
		if err != nil {
			got = "!" + string(fault.CodeOf(err))
		}
		if got != c.want {
			t.Errorf("%s %q as %s is %s, want %s (%v)", c.from, c.text, c.to, got, c.want, err)
		}
	}
}

func TestEveryDecimalReadsBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		p := 1 + r.IntN(38)
		typ := column.DecimalType(p, r.IntN(p+1))
		limit := column.Pow10(p).Big()
		v := new(big.Int).Rem(column.Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}.Big(), limit)
		d, _ := column.Int128FromBig(v)
		text := column.Value{Type: typ, Int: d}.String()
		if got, err := ParseDecimal([]byte(text), typ); err != nil || got != d {
			t.Fatalf("%s as %s reads as %v (%v)", text, typ, got, err)
		}
	}
}

func TestEveryDayReadsBack(t *testing.T) {
	for day := int32(-2440550); day < 3_000_000; day += 97 {
		if got, err := ParseDate([]byte(column.FormatDate(day))); err != nil || got != day {
			t.Fatalf("day %d prints as %s and reads as %d (%v)", day, column.FormatDate(day), got, err)
		}
	}
}

func FuzzTextNeverPanics(f *testing.F) {
	for _, c := range texts {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, typ := range names {
			v, err := Text([]byte(s), typ)
			if err != nil || typ.Kind.IsFloat() || typ.Kind == column.Interval || typ.Kind == column.TimestampTZ {
				continue
			}
			// What reads must print as something that reads as the same.
			w, err := Text([]byte(v.String()), typ)
			if err != nil || w.Int != v.Int || w.Str != v.Str && typ.Kind != column.Binary {
				t.Errorf("%s %q is %s, which reads as %s (%v)", name, s, v, w, err)
			}
		}
	})
}
