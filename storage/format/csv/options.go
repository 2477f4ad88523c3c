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
	gzip, zstd               bool
	given                    bool // the delimiter is, by an option or the file's name
	quoteGiven               bool
	noDetect                 bool
}

func (d *dialect) compressed() bool { return d.gzip || d.zstd }

// defaultSample is the number of rows that types are inferred from, as many as peers take.
const defaultSample = 20480

func parseOptions(options map[string]string, url string) (dialect, error) {
	d := dialect{delimiter: ',', quote: '"', sample: defaultSample, gzip: strings.HasSuffix(strings.ToLower(url), ".gz"),
		zstd: strings.HasSuffix(strings.ToLower(url), ".zst")}
	switch name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(url), ".gz"), ".zst"); {
	case strings.HasSuffix(name, ".tsv"):
		d.delimiter, d.given = '\t', true
	case strings.HasSuffix(name, ".tbl"):
		d.delimiter, d.given = '|', true
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
			d.given, err = true, one(&d.delimiter)
		case "auto_detect":
			switch strings.ToLower(v) {
			case "true", "on", "1", "yes", "":
			case "false", "off", "0", "no":
				d.noDetect = true
			default:
				err = bad(k, "true or false")
			}
		case "quote":
			d.quoteGiven = true
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
				d.gzip, d.zstd = true, false
			case "zstd", "zst":
				d.gzip, d.zstd = false, true
			case "none", "uncompressed":
				d.gzip, d.zstd = false, false
			case "auto":
			default:
				err = bad(k, "gzip, zstd or none")
			}
		default:
			err = fault.New(fault.InvalidParameterValue, "CSV has no option %q", k).
				WithHint("options are header, delimiter, quote, escape, null, sample_size, auto_detect and compression")
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
