package expr

import (
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// InZone is e as a session in a time zone means it: casts between times with time zone and text, dates and times without one go by its clocks, as
// do the parts, truncation and printing of such times and what is added to them.
//
//	cast(tz as date)            →     cast(timezone('Europe/Berlin', tz) as date)
//	month(tz)                   →     month(timezone('Europe/Berlin', tz))
//	tz + interval               →     $add_in_zone(tz, interval, 'Europe/Berlin')
func InZone(e Expr, zone *time.Location) (Expr, error) {
	if zone == nil || zone == time.UTC {
		return e, nil
	}
	var failed error
	e = Rewrite(e, func(e Expr) Expr {
		r, err := inZone(e, zone)
		if err != nil {
			failed = err
			return e
		}
		return r
	})
	return e, failed
}

// inZone is InZone of a node whose children are done.
func inZone(e Expr, zone *time.Location) (Expr, error) {
	name := &Literal{Value: column.TextValue(zone.String())}
	switch e := e.(type) {
	case *Cast:
		r, err := castInZone(e, name)
		return At(r, int(e.Pos)), err
	case *Call:
		r, err := callInZone(e, name)
		if err != nil {
			return nil, err
		}
		return At(r, int(e.Pos)), nil
	}
	return e, nil
}

func castInZone(e *Cast, zone Expr) (Expr, error) {
	from, to := e.Arg.Type(), e.To
	switch {
	case from.Kind == column.TimestampTZ && to.Kind == column.Text, from.Kind.IsNested() && to.Kind == column.Text && hasZone(from):
		return NewCall("$text_in_zone", []Expr{e.Arg, zone})
	case from.Kind == column.Text && to.Kind == column.TimestampTZ:
		if e.Try {
			return NewCall("$try_parse_in_zone", []Expr{e.Arg, zone})
		}
		return NewCall("$parse_in_zone", []Expr{e.Arg, zone})
	case from.Kind == column.TimestampTZ && to.Kind.IsTemporal() && to.Kind != column.Interval:
		local, err := NewCall("timezone", []Expr{zone, e.Arg})
		if err != nil {
			return nil, err
		}
		return NewCast(local, to, e.Try)
	case to.Kind == column.TimestampTZ && (from.Kind == column.Date || from.Kind == column.Timestamp):
		arg, err := NewCast(e.Arg, tTimestamp, e.Try)
		if err != nil {
			return nil, err
		}
		return NewCall("timezone", []Expr{zone, arg})
	}
	return e, nil
}

func callInZone(e *Call, zone Expr) (Expr, error) {
	name, local := e.Fn.Name, false
	for i, a := range e.Args {
		kind := a.Type().Kind
		if prints(e) && hasZone(a.Type()) && e.Fn.param(i).Kind == column.Null {
			args := append([]Expr(nil), e.Args...)
			text, err := NewCall("$text_in_zone", []Expr{a, zone})
			if err != nil {
				return nil, err
			}
			args[i] = text
			return callInZone(e.WithChildren(args).(*Call), zone)
		}
		local = local || kind == column.TimestampTZ && e.Fn.param(i).Kind == column.TimestampTZ
	}
	switch {
	case name == "$zone_offset":
		return NewCall(name, []Expr{e.Args[0], zone})
	case (name == "to_timestamp" && len(e.Args) == 2 || name == "make_timestamptz" && len(e.Args) == 6) && e.Typ.Kind == column.TimestampTZ:
		return NewCall("timezone", []Expr{zone, &Cast{Arg: e, To: tTimestamp}})
	case !local:
		return e, nil
	case (name == "+" || name == "-") && e.Typ.Kind == column.TimestampTZ:
		args := e.Args
		if args[0].Type().Kind == column.Interval {
			args = []Expr{args[1], args[0]}
		}
		if name == "-" {
			minus, err := NewCall("-", args[1:])
			if err != nil {
				return nil, err
			}
			args = []Expr{args[0], minus}
		}
		return NewCall("$add_in_zone", []Expr{args[0], args[1], zone})
	case name == "generate_series" && len(e.Args) == 3:
		return NewCall("$series_in_zone", append(append([]Expr(nil), e.Args...), zone))
	case name == "to_char":
		return NewCall("$to_char_in_zone", []Expr{e.Args[0], e.Args[1], zone})
	case (name == "date_trunc" || name == "datetrunc") && len(e.Args) == 2:
		return NewCall("$trunc_in_zone", []Expr{e.Args[0], e.Args[1], zone})
	case isField[name] || byClock[name]:
		args := append([]Expr(nil), e.Args...)
		for i, a := range args {
			if a.Type().Kind != column.TimestampTZ {
				continue
			}
			t, err := NewCall("timezone", []Expr{zone, a})
			if err != nil {
				return nil, err
			}
			args[i] = t
		}
		return NewCall(name, args)
	}
	return e, nil
}

// byClock are the functions beside the fields that see what the clocks show.
var byClock = map[string]bool{
	"dayname": true, "monthname": true, "strftime": true, "age": true, "date_diff": true, "datediff": true,
}

// prints reports whether a function makes text of whatever it is given.
func prints(e *Call) bool {
	switch e.Fn.Name {
	case "concat", "concat_ws", "||", "format", "printf", "to_json", "array_to_string", "quote_literal", "quote_nullable":
		return true
	}
	return false
}

var isField = func() map[string]bool {
	m := map[string]bool{}
	for _, f := range fields {
		m[f.name] = true
		for _, a := range f.aliases {
			m[a] = true
		}
	}
	return m
}()

// hasZone reports whether values of a type hold times with time zone.
func hasZone(t column.Type) bool {
	if t.Kind == column.TimestampTZ {
		return true
	}
	if t.Nested != nil {
		for _, f := range t.Nested.Fields {
			if hasZone(f.Type) {
				return true
			}
		}
	}
	return false
}

// inZoneFunctions are what InZone puts into plans. No query can name them without quotes.
func inZoneFunctions() []*Function {
	parse := func(name string, try bool) *Function {
		f := strict(name, "The time with time zone that a text holds; one without an offset is what the zone's clocks show.", params(tText, tText), tTZ, func(c *kernels.Call) error {
			texts, zone, out := kernels.ReadBytes(c.Args[0]), zoneReader(kernels.ReadBytes(c.Args[1])), column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				z, err := zone(i)
				if err != nil {
					return err
				}
				us, err := convert.ParseTimestampIn(texts.At(i), func(wall int64) int64 { return fromClock(wall, z) })
				if err != nil && try {
					c.SetNull(i)
					return nil
				}
				out[i] = us
				return err
			})
		})
		return f
	}
	return []*Function{
		parse("$parse_in_zone", false), parse("$try_parse_in_zone", true),
		strict("$text_in_zone", "The text of a value, times with time zone as the zone's clocks show them.", params(column.T(column.Null), tText), tText,
			toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				zone := zoneReader(kernels.ReadBytes(c.Args[1]))
				return func(dst []byte, i int) ([]byte, error) {
					z, err := zone(i)
					if err != nil {
						return nil, err
					}
					return append(dst, c.Args[0].ValueAt(i).Text(z)...), nil
				}
			})),
		strict("$to_char_in_zone", "The time printed by a template of to_char, as the zone's clocks show it.", params(tTZ, tText, tText), tText,
			toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
				times, template, zone := kernels.Read[int64](c.Args[0]), kernels.ReadBytes(c.Args[1]), zoneReader(kernels.ReadBytes(c.Args[2]))
				return func(dst []byte, i int) ([]byte, error) {
					z, err := zone(i)
					if err != nil {
						return nil, err
					}
					us := times.At(i)
					name, _ := time.UnixMicro(us).In(z).Zone()
					m := momentOf(clock(us, z))
					m.zone = &shownZone{name: name, offset: zoneOffset(us, z) / second}
					return toChar(dst, template.At(i), m)
				}
			})),
		strict("$zone_offset", "The seconds that the zone's clocks are ahead of UTC at a time.", params(tTZ, tText), tInt64, func(c *kernels.Call) error {
			times, zone, out := kernels.Read[int64](c.Args[0]), zoneReader(kernels.ReadBytes(c.Args[1])), column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				z, err := zone(i)
				if err == nil {
					out[i] = zoneOffset(times.At(i), z) / second
				}
				return err
			})
		}),
		strict("$add_in_zone", "The time later by an interval, whose months and days go by the zone's clocks.", params(tTZ, tInterval, tText), tTZ, func(c *kernels.Call) error {
			times, spans, zone := kernels.Read[int64](c.Args[0]), kernels.Read[column.IntervalValue](c.Args[1]), zoneReader(kernels.ReadBytes(c.Args[2]))
			out := column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				z, err := zone(i)
				if err != nil {
					return err
				}
				out[i], err = addInZone(times.At(i), spans.At(i), z)
				return err
			})
		}),
		nestedFunction{
			name: "$series_in_zone", doc: "The list of the times from a start to a stop, by an interval whose months and days go by the zone's clocks.",
			params: params(tTZ, tTZ, tInterval, tText), result: fixed(column.ListType(tTZ)),
			eval: byValue(func(t column.Type, args row) (column.Value, error) {
				z, err := Zone(args[3].Str)
				if err != nil {
					return column.Value{}, err
				}
				return series(t, args, func(us int64, step column.IntervalValue) (int64, error) { return addInZone(us, step, z) })
			}),
		}.function(),
		strict("$trunc_in_zone", "The time cut to a unit by the zone's clocks.", params(tText, tTZ, tText), tTZ, func(c *kernels.Call) error {
			unit, times, zone := unitReader(kernels.ReadBytes(c.Args[0])), kernels.Read[int64](c.Args[1]), zoneReader(kernels.ReadBytes(c.Args[2]))
			out := column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				z, err := zone(i)
				if err != nil {
					return err
				}
				out[i], err = truncatedInZone(unit(i), times.At(i), z)
				return err
			})
		}),
	}
}

// zoneReader gives each row's zone; equal ones in turn cost nothing.
func zoneReader(names kernels.BytesReader) func(i int) (*time.Location, error) {
	var last string
	var zone *time.Location
	return func(i int) (*time.Location, error) {
		p := names.At(i)
		if zone != nil && string(p) == last {
			return zone, nil
		}
		z, err := Zone(string(p))
		if err != nil {
			return nil, err
		}
		zone, last = z, string(p)
		return zone, nil
	}
}

// addInZone adds months, then days, each by the zone's clocks, and then time.
func addInZone(us int64, v column.IntervalValue, z *time.Location) (int64, error) {
	for _, step := range []column.IntervalValue{{Months: v.Months}, {Days: v.Days}} {
		if step == (column.IntervalValue{}) {
			continue
		}
		wall, err := addInterval(clock(us, z), step)
		if err != nil {
			return 0, err
		}
		us = fromClock(wall, z)
	}
	return addInterval(us, column.IntervalValue{Micros: v.Micros})
}

// truncatedInZone is us cut to a unit. Hours and less keep the offset, so that the hour that clocks show twice stays two.
func truncatedInZone(unit string, us int64, z *time.Location) (int64, error) {
	if !convert.Finite(us) {
		return us, nil
	}
	offset := zoneOffset(us, z)
	wall, err := truncated(unit, us+offset)
	if err != nil {
		return 0, err
	}
	switch strings.TrimSuffix(unit, "s") {
	case "microsecond", "millisecond", "second", "minute", "hour":
		return wall - offset, nil
	}
	return fromClock(wall, z), nil
}

// zoneField is EXTRACT of the fields that tell of the zone, nil for others.
func zoneField(field string, arg Expr) (Expr, error) {
	var divisor, modulo int64
	switch field {
	case "timezone":
		divisor, modulo = 1, 1<<40
	case "timezone_hour":
		divisor, modulo = 3600, 1<<40
	case "timezone_minute":
		divisor, modulo = 60, 60
	default:
		return nil, nil
	}
	if arg.Type().Kind != column.TimestampTZ {
		return nil, fault.New(fault.FeatureNotSupported, "unit %q not supported for type %s", field, arg.Type())
	}
	number := func(v int64) Expr { return &Literal{Value: column.IntValue(tInt64, v)} }
	e, err := NewCall("$zone_offset", []Expr{arg, &Literal{Value: column.TextValue("UTC")}})
	if err != nil {
		return nil, err
	}
	if e, err = NewCall("/", []Expr{e, number(divisor)}); err != nil {
		return nil, err
	}
	return NewCall("%", []Expr{e, number(modulo)})
}
