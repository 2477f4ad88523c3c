package json

import (
	"strconv"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// settings are the options.
type settings struct {
	compression string // "", "gzip", "zstd"
	sample      int    // objects that types are inferred from, -1: all
	layout      layout
	records     recordsMode
	ignore      bool
	maxObject   int            // bytes of an object
	maxDepth    int            // of the types inferred; what is deeper is text
	array       bool           // an array is written
	zone        *time.Location // in which timestamps with time zone are written; nil: UTC
}

// recordsMode says whether values are rows of their members, or a column.
type recordsMode uint8

const (
	recordsAuto recordsMode = iota
	recordsYes
	recordsNo
)

const (
	defaultSample    = 20480
	defaultMaxObject = 16 << 20
	maxMaxObject     = 256 << 20
)

func parse(options map[string]string, url string) (settings, error) {
	s := settings{sample: defaultSample, maxObject: defaultMaxObject, maxDepth: maxDepth}
	name := strings.ToLower(url)
	switch {
	case strings.HasSuffix(name, ".gz"):
		s.compression = "gzip"
	case strings.HasSuffix(name, ".zst"):
		s.compression = "zstd"
	}
	for k, v := range options {
		if k == "timezone" {
			zone, err := time.LoadLocation(v)
			if err != nil {
				return s, fault.New(fault.InvalidParameterValue, "JSON option timezone is the name of a time zone, not %q", v)
			}
			s.zone = zone
			continue
		}
		if err := s.parse(k, strings.ToLower(v)); err != nil {
			return s, err
		}
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	if s.layout == auto && options["format"] == "" && (strings.HasSuffix(name, ".ndjson") || strings.HasSuffix(name, ".jsonl")) {
		s.layout = lines
	}
	return s, nil
}

func (s *settings) parse(k, v string) error {
	bad := func(want string) error {
		return fault.New(fault.InvalidParameterValue, "JSON option %s is %s, not %q", k, want, v)
	}
	truth := func(dst *bool) error {
		switch v {
		case "true", "on", "1", "yes", "":
			*dst = true
		case "false", "off", "0", "no":
			*dst = false
		default:
			return bad("true or false")
		}
		return nil
	}
	number := func(dst *int, low, high int, want string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < low || n > high {
			return bad(want)
		}
		*dst = n
		return nil
	}
	switch k {
	case "compression":
		switch v {
		case "gzip", "gz":
			s.compression = "gzip"
		case "zstd", "zst":
			s.compression = "zstd"
		case "none", "uncompressed":
			s.compression = ""
		case "auto", "auto_detect":
		default:
			return bad("gzip, zstd or none")
		}
	case "sample_size":
		if err := number(&s.sample, -1, 1<<40, "a number of objects, or -1 for all"); err != nil || s.sample == 0 {
			return bad("a number of objects, or -1 for all")
		}
	case "format":
		switch v {
		case "auto":
			s.layout = auto
		case "newline_delimited", "nd", "lines":
			s.layout = lines
		case "array":
			s.layout = array
		case "unstructured":
			s.layout = loose
		default:
			return bad("auto, newline_delimited, array or unstructured")
		}
	case "records":
		if v == "auto" {
			s.records = recordsAuto
			return nil
		}
		var on bool
		err := truth(&on)
		if s.records = recordsNo; on {
			s.records = recordsYes
		}
		return err
	case "ignore_errors":
		return truth(&s.ignore)
	case "maximum_object_size", "max_object_size":
		return number(&s.maxObject, 1, maxMaxObject, "a number of bytes from 1 to "+strconv.Itoa(maxMaxObject))
	case "maximum_depth", "max_depth":
		if err := number(&s.maxDepth, -1, maxDepth, "a depth from 1 to "+strconv.Itoa(maxDepth)+", or -1 for the greatest"); err != nil || s.maxDepth == 0 {
			return bad("a depth from 1 to " + strconv.Itoa(maxDepth) + ", or -1 for the greatest")
		}
		if s.maxDepth < 0 {
			s.maxDepth = maxDepth
		}
	case "array":
		return truth(&s.array)
	case "auto_detect":
		return truth(new(bool))
	default:
		return fault.New(fault.InvalidParameterValue, "JSON has no option %q", k).
			WithHint("options are format, records, columns, sample_size, maximum_object_size, maximum_depth, ignore_errors, array, timezone and compression")
	}
	return nil
}
