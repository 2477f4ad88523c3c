package expr

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"math/big"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// unitFunctions turn numbers into intervals and times, and times into numbers.
func unitFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	for _, u := range []struct {
		name, unit string
		months     int64
		days       int64
	}{
		{"to_years", "years", 12, 0}, {"to_months", "months", 1, 0}, {"to_weeks", "weeks", 0, 7}, {"to_days", "days", 0, 1},
		{"to_quarters", "quarters", 3, 0}, {"to_decades", "decades", 120, 0}, {"to_centuries", "centuries", 1200, 0}, {"to_millennia", "millennia", 12000, 0},
	} {
		add(strict(u.name, "The interval of so many "+u.unit+".", params(tInt64), tInterval, map1(func(n int64) (iv, error) {
			if n > math.MaxInt32 || n < math.MinInt32 {
				return iv{}, intervalRange()
			}
			m, d := n*u.months, n*u.days
			if int64(int32(m)) != m || int64(int32(d)) != d {
				return iv{}, intervalRange()
			}
			return iv{Months: int32(m), Days: int32(d)}, nil
		})))
	}
	for _, u := range []struct {
		name, unit string
		micros     int64
		float      bool
	}{
		{"to_hours", "hours", 3600 * second, false}, {"to_minutes", "minutes", 60 * second, false}, {"to_seconds", "seconds", second, true},
		{"to_milliseconds", "milliseconds", 1000, true}, {"to_microseconds", "microseconds", 1, false},
	} {
		doc := "The interval of so many " + u.unit + "."
		if u.float {
			add(strict(u.name, doc, params(tFloat64), tInterval, map1(func(f float64) (iv, error) {
				us := math.RoundToEven(f * float64(u.micros))
				if !(us > -math.MaxInt64 && us < math.MaxInt64) {
					return iv{}, intervalRange()
				}
				return iv{Micros: int64(us)}, nil
			})))
			continue
		}
		add(strict(u.name, doc, params(tInt64), tInterval, map1(func(n int64) (iv, error) {
			if n > math.MaxInt64/u.micros || n < math.MinInt64/u.micros {
				return iv{}, intervalRange()
			}
			return iv{Micros: n * u.micros}, nil
		})))
	}
	out = append(out, epochFunctions()...)
	out = append(out, bucketFunctions()...)
	out = append(out, uuidFunctions()...)
	return out
}

// epochFunctions count from 1970-01-01 00:00 UTC.
func epochFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	for _, u := range []struct {
		name, unit    string
		times, divide int64
	}{{"epoch_ms", "milliseconds", 1, 1000}, {"epoch_us", "microseconds", 1, 1}, {"epoch_ns", "nanoseconds", 1000, 1}} {
		doc := "The " + u.unit + " since 1970-01-01 00:00 UTC, or of a time of day or an interval."
		count := func(us int64) (int64, error) {
			if !convert.Finite(us) || us > math.MaxInt64/u.times || us < math.MinInt64/u.times {
				return 0, timestampRange()
			}
			return convert.FloorDiv(us*u.times, u.divide), nil
		}
		for _, t := range []column.Type{tTimestamp, tTZ, tTime} {
			add(strict(u.name, doc, params(t), tInt64, map1(count)))
		}
		add(strict(u.name, doc, params(tDate), tInt64, map1(func(d int32) (int64, error) { return count(dateMicros(d)) })))
		add(strict(u.name, doc, params(tInterval), tInt64, map1(func(v iv) (int64, error) {
			// At most 2^31 months of 30 days: far from overflow in days, not in microseconds.
			days := int64(v.Months)*30 + int64(v.Days)
			if days > math.MaxInt64/2/column.MicrosPerDay || days < math.MinInt64/2/column.MicrosPerDay || v.Micros > math.MaxInt64/2 || v.Micros < math.MinInt64/2 {
				return 0, intervalRange()
			}
			return count(days*column.MicrosPerDay + v.Micros)
		})))
	}
	for _, m := range []struct {
		names         []string
		unit          string
		times, divide int64
	}{
		{[]string{"epoch_ms", "make_timestamp_ms"}, "milliseconds", 1000, 1}, {[]string{"make_timestamp"}, "microseconds", 1, 1},
		{[]string{"make_timestamp_ns"}, "nanoseconds", 1, 1000},
	} {
		add(strict(m.names[0], "The timestamp so many "+m.unit+" after 1970-01-01 00:00.", params(tInt64), tTimestamp, map1(func(n int64) (int64, error) {
			if n > maxTimestamp/m.times || n < minTimestamp/m.times {
				if m.divide == 1 {
					return 0, timestampRange()
				}
			}
			return convert.FloorDiv(n*m.times, m.divide), nil
		})), m.names[1:]...)
	}
	for _, f := range []struct {
		name, doc string
		result    column.Type
		of        func(m moment) (int64, float64)
	}{
		{"yearweek", "The year and the week by ISO 8601 as one number of six digits.", tInt64, func(m moment) (int64, float64) {
			y, w := m.isoWeek()
			if y = written(y); y < 0 {
				w = -w
			}
			return y*100 + w, 0
		}},
		{"julian", "The days since noon of the first day of the Julian period, as PostgreSQL counts from midnight.", tFloat64, func(m moment) (int64, float64) {
			return 0, float64(m.days) + 2440588 + float64(m.us)/column.MicrosPerDay
		}},
		{"nanosecond", "The second with its fraction in billionths.", tInt64, func(m moment) (int64, float64) { return m.us % (60 * second) * 1000, 0 }},
		{"era", "1 of years after Christ, 0 of those before.", tInt64, func(m moment) (int64, float64) { return int64(bools(m.year > 0)), 0 }},
	} {
		eval := func(moments func(c *kernels.Call) func(i int) moment) func(c *kernels.Call) error {
			return func(c *kernels.Call) error {
				at := moments(c)
				return c.Rows(func(i int) error {
					n, x := f.of(at(i))
					if f.result.Kind == column.Float64 {
						column.Values[float64](c.Out)[i] = x
					} else {
						column.Values[int64](c.Out)[i] = n
					}
					return nil
				})
			}
		}
		add(strict(f.name, f.doc, params(tDate), f.result, eval(func(c *kernels.Call) func(i int) moment {
			d := kernels.Read[int32](c.Args[0])
			return func(i int) moment { return momentOfDay(d.At(i)) }
		})))
		add(strict(f.name, f.doc, params(tTimestamp), f.result, eval(func(c *kernels.Call) func(i int) moment {
			us := kernels.Read[int64](c.Args[0])
			return func(i int) moment { return momentOf(us.At(i)) }
		})))
	}
	return out
}

// bucketFunctions put times into buckets of equal width.
func bucketFunctions() []*Function {
	var out []*Function
	const day = column.MicrosPerDay
	micros := func(width iv) (int64, error) {
		if abs64(int64(width.Days)) > math.MaxInt64/day/2 || width.Micros > math.MaxInt64/4 || width.Micros < math.MinInt64/4 {
			return 0, intervalRange()
		}
		w := int64(width.Days)*day + width.Micros
		if w <= 0 {
			return 0, fault.New(fault.InvalidParameterValue, "stride must be greater than zero")
		}
		return w, nil
	}
	bin := func(width iv, us, origin int64) (int64, error) {
		if width.Months != 0 {
			return 0, fault.New(fault.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
		}
		w, err := micros(width)
		if err != nil || !convert.Finite(us) {
			return us, err
		}
		d := us - origin
		if (us^origin)&(us^d) < 0 {
			return 0, timestampRange()
		}
		return us - convert.FloorMod(d, w), nil
	}
	bucket := func(width iv, us int64, origin *int64) (int64, error) {
		if width.Months == 0 {
			from := int64(2)*day + column.DaysFromCivil(2000, 1, 1)*day
			if origin != nil {
				from = *origin
			}
			return bin(width, us, from)
		}
		if width.Months < 0 || width.Days != 0 || width.Micros != 0 {
			return 0, fault.New(fault.FeatureNotSupported, "the width of a bucket of months must have no days and no time, and be greater than zero")
		}
		if !convert.Finite(us) {
			return us, nil
		}
		m, o := momentOf(us), momentOf(column.DaysFromCivil(2000, 1, 1)*day)
		if origin != nil {
			o = momentOf(*origin)
		}
		// Buckets of months begin with a month, whatever the origin's day.
		months := convert.FloorDiv((m.year-o.year)*12+int64(m.month-o.month), int64(width.Months)) * int64(width.Months)
		return addInterval(column.DaysFromCivil(o.year, o.month, 1)*day, iv{Months: int32(months)})
	}
	const doc = "The beginning of the bucket of an interval's width that a time falls into; buckets are counted from 2000-01-03, those of months from 2000-01, or from a third argument."
	for _, t := range []column.Type{tTimestamp, tTZ} {
		out = append(out, strict("date_bin", "The beginning of the bin of an interval's width that a time falls into, counted from an origin.", params(tInterval, t, t), t, map3(bin)))
		out = append(out, strict("time_bucket", doc, params(tInterval, t), t, map2(func(w iv, us int64) (int64, error) { return bucket(w, us, nil) })))
		out = append(out, strict("time_bucket", doc, params(tInterval, t, t), t, map3(func(w iv, us, origin int64) (int64, error) { return bucket(w, us, &origin) })))
		out = append(out, strict("isfinite", "Whether the time is neither infinity nor -infinity.", params(t), tBool, map1(func(us int64) (uint8, error) { return bools(convert.Finite(us)), nil })))
	}
	out = append(out, strict("isfinite", "Whether the date is neither infinity nor -infinity.", params(tDate), tBool,
		map1(func(d int32) (uint8, error) { return bools(convert.FiniteDate(d)), nil })))
	floor := func(us int64, err error) (int32, error) { return int32(convert.FloorDiv(us, day)), err }
	return append(out,
		strict("time_bucket", doc, params(tInterval, tDate), tDate, map2(func(w iv, d int32) (int32, error) { return floor(bucket(w, dateMicros(d), nil)) })),
		strict("time_bucket", doc, params(tInterval, tDate, tDate), tDate, map3(func(w iv, d, o int32) (int32, error) {
			origin := dateMicros(o)
			return floor(bucket(w, dateMicros(d), &origin))
		})))
}

// uuidFunctions make and read uuids with a time.
func uuidFunctions() []*Function {
	tUUID := column.T(column.UUID)
	version := func(v column.Int128) int64 { return v.Hi >> 12 & 15 }
	v7 := strict("uuidv7", "A random uuid that begins with the time (version 7).", nil, tUUID, func(c *kernels.Call) error {
		vals := column.Values[column.Int128](c.Out)
		return c.Rows(func(i int) error {
			var b [16]byte
			if _, err := rand.Read(b[:]); err != nil {
				return fault.Wrap(fault.Internal, err, "no random numbers")
			}
			ms := uint64(time.Now().UnixMilli())
			hi := ms<<16 | 7<<12 | uint64(binary.BigEndian.Uint16(b[6:]))&0xfff
			vals[i] = column.Int128{Hi: int64(hi), Lo: binary.BigEndian.Uint64(b[8:])&(1<<62-1) | 1<<63}
			return nil
		})
	})
	v7.Volatility = Volatile
	return []*Function{
		v7,
		strict("uuid_extract_version", "The version of a uuid, 1 to 15; NULL of other variants.", params(tUUID), tInt32, func(c *kernels.Call) error {
			u, d := kernels.Read[column.Int128](c.Args[0]), column.Values[int32](c.Out)
			return c.Rows(func(i int) error {
				v := u.At(i)
				if d[i] = int32(version(v)); v.Lo>>62 != 2 {
					c.SetNull(i)
				}
				return nil
			})
		}),
		strict("uuid_extract_timestamp", "The time of a uuid of version 1 or 7; NULL of others.", params(tUUID), tTZ, func(c *kernels.Call) error {
			u, d := kernels.Read[column.Int128](c.Args[0]), column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				v := u.At(i)
				hi := uint64(v.Hi)
				switch {
				case v.Lo>>62 == 2 && version(v) == 7:
					d[i] = int64(hi>>16) * 1000
				case v.Lo>>62 == 2 && version(v) == 1:
					// Tenths of microseconds since 1582-10-15.
					ticks := hi>>32 | hi>>16&0xffff<<32 | hi&0xfff<<48
					d[i] = (int64(ticks) - 122192928000000000) / 10
				default:
					c.SetNull(i)
				}
				return nil
			})
		}),
	}
}

// numericFunctions are what PostgreSQL has of decimals.
func numericFunctions() []*Function {
	tNumeric := column.DecimalType(column.MaxPrecision, 0)
	f := &Function{Name: "div", Params: params(column.T(column.Decimal), column.T(column.Decimal)), Op: kernels.OpCall, Result: tNumeric, Doc: "The quotient truncated toward zero."}
	f.Bind = func(args []Expr) (Bound, error) {
		sa, sb := int64(args[0].Type().Scale), int64(args[1].Type().Scale)
		power := func(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }
		impl := &kernels.Function{Name: f.Name, Strict: true, Eval: func(c *kernels.Call) error {
			w := decimalWrite(c.Out)
			return c.Rows(func(i int) error {
				a, ok := new(big.Int).SetString(c.Args[0].ValueAt(i).Int.String(), 10)
				b, fine := new(big.Int).SetString(c.Args[1].ValueAt(i).Int.String(), 10)
				switch {
				case !ok || !fine:
					return fault.New(fault.NumericOutOfRange, "value overflows numeric format")
				case b.Sign() == 0:
					return fault.New(fault.DivisionByZero, "division by zero")
				}
				q := a.Quo(a.Mul(a, power(sb)), b.Mul(b, power(sa)))
				v, err := convert.ParseDecimal([]byte(q.String()), tNumeric)
				if err != nil {
					return fault.New(fault.NumericOutOfRange, "value overflows numeric format")
				}
				return w(i, v)
			})
		}}
		return Bound{Result: tNumeric, Op: kernels.OpCall, Impl: impl}, nil
	}
	return []*Function{f}
}
