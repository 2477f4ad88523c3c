// calendar.cuh: year, month and day of days since 1970-01-01, by multiplications only
// (C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms", 2022).
#pragma once
#include "device.cuh"

// pb_civil gives the year (there is none with number 0: 1 BC is -1), the month or the day, as part is 0, 1 or 2.
PB_DEV i64 pb_civil(i32 days, int part) {
	u32 n = (u32)days + 719468u + 146097u * 82u;
	u32 n1 = 4 * n + 3;
	u32 century = n1 / 146097, rest = n1 % 146097 | 3;
	u64 p = 2939745ull * rest;
	u32 of_century = (u32)(p >> 32), of_year = (u32)p / 2939745 / 4;
	u32 n3 = 2141 * of_year + 197913;
	u32 month = n3 >> 16, day = (n3 & 0xffff) / 2141 + 1;
	i64 year = (i64)(100 * century + of_century) - 400 * 82;
	if (of_year >= 306) { // the year began in March so far
		year++;
		month -= 12;
	}
	return part == 0 ? (year <= 0 ? year - 1 : year) : part == 1 ? month : day;
}

PB_DEV i64 pb_day_of(i64 micros) {
	const i64 day = 86400000000ll;
	i64 d = micros / day;
	if (micros % day < 0) d--;
	return (i32)d;
}
