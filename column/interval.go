package column

// IntervalValue is a span of time in PostgreSQL's three parts, which do not convert into each other: a month has no fixed number of days,
// nor a day of hours.
type IntervalValue struct {
	Months int32
	Days   int32
	Micros int64
}

// Microseconds in the units that intervals and times are made of.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerDay    = 86_400 * MicrosPerSecond
)

// Span is the interval's length in microseconds, taking a month as 30 days and a day as 24 hours as PostgreSQL's comparisons do: intervals
// with equal spans are equal.
func (v IntervalValue) Span() Int128 {
	days := int64(v.Months)*30 + int64(v.Days)
	return MulInt64(days, MicrosPerDay).Add(Int128FromInt64(v.Micros))
}

// Compare orders intervals by their spans.
func (v IntervalValue) Compare(w IntervalValue) int { return v.Span().Cmp(w.Span()) }

// Span is a list's or map's row: Length elements of the child vector from Offset on.
type Span struct {
	Offset uint32
	Length uint32
}
