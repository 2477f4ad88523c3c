package taxi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
)

// Options say what is made.
type Options struct {
	Dir     string
	Year    int
	Months  []int  // 1 to 12; nil: all
	Rows    int64  // of each month
	Format  string // parquet or csv
	Threads int    // 0: all cores
}

// File is a file that was made.
type File struct {
	Path string
	Rows int64
}

// Name is the name of a month's file.
func Name(year, month int, format string) string {
	return fmt.Sprintf("yellow_tripdata_%04d-%02d.%s", year, month, format)
}

// Generate writes a file for each month, over one of that name.
func Generate(ctx context.Context, o Options) (files []File, err error) {
	months := o.Months
	if months == nil {
		months = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	}
	if o.Format != "parquet" && o.Format != "csv" {
		return nil, fault.New(fault.InvalidParameterValue, "trips are written as parquet or csv, not %q", o.Format)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fault.Wrap(fault.IOError, err, "make the folder %s", o.Dir)
	}
	e, err := engine.Open(engine.Config{Threads: o.Threads})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	s := e.Session()
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, m := range months {
		if m < 1 || m > 12 {
			return nil, fault.New(fault.InvalidParameterValue, "there is no month %d", m)
		}
		path := filepath.Join(o.Dir, Name(o.Year, m, o.Format))
		if err := s.Exec(ctx, statement(path, o, m)); err != nil {
			return nil, fmt.Errorf("trips of %04d-%02d: %w", o.Year, m, err)
		}
		files = append(files, File{Path: path, Rows: o.Rows})
	}
	return files, nil
}

// statement makes a month's trips and writes them.
func statement(path string, o Options, month int) string {
	first := time.Date(o.Year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	seconds := int64(first.AddDate(0, 1, 0).Sub(first) / time.Second)
	// Trips of a month have numbers of their own, so that months differ.
	base := (int64(o.Year)*12 + int64(month)) << 36
	draw := 0
	// u is a number from 0 to n-1, another one at each place.
	u := func(n int64) string {
		draw++
		return fmt.Sprintf("(hash(i * 64 + %d) %% %d::ubigint)::bigint", draw, n)
	}
	trips := fmt.Sprintf(`SELECT 1 + %s AS vendor,
  timestamp '%s' + (%s * interval '1 second') AS pickup,
  120 + %s + %s AS seconds,
  CASE WHEN %s < 60 THEN 1 ELSE %s END AS passengers,
  %s AS speed, 1 + %s AS start_zone, 1 + %s AS end_zone, %s AS paid, %s AS extra, %s AS tip, %s AS toll, %s AS stored
FROM generate_series(%d::bigint, %d::bigint) g(i)`,
		u(2), first.Format("2006-01-02"), u(seconds), u(1800), u(1800), u(100), u(7), u(600), u(265), u(265), u(100), u(4), u(25), u(20), u(200), base+1, base+o.Rows)
	fares := fmt.Sprintf(`SELECT vendor, pickup, pickup + seconds * interval '1 second' AS dropoff, passengers,
  (seconds * (300 + speed) / 72000.0)::decimal(8,2) AS distance, start_zone, end_zone,
  CASE WHEN paid < 70 THEN 1 WHEN paid < 98 THEN 2 ELSE 3 + paid %% 2 END AS payment,
  (2.50 + seconds * (300 + speed) / 72000.0 * 2.5 + seconds / 240.0)::decimal(8,2) AS fare,
  (extra * 0.5)::decimal(8,2) AS extra, tip, CASE WHEN toll = 0 THEN 6.12 ELSE 0.00 END::decimal(8,2) AS tolls,
  CASE WHEN stored = 0 THEN 'Y' ELSE 'N' END AS stored FROM (%s) t`, trips)
	paid := fmt.Sprintf(`SELECT *, CASE WHEN payment = 1 THEN (fare * tip / 100.0)::decimal(8,2) ELSE 0.00 END::decimal(8,2) AS tipped FROM (%s) f`, fares)
	columns := `vendor AS "VendorID", pickup AS tpep_pickup_datetime, dropoff AS tpep_dropoff_datetime, passengers AS passenger_count,
  distance::double precision AS trip_distance, 1::bigint AS "RatecodeID", stored AS store_and_fwd_flag, start_zone AS "PULocationID", end_zone AS "DOLocationID",
  payment AS payment_type, fare::double precision AS fare_amount, extra::double precision AS extra, 0.5::double precision AS mta_tax, tipped::double precision AS tip_amount,
  tolls::double precision AS tolls_amount, 0.3::double precision AS improvement_surcharge,
  (fare + extra + 0.5 + tipped + tolls + 0.3)::double precision AS total_amount, 2.5::double precision AS congestion_surcharge`
	return fmt.Sprintf("COPY (SELECT %s FROM (%s) p) TO '%s' (FORMAT %s)", columns, paid, strings.ReplaceAll(path, "'", "''"), o.Format)
}
