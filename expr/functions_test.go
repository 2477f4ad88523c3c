package expr

import (
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// arg makes a literal of a compact notation: 12 (integer), 3000000000 (bigint), 1.5 (numeric), 'text' (untyped), NULL, true, or type:text (typed).
func arg(t *testing.T, s string) Expr {
	t.Helper()
	types := map[string]column.Type{
		"text": tText, "date": tDate, "time": tTime, "timestamp": tTimestamp, "timestamptz": tTZ, "interval": tInterval, "float8": tFloat64,
		"float4": tFloat32, "int": tInt32, "bigint": tInt64, "smallint": column.T(column.Int16), "bool": tBool, "bytea": tBinary,
		"tinyint": column.T(column.Int8), "ubigint": column.T(column.Uint64), "uuid": column.T(column.UUID),
	}
	switch {
	case s == "NULL":
		return &Literal{Value: column.NullValue(column.T(column.Null)), Untyped: true}
	case s == "true" || s == "false":
		return &Literal{Value: column.BoolValue(s == "true")}
	case strings.HasPrefix(s, "'"):
		return &Literal{Value: column.TextValue(strings.Trim(s, "'")), Untyped: true}
	}
	if kind, text, ok := strings.Cut(s, ":"); ok && types[kind].Kind != column.Null {
		if text == "NULL" {
			return &Literal{Value: column.NullValue(types[kind])}
		}
		v, err := convert.Text([]byte(text), types[kind])
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return &Literal{Value: v}
	}
	if strings.ContainsAny(s, ".") {
		v, ok := convert.LiteralDecimal(s)
		if !ok {
			t.Fatalf("no decimal: %s", s)
		}
		return &Literal{Value: v}
	}
	if v, err := convert.Text([]byte(s), tInt32); err == nil {
		return &Literal{Value: v}
	}
	v, err := convert.Text([]byte(s), tInt64)
	if err != nil {
		t.Fatal(err)
	}
	return &Literal{Value: v}
}

// call evaluates name(args...) where the arguments are separated by |.
func call(t *testing.T, name, args string) (column.Value, error) {
	t.Helper()
	var as []Expr
	if args != "" {
		for _, a := range strings.Split(args, "|") {
			as = append(as, arg(t, a))
		}
	}
	e, err := NewCall(name, as)
	if err != nil {
		return column.Value{}, err
	}
	return Evaluate(e)
}

type functionCase struct{ name, args, want string }

// check compares results, printed as PostgreSQL prints them, and errors, written as their SQLSTATE after an exclamation mark.
func check(t *testing.T, cases []functionCase) {
	t.Helper()
	for _, c := range cases {
		got, err := call(t, c.name, c.args)
		s := got.String()
		if err != nil {
			s = "!" + string(fault.CodeOf(err))
		}
		if s != c.want {
			t.Errorf("%s(%s) = %s, want %s (%v)", c.name, c.args, s, c.want, err)
		}
	}
}

func TestArithmetic(t *testing.T) {
	check(t, []functionCase{
		{"+", "1|2", "3"}, {"+", "2147483647|1", "!22003"}, {"+", "2147483647|bigint:1", "2147483648"},
		{"-", "bigint:-9223372036854775808|1", "!22003"}, {"*", "65536|65536", "!22003"}, {"*", "3000000000|3000000000", "9000000000000000000"},
		{"*", "3037000500|3037000500", "!22003"}, {"/", "7|2", "3"}, {"/", "-7|2", "-3"}, {"%", "-7|3", "-1"}, {"%", "7|-3", "1"},
		{"/", "1|0", "!22012"}, {"%", "1|0", "!22012"}, {"/", "int:-2147483648|-1", "!22003"}, {"%", "int:-2147483648|-1", "0"},
		{"+", "1.5|2", "3.5"}, {"+", "1.50|2.255", "3.755"}, {"-", "1|0.06", "0.94"}, {"*", "1.5|1.25", "1.875"}, {"/", "1.0|3", "0.3333333333333333"},
		{"/", "2.0|3", "0.6666666666666667"}, {"/", "-2.0|3", "-0.6666666666666667"}, {"/", "1.0|0", "!22012"}, {"%", "7.5|2", "1.5"}, {"%", "-7.5|2", "-1.5"},
		{"+", "float8:0.1|float8:0.2", "0.30000000000000004"}, {"/", "float8:1|float8:0", "!22012"}, {"*", "float8:1e300|float8:1e300", "!22003"},
		{"+", "float8:1.5|1", "2.5"}, {"*", "float8:2|1.5", "3"}, {"+", "float8:NaN|1", "NaN"}, {"+", "float8:Infinity|1", "Infinity"},
		{"*", "99999999999999999999999999999999999999.|10", "!22003"}, {"+", "99999999999999999999999999999999999999.|1", "!22003"},
		{"*", "12345678901234567890.123456789|98765432109876543210.987654321", "!22003"},
		{"*", "1234567890.123456789123|987654321.987654321123", "1219326312467611632.6342539222023019355"},
		{"-", "5", "-5"}, {"-", "int:-2147483648", "!22003"}, {"-", "1.5", "-1.5"}, {"abs", "-5", "5"}, {"abs", "-1.5", "1.5"}, {"@", "-2", "2"},
		{"+", "smallint:32767|smallint:1", "!22003"}, {"+", "tinyint:100|tinyint:27", "127"}, {"*", "smallint:200|100", "20000"},
		{"+", "ubigint:18446744073709551615|ubigint:1", "!22003"}, {"+", "ubigint:1|1", "2"}, {"+", "1|'2'", "3"}, {"+", "1|'x'", "!22P02"},
		{"+", "NULL|1", "NULL"}, {"/", "NULL|0", "NULL"}, {"+", "text:a|1", "!42883"}, {"+", "true|1", "!42883"}, {"mod", "10|3", "1"},
		{"&", "12|10", "8"}, {"#", "12|10", "6"}, {"<<", "1|4", "16"}, {">>", "-16|2", "-4"}, {"^", "2|10", "1024"},
	})
}

func TestNumericFunctions(t *testing.T) {
	check(t, []functionCase{
		{"ceil", "1.2", "2"}, {"ceil", "-1.2", "-1"}, {"ceiling", "float8:1.2", "2"}, {"floor", "-1.2", "-2"}, {"floor", "float8:-1.5", "-2"},
		{"round", "2.5", "3"}, {"round", "-2.5", "-3"}, {"round", "float8:2.5", "2"}, {"round", "1.2345|2", "1.23"}, {"round", "1.235|2", "1.24"},
		{"round", "1234.5|-2", "1200"}, {"round", "999.99|1", "1000.0"}, {"round", "5", "5"}, {"trunc", "1.99", "1"}, {"trunc", "-1.99|1", "-1.9"},
		{"trunc", "float8:-1.99", "-1"}, {"sign", "-3.5", "-1"}, {"sign", "0", "0"}, {"sqrt", "2", "1.4142135623730951"}, {"sqrt", "-1", "!2201F"},
		{"cbrt", "27", "3"}, {"exp", "1", "2.718281828459045"}, {"exp", "1000", "!22003"}, {"ln", "0", "!2201E"}, {"ln", "2", "0.6931471805599453"},
		{"log", "100", "2"}, {"log", "2|8", "3"}, {"log10", "1000", "3"}, {"power", "2|10", "1024"}, {"pow", "0|-1", "!2201F"}, {"power", "-2|0.5", "!2201F"},
		{"power", "10|400", "!22003"}, {"gcd", "12|18", "6"}, {"lcm", "4|6", "12"}, {"pi", "", "3.141592653589793"}, {"degrees", "float8:3.141592653589793", "180"},
		{"radians", "180", "3.141592653589793"}, {"atan2", "1|1", "0.7853981633974483"}, {"asin", "2", "!22003"}, {"sin", "0", "0"},
		{"greatest", "1|3|2", "3"}, {"least", "1|NULL|0.5", "0.5"}, {"greatest", "NULL|NULL", "NULL"}, {"greatest", "text:a|text:b", "b"},
		{"least", "date:2024-01-02|date:2024-01-01", "2024-01-01"}, {"greatest", "1|text:a", "!42804"},
		{"nullif", "1|1", "NULL"}, {"nullif", "1|2", "1"}, {"coalesce", "NULL|2|3", "2"}, {"coalesce", "NULL|1.5|2", "1.5"}, {"coalesce", "text:a|1", "!42804"},
		{"if", "true|1|2", "1"}, {"to_hex", "255", "ff"}, {"to_hex", "-1", "ffffffff"}, {"round", "text:1.5", "!42883"}, {"rounds", "1.5", "!42883"},
	})
}

func TestTextFunctions(t *testing.T) {
	check(t, []functionCase{
		{"length", "'äöü'", "3"}, {"octet_length", "text:äöü", "6"}, {"upper", "'straße ä'", "STRAßE Ä"}, {"lower", "'ÄB'", "äb"},
		{"trim", "'  a b '", "a b"}, {"ltrim", "'xxya'|'xy'", "a"}, {"rtrim", "'ab  '", "ab"}, {"btrim", "'xyaxy'|'xy'", "a"},
		{"substring", "'abcdef'|2|3", "bcd"}, {"substring", "'abcdef'|-1|4", "ab"}, {"substr", "'äbc'|2", "bc"}, {"substring", "'abc'|2|-1", "!22011"},
		{"substring", "'abc'|0", "abc"}, {"substring", "'abc'|10", ""}, {"substring", "'abc'|2|2147483647", "bc"}, {"substring", "'foobar'|'o(.)b'", "o"},
		{"left", "'abc'|2", "ab"}, {"left", "'abc'|-1", "ab"}, {"right", "'abc'|2", "bc"}, {"right", "'abc'|-1", "bc"}, {"left", "'abc'|-5", ""},
		{"lpad", "'7'|3|'0'", "007"}, {"lpad", "'abcd'|2", "ab"}, {"rpad", "'a'|4|'xy'", "axyx"}, {"repeat", "'ab'|3", "ababab"}, {"repeat", "'ab'|-1", ""},
		{"repeat", "'abc'|2000000000", "!54000"}, {"replace", "'aXbX'|'X'|'--'", "a--b--"}, {"reverse", "'aäb'", "bäa"}, {"strpos", "'äbc'|'c'", "3"},
		{"position", "'abc'|'z'", "0"}, {"concat", "'a'|NULL|1|true|1.50", "a1t1.50"}, {"concat_ws", "','|'a'|NULL|2", "a,2"}, {"concat", "NULL", ""},
		{"||", "'a'|'b'", "ab"}, {"||", "text:a|1", "a1"}, {"||", "1|text:a", "1a"}, {"||", "text:a|NULL", "NULL"}, {"||", "1|2", "!42883"},
		{"starts_with", "'abc'|'ab'", "true"}, {"ends_with", "'abc'|'bc'", "true"}, {"contains", "'abc'|'x'", "false"},
		{"split_part", "'a,b,c'|','|2", "b"}, {"split_part", "'a,b,c'|','|-1", "c"}, {"split_part", "'a,b'|','|0", "!22023"}, {"split_part", "'a,b'|','|5", ""},
		{"initcap", "'hELLO wORLD-foo'", "Hello World-Foo"}, {"ascii", "'ä'", "228"}, {"chr", "8364", "€"}, {"chr", "0", "!54000"},
		{"translate", "'12345'|'143'|'ax'", "a2x5"}, {"overlay", "'Txxxxas'|'hom'|2|4", "Thomas"}, {"overlay", "'abcdef'|'XY'|3", "abXYef"},
		{"md5", "'abc'", "900150983cd24fb0d6963f7d28e17f72"}, {"encode", "bytea:abc|'base64'", "YWJj"}, {"typeof", "1.5", "numeric(2,1)"},
		{"like", "'abc'|'a%'", "true"}, {"like", "'abc'|'_b_'", "true"}, {"like", "'a%c'|'a\\%c'", "true"}, {"like", "'abc'|'a\\%c'", "false"},
		{"like", "'abc'|'abc\\'", "!22025"}, {"ilike", "'ABC'|'a%C'", "true"}, {"like", "'a%c'|'a#%c'|'#'", "true"}, {"like", "NULL|'a'", "NULL"},
		{"like", "''|'%'", "true"}, {"like", "''|''", "true"}, {"like", "'a'|''", "false"}, {"like", "'aXbXc'|'%X%X%'", "true"}, {"like", "'aab'|'%ab'", "true"},
		{"like", "'special requests'|'%special%requests%'", "true"}, {"like", "'ä'|'_'", "true"}, {"like", "'abab'|'%_b'", "true"}, {"not like", "'a'|'b'", "true"},
		{"~", "'abc'|'^a.c$'", "true"}, {"~*", "'ABC'|'b'", "true"}, {"!~", "'abc'|'b'", "false"}, {"~", "'a'|'('", "!2201B"},
		{"regexp_replace", "'foobarbaz'|'b(..)'|'X\\1Y'", "fooXarYbaz"}, {"regexp_replace", "'foobarbaz'|'b..'|'X'|'g'", "fooXX"},
		{"regexp_extract", "'foo123'|'[0-9]+'", "123"}, {"regexp_extract", "'foo123'|'([a-z]+)([0-9]+)'|2", "123"}, {"regexp_like", "'ABC'|'b'|'i'", "true"},
		{"lengthh", "'a'", "!42883"}, {"upper", "1", "!42883"}, {"length", "NULL", "NULL"},
	})
}

func TestDateFunctions(t *testing.T) {
	check(t, []functionCase{
		{"extract", "'year'|date:1995-03-15", "1995"}, {"extract", "'month'|timestamp:1995-03-15 10:20:30", "3"}, {"extract", "'day'|date:1995-03-15", "15"},
		{"extract", "'quarter'|date:1995-12-31", "4"}, {"extract", "'week'|date:2005-01-01", "53"}, {"extract", "'isoyear'|date:2005-01-01", "2004"},
		{"extract", "'dow'|date:2001-02-18", "0"}, {"extract", "'isodow'|date:2001-02-18", "7"}, {"extract", "'doy'|date:2001-02-16", "47"},
		{"extract", "'century'|date:2000-12-16", "20"}, {"extract", "'century'|date:2001-02-16", "21"}, {"extract", "'millennium'|date:2001-02-16", "3"},
		{"extract", "'decade'|date:2001-02-16", "200"}, {"extract", "'century'|date:0001-12-31 BC", "-1"}, {"extract", "'year'|date:0001-12-31 BC", "-1"},
		{"extract", "'hour'|timestamp:2001-02-16 20:38:40.12", "20"}, {"extract", "'second'|timestamp:2001-02-16 20:38:40.12", "40.120000"},
		{"extract", "'milliseconds'|time:17:12:28.5", "28500.000"}, {"extract", "'epoch'|timestamp:2001-02-16 20:38:40.12", "982355920.120000"},
		{"extract", "'epoch'|interval:5 days 3 hours", "442800.000000"}, {"extract", "'year'|interval:14 months", "1"}, {"extract", "'month'|interval:14 months", "2"},
		{"extract", "'hour'|date:2001-01-01", "!0A000"}, {"extract", "'foo'|date:2001-01-01", "!22023"}, {"date_part", "'year'|date:1995-03-15", "1995"},
		{"date_trunc", "'month'|date:1995-03-15", "1995-03-01 00:00:00"}, {"date_trunc", "'hour'|timestamp:2001-02-16 20:38:40", "2001-02-16 20:00:00"},
		{"date_trunc", "'week'|timestamp:2001-02-16 20:38:40", "2001-02-12 00:00:00"}, {"date_trunc", "'quarter'|timestamp:2001-06-16 20:38:40", "2001-04-01 00:00:00"},
		{"date_trunc", "'x'|date:1995-03-15", "!22023"}, {"make_date", "2013|7|15", "2013-07-15"}, {"make_date", "2013|2|30", "!22008"},
		{"make_timestamp", "2013|7|15|8|15|23.5", "2013-07-15 08:15:23.5"}, {"age", "timestamp:2001-04-10|timestamp:1957-06-13", "43 years 9 mons 27 days"},
		{"+", "date:1998-12-01|1", "1998-12-02"}, {"-", "date:1998-12-01|date:1998-11-01", "30"}, {"-", "date:1998-12-01|interval:90 days", "1998-09-02 00:00:00"},
		{"+", "date:2024-01-31|interval:1 month", "2024-02-29 00:00:00"}, {"-", "timestamp:2024-03-31|interval:1 month", "2024-02-29 00:00:00"},
		{"-", "timestamp:2024-03-31 12:00|timestamp:2024-03-30", "1 day 12:00:00"}, {"*", "interval:1 day|2", "2 days"}, {"*", "interval:1 mon|1.5", "1 mon 15 days"},
		{"/", "interval:1 day|2", "12:00:00"}, {"/", "interval:1 hour|0", "!22012"}, {"+", "interval:1 day|interval:2 hours", "1 day 02:00:00"},
		{"-", "interval:-1 day -2 hours", "1 day 02:00:00"}, {"+", "time:23:00|interval:2 hours", "01:00:00"}, {"+", "date:2024-01-01|time:01:30", "2024-01-01 01:30:00"},
		{"+", "date:2024-01-01|interval:1000000 years", "!22008"}, {"-", "date:2024-01-02|'2024-01-01'", "1"}, {"-", "timestamp:2024-01-02|date:2024-01-01", "1 day"},
		{"to_char", "timestamp:2024-03-05 14:07:09|'YYYY-MM-DD HH24:MI:SS'", "2024-03-05 14:07:09"}, {"to_char", "date:2024-03-05|'FMMonth DD, YYYY'", "March 05, 2024"},
		{"strftime", "timestamp:2024-03-05 14:07:09|'%d.%m.%Y %H'", "05.03.2024 14"}, {"last_day", "date:2024-02-01", "2024-02-29"},
		{"date_diff", "'month'|date:2024-01-31|date:2024-02-01", "1"}, {"to_timestamp", "0", "1970-01-01 00:00:00+00"}, {"dayname", "date:2024-03-05", "Tuesday"},
	})
}

// What PostgreSQL 15 answers, corner by corner.
func TestCornersAgreeWithPostgreSQL(t *testing.T) {
	check(t, []functionCase{
		{"+", "interval:1.5 months|interval:0 days", "1 mon 15 days"},
		{"+", "interval:1.5 years|interval:0 days", "1 year 6 mons"},
		{"+", "interval:1-2|interval:P1Y2M3DT4H5M6S", "2 years 4 mons 3 days 04:05:06"},
		{"+", "interval:1.25 days 02:03|interval:3 4:05:06.789", "4 days 12:08:06.789"},
		{"+", "interval:2 weeks|interval:1.5 hours", "14 days 01:30:00"},
		{"*", "interval:1 mon 1 day|2.5", "2 mons 17 days 12:00:00"},
		{"*", "interval:7 days|0.3", "2 days 02:24:00"},
		{"/", "interval:1 year|7", "1 mon 21 days 10:17:08.5344"},
		{"*", "interval:1 year|0.1", "1 mon 6 days"},
		{"age", "timestamp:2024-03-01|timestamp:2024-01-31", "1 mon 1 day"},
		{"age", "timestamp:2023-02-28 10:00|timestamp:2020-02-29 11:00", "2 years 11 mons 27 days 23:00:00"},
		{"date_trunc", "'decade'|timestamp:2024-03-01", "2020-01-01 00:00:00"},
		{"date_trunc", "'century'|timestamp:2000-03-01", "1901-01-01 00:00:00"},
		{"date_trunc", "'millennium'|timestamp:2001-03-01", "2001-01-01 00:00:00"},
		{"date_trunc", "'quarter'|interval:1 year 8 mons", "1 year 6 mons"},
		{"date_trunc", "'minute'|timestamp:2024-03-01 10:20:30", "2024-03-01 10:20:00"},
		{"date_trunc", "'day'|timestamp:1969-03-01 10:20:30", "1969-03-01 00:00:00"},
		{"date_trunc", "'year'|timestamp:2024-03-01 10:20:30", "2024-01-01 00:00:00"},
		{"extract", "'decade'|interval:25 years", "2"},
		{"extract", "'epoch'|interval:1 year 1 mon", "34149600.000000"},
		{"extract", "'quarter'|interval:-5 months", "0"},
		{"extract", "'minute'|interval:-90 minutes", "-30"},
		{"extract", "'week'|date:2024-12-30", "1"},
		{"extract", "'millennium'|date:0001-12-31 BC", "-1"},
		{"extract", "'decade'|date:0001-12-31 BC", "0"},
		{"extract", "'century'|date:0100-12-31 BC", "-1"},
		{"extract", "'century'|date:0101-12-31 BC", "-2"},
		{"extract", "'microseconds'|time:17:12:28.5", "28500000"},
		{"round", "-0.5", "-1"},
		{"round", "float8:-0.5", "-0"},
		{"round", "12345|-2", "12300"},
		{"trunc", "12345.678|-2", "12300"},
		{"ceil", "-0.5", "0"},
		{"substring", "'hello'|0|3", "he"},
		{"substring", "'hello'|-2147483648|2147483647", ""},
		{"left", "'hello'|0", ""},
		{"lpad", "'hello'|-1", ""},
		{"rpad", "'hi'|5|''", "hi"},
		{"split_part", "'a,b,c'|','|-3", "a"},
		{"split_part", "'a,b,c'|','|-4", ""},
		{"split_part", "''|','|1", ""},
		{"split_part", "'abc'|''|2", ""},
		{"overlay", "'abcdef'|'XY'|10", "abcdefXY"},
		{"overlay", "'abcdef'|'XY'|2|0", "aXYbcdef"},
		{"replace", "'aaa'|'aa'|'b'", "ba"},
		{"translate", "'abc'|'aab'|'xyz'", "xzc"},
		{"concat_ws", "NULL|'a'", "NULL"},
		{"regexp_replace", "'abc'|'(b)'|'[\\1\\&]'", "a[bb]c"},
		{"regexp_replace", "'aaa'|''|'-'|'g'", "-a-a-a-"},
		{"ascii", "''", "0"},
		{"strpos", "'abc'|''", "1"},
		{"btrim", "'aXbXa'|'a'", "XbX"},
		{"btrim", "'abc'|''", "abc"},
		{"to_char", "timestamp:2024-03-05 00:07:09.123456|'HH12:MI:SS.MS US AM Day, FMDay Dy DDD D Q YY FMMM IW IYYY'", "12:07:09.123 123456 AM Tuesday  , Tuesday Tue 065 3 1 24 3 10 2024"},
		{"to_char", "timestamp:2024-03-05 14:07:09|'hh24:mi month MON yyyy'", "14:07 march     MAR 2024"},
		{"make_date", "-44|3|15", "0044-03-15 BC"},
		{"make_time", "8|15|23.5", "08:15:23.5"},
		{"justify_days", "interval:35 days", "1 mon 5 days"},
		{"justify_hours", "interval:27 hours", "1 day 03:00:00"},
		{"-", "time:01:00|time:02:30", "-01:30:00"},
		{"-", "time:01:00|interval:2 hours", "23:00:00"},
		{"to_timestamp", "1284352323.5", "2010-09-13 04:32:03.5+00"},
		{"||", "1.50|text:x", "1.50x"},
		{"||", "date:2024-01-01|text:x", "2024-01-01x"},
		{"||", "true|text:x", "truex"},
		{"||", "float8:1e20|text:x", "1e+20x"},
		{"||", "float8:1e15|text:x", "1e+15x"},
		{"||", "float8:123456789012345678|text:x", "1.2345678901234568e+17x"},
		{"||", "float8:0.00001|text:x", "1e-05x"},
		{"||", "float4:0.1|text:x", "0.1x"},
		{"||", "bytea:abc|bytea:def", "\\x616263646566"},
		{"sqrt", "float8:Infinity", "Infinity"},
		{"gcd", "0|0", "0"},
		{"lcm", "-4|6", "12"},
		{"sign", "float8:-2", "-1"},
		{"abs", "int:-2147483648", "!22003"},
		{"atan2", "0|-1", "3.141592653589793"},
		{"date_part", "'hour'|timestamp:2024-01-01 13:00", "13"},
		{"encode", "bytea:hello|'hex'", "68656c6c6f"},
		{"decode", "'aGVsbG8='|'base64'", "\\x68656c6c6f"},
		{"chr", "1114112", "!54000"},
	})
}
