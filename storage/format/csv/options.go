package csv

import (
	"sort"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

type headerMode uint8

const (
	headerAuto headerMode = iota
	headerYes
	headerNo
)

// dialect is how a file is written.
type dialect struct {
	header                   headerMode
	delimiter, quote, escape byte
	null                     string
	sample                   int
	gzip                     bool
}

// defaultSample is the number of rows that types are inferred from, as many as peers take.
const defaultSample = 20480

func parseOptions(options map[string]string, url string) (dialect, error) {
	d := dialect{delimiter: ',', quote: '"', sample: defaultSample, gzip: strings.HasSuffix(strings.ToLower(url), ".gz")}
	switch name := strings.TrimSuffix(strings.ToLower(url), ".gz"); {
	case strings.HasSuffix(name, ".tsv"):
		d.delimiter = '\t'
	case strings.HasSuffix(name, ".tbl"):
		d.delimiter = '|'
	}
	keys := make([]string, 0, len(options))
	for k := range options {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	bad := func(k, want string) error {
		return fault.New(fault.InvalidParameterValue, "CSV option %s is %s, not %q", k, want, options[k])
	}
	escape := false
	for _, k := range keys {
		v := options[k]
		one := func(dst *byte) error {
			if v == `\t` {
				v = "\t"
			}
			if len(v) != 1 || v[0] >= 0x80 || v == "\n" || v == "\r" {
				return bad(k, "one character of ASCII")
			}
			*dst = v[0]
			return nil
		}
		var err error
		switch k {
		case "header":
			switch strings.ToLower(v) {
			case "true", "on", "1", "yes", "":
				d.header = headerYes
			case "false", "off", "0", "no":
				d.header = headerNo
			case "auto":
			default:
				err = bad(k, "true or false")
			}
		case "delimiter", "delim", "sep", "separator":
			err = one(&d.delimiter)
		case "quote":
			if v == "" {
				d.quote = 0
			} else {
				err = one(&d.quote)
			}
		case "escape":
			escape, err = true, one(&d.escape)
		case "null", "nullstr", "null_string":
			if strings.ContainsAny(v, "\r\n") {
				err = bad(k, "a text within a line")
			}
			d.null = v
		case "sample_size":
			if d.sample, err = strconv.Atoi(v); err != nil || d.sample < -1 || d.sample == 0 {
				err = bad(k, "a number of rows, or -1 for all")
			}
		case "compression":
			switch strings.ToLower(v) {
			case "gzip", "gz":
				d.gzip = true
			case "none", "uncompressed":
				d.gzip = false
			case "auto":
			default:
				err = bad(k, "gzip or none")
			}
		default:
			err = fault.New(fault.InvalidParameterValue, "CSV has no option %q", k).
				WithHint("options are header, delimiter, quote, escape, null, sample_size and compression")
		}
		if err != nil {
			return d, err
		}
	}
	if !escape {
		d.escape = d.quote
	}
	if d.delimiter == d.quote {
		return d, fault.New(fault.InvalidParameterValue, "CSV options delimiter and quote must differ")
	}
	if strings.IndexByte(d.null, d.delimiter) >= 0 {
		return d, fault.New(fault.InvalidParameterValue, "CSV option null must not contain the delimiter")
	}
	return d, nil
}
