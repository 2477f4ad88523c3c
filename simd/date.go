package simd

// DatePart is a field of a date.
type DatePart int

// The fields.
const (
	Year    DatePart = iota // there is no year zero: 1 BC is -1
	Month                   // 1 to 12
	Day                     // of the month, from 1 on
	Quarter                 // 1 to 4
)

// dateBlock is what assembly takes at a time: the 32-bit lanes of two of the widest registers. Where it meets a day outside of 1901 to February 2100, the block with that
// day is computed in Go.
const dateBlock = 32

// Days from firstNear on, nearDays of them, are those that assembly computes.
const (
	firstNear = -25202 // 1901-01-01
	nearDays  = 47540 - firstNear
)

// Part writes a field of each of days, which count from 1970-01-01, and reports whether one of them is not in the years from 1901 to February 2100. dst and days have one
// length.
func Part(dst []int64, days []int32, part DatePart) (far bool) {
	days = days[:len(dst)]
	for len(dst) > 0 {
		n := 0
		if level >= AVX2 && len(dst) >= dateBlock {
			all := len(dst) &^ (dateBlock - 1)
			n = datePart(dst[:all], days, part)
			dst, days = dst[n:], days[n:]
		}
		rest := min(len(dst), dateBlock)
		partGo(dst[:rest], days[:rest], part)
		for _, d := range days[:rest] {
			far = far || int64(d)-firstNear < 0 || int64(d)-firstNear > nearDays
		}
		dst, days = dst[rest:], days[rest:]
	}
	return far
}

func partGo(dst []int64, days []int32, part DatePart) {
	switch part {
	case Year:
		for i, d := range days {
			y, _, _ := Civil(d)
			if y <= 0 {
				y--
			}
			dst[i] = y
		}
	case Month:
		for i, d := range days {
			_, m, _ := Civil(d)
			dst[i] = int64(m)
		}
	case Day:
		for i, d := range days {
			_, _, day := Civil(d)
			dst[i] = int64(day)
		}
	default:
		for i, d := range days {
			_, m, _ := Civil(d)
			dst[i] = int64(m+2) / 3
		}
	}
}

// Shifts that make every day of the range positive: the days and years of 82 cycles of 400 years.
const (
	shiftDays  = 719468 + 146097*82
	shiftYears = 400 * 82
)

// Civil is the year (0 is 1 BC), month and day of a day since 1970-01-01 within about 32000 BC and 2.9 million AD, by multiplications only
// (C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms", 2022).
func Civil(days int32) (year int64, month, day uint32) {
	n := uint32(days) + shiftDays
	n1 := 4*n + 3
	century, rest := n1/146097, n1%146097|3
	p := 2939745 * uint64(rest)
	yearOfCentury, dayOfYear := uint32(p>>32), uint32(p)/2939745/4
	n3 := 2141*dayOfYear + 197913
	month, day = n3>>16, n3&0xffff/2141+1
	year = int64(100*century+yearOfCentury) - shiftYears
	if dayOfYear >= 306 {
		// The year began in March so far.
		year++
		month -= 12
	}
	return year, month, day
}

// PartOfMicros writes a field of the day of each of micros, timestamps in microseconds since 1970-01-01, and reports what Part does. dst and micros have one length.
func PartOfMicros(dst []int64, micros []int64, part DatePart) (far bool) {
	micros = micros[:len(dst)]
	var days [8 * dateBlock]int32
	for len(dst) > 0 {
		rows := min(len(dst), len(days))
		if level >= AVX512 && len(dst) >= dateBlock {
			n := microsPart(dst[:len(dst)&^(dateBlock-1)], micros, part)
			dst, micros = dst[n:], micros[n:]
			rows = min(len(dst), dateBlock)
		}
		DaysOfMicros(days[:rows], micros[:rows])
		far = Part(dst[:rows], days[:rows], part) || far
		dst, micros = dst[rows:], micros[rows:]
	}
	return far
}

// DaysOfMicros writes the days of timestamps in microseconds since 1970-01-01, rounded down and cut to 32 bits. dst and micros have one length.
func DaysOfMicros(dst []int32, micros []int64) {
	micros = micros[:len(dst)]
	for len(dst) > 0 {
		if level >= AVX2 && len(dst) >= dateBlock {
			n := daysOfMicros(dst[:len(dst)&^(dateBlock-1)], micros)
			dst, micros = dst[n:], micros[n:]
		}
		rest := min(len(dst), dateBlock)
		for i, us := range micros[:rest] {
			days := us / dayMicros
			if us%dayMicros < 0 {
				days--
			}
			dst[i] = int32(days)
		}
		dst, micros = dst[rest:], micros[rest:]
	}
}
