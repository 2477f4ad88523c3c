package csv

import (
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

type headerMode uint8

const (
	headerAuto headerMode = iota
	headerYes
	headerNo
	headerNames // the first row is one when it has the columns' names
)

// dialect is how a file is written.
type dialect struct {
	header                   headerMode
	delimiter, quote, escape byte
	nulls                    []string // fields that are NULL; the first is what is written
	sample                   int
	gzip, zstd               bool
	given                    bool // the delimiter is, by an option or the file's name
	quoteGiven               bool
	noDetect                 bool

	comment   byte // what a line that is passed over begins with, 0: none is
	skip      int  // lines at the beginning that are passed over
	padding   bool // rows may have too few fields: those that are missing are NULL
	ignore    bool // bad rows are passed over
	allText   bool // no types are inferred
	decimal   byte // what stands before the fraction of a number
	date      *timeFormat
	timestamp *timeFormat
	maxRow    int
	encoding  string         // not UTF-8: the canonical name of another one
	zone      *time.Location // in which timestamps with time zone are written; nil: UTC

	forceQuote []string // columns whose values are always quoted when written; "*": all
}

// cuttable reports whether row borders can be found by counting quotes.
func (d *dialect) cuttable() bool {
	return !d.compressed() && d.escape == d.quote && d.comment == 0 && d.encoding == ""
}

func (d *dialect) compressed() bool { return d.gzip || d.zstd }

// null is the text that is written for NULL.
func (d *dialect) null() string { return d.nulls[0] }

// defaultSample is the number of rows that types are inferred from, as many as peers take.
const defaultSample = 20480

// optionNames are the options, for hints.
const optionNames = "header, delimiter, quote, escape, null, sample_size, auto_detect, compression, comment, skip, null_padding, ignore_errors, all_varchar, " +
	"decimal_separator, dateformat, timestampformat, max_line_size, encoding, timezone and force_quote"

func parseOptions(options map[string]string, url string) (dialect, error) {
	d := dialect{delimiter: ',', quote: '"', sample: defaultSample, decimal: '.', maxRow: maxRow, nulls: []string{""}}
	d.byName(strings.ToLower(url))
	keys := make([]string, 0, len(options))
	for k := range options {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	p := optionParser{dialect: &d}
	for _, k := range keys {
		if err := p.parse(k, options[k]); err != nil {
			return d, err
		}
	}
	if !p.escape {
		d.escape = d.quote
	}
	return d, d.check()
}

// byName takes what a file's name tells.
func (d *dialect) byName(url string) {
	d.gzip, d.zstd = strings.HasSuffix(url, ".gz"), strings.HasSuffix(url, ".zst")
	switch name := strings.TrimSuffix(strings.TrimSuffix(url, ".gz"), ".zst"); {
	case strings.HasSuffix(name, ".tsv"):
		d.delimiter, d.given = '\t', true
	case strings.HasSuffix(name, ".tbl"):
		d.delimiter, d.given = '|', true
	}
}

// check refuses what does not go together.
func (d *dialect) check() error {
	special := []byte{d.delimiter, d.quote, d.comment, d.decimal}
	names := []string{"delimiter", "quote", "comment", "decimal_separator"}
	for i, a := range special {
		for k, b := range special[:i] {
			if a != 0 && a == b && (d.given || a != ',' || names[i] != "decimal_separator") {
				return fault.New(fault.InvalidParameterValue, "CSV options %s and %s must differ", names[k], names[i])
			}
		}
	}
	for _, n := range d.nulls {
		if strings.IndexByte(n, d.delimiter) >= 0 {
			return fault.New(fault.InvalidParameterValue, "CSV option null must not contain the delimiter")
		}
	}
	return nil
}

// optionParser reads options into a dialect.
type optionParser struct {
	*dialect
	escape bool // given
}

func bad(k, want, v string) error {
	return fault.New(fault.InvalidParameterValue, "CSV option %s is %s, not %q", k, want, v)
}

// one reads a single character of ASCII; empty stands for none where that may be.
func one(k, v string, none bool, dst *byte) error {
	if v == `\t` {
		v = "\t"
	}
	if v == "" && none {
		*dst = 0
		return nil
	}
	if len(v) != 1 || v[0] >= 0x80 || v == "\n" || v == "\r" {
		return bad(k, "one character of ASCII", v)
	}
	*dst = v[0]
	return nil
}

func truth(k, v string, dst *bool) error {
	switch strings.ToLower(v) {
	case "true", "on", "1", "yes", "":
		*dst = true
	case "false", "off", "0", "no":
		*dst = false
	default:
		return bad(k, "true or false", v)
	}
	return nil
}

func integer(k, v, want string, low, high int, dst *int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return bad(k, want, v)
	}
	*dst = n
	return nil
}

// list reads a list of texts as JSON, or one text.
func list(v string) []string {
	var out []string
	if strings.HasPrefix(v, "[") && json.Unmarshal([]byte(v), &out) == nil && len(out) > 0 {
		return out
	}
	return []string{v}
}

func (p *optionParser) parse(k, v string) (err error) {
	switch k {
	case "header":
		return p.parseHeader(k, v)
	case "delimiter", "delim", "sep", "separator":
		p.given = true
		return one(k, v, false, &p.delimiter)
	case "auto_detect":
		var on bool
		err = truth(k, v, &on)
		p.noDetect = !on
		return err
	case "quote":
		p.quoteGiven = true
		return one(k, v, true, &p.quote)
	case "escape":
		p.escape = true
		return one(k, v, false, &p.dialect.escape)
	case "null", "nullstr", "null_string", "na_values":
		p.nulls = list(v)
		if slices.ContainsFunc(p.nulls, func(s string) bool { return strings.ContainsAny(s, "\r\n") }) {
			return bad(k, "a text within a line", v)
		}
		return nil
	case "sample_size":
		err = integer(k, v, "a number of rows, or -1 for all", -1, 1<<40, &p.sample)
		if err == nil && p.sample == 0 {
			return bad(k, "a number of rows, or -1 for all", v)
		}
		return err
	case "compression":
		return p.parseCompression(k, v)
	case "comment":
		return one(k, v, true, &p.comment)
	case "skip":
		return integer(k, v, "a number of lines", 0, 1<<40, &p.skip)
	case "null_padding":
		return truth(k, v, &p.padding)
	case "ignore_errors":
		return truth(k, v, &p.ignore)
	case "all_varchar":
		return truth(k, v, &p.allText)
	case "decimal_separator", "decimal":
		if v != "." && v != "," {
			return bad(k, "a point or a comma", v)
		}
		p.decimal = v[0]
		return nil
	case "dateformat", "date_format":
		if p.date, err = newTimeFormat(v); err != nil {
			return bad(k, err.Error(), v)
		}
		return nil
	case "timestampformat", "timestamp_format":
		if p.timestamp, err = newTimeFormat(v); err != nil {
			return bad(k, err.Error(), v)
		}
		return nil
	case "max_line_size", "maximum_line_size":
		return integer(k, v, "a number of bytes from 1 to "+strconv.Itoa(maxRow), 1, maxRow, &p.maxRow)
	case "encoding":
		return p.parseEncoding(k, v)
	case "timezone":
		if p.zone, err = time.LoadLocation(v); err != nil {
			return bad(k, "the name of a time zone", v)
		}
		return nil
	case "force_quote":
		if p.forceQuote = list(v); len(p.forceQuote) == 1 && !strings.HasPrefix(v, "[") {
			p.forceQuote = nil
			for _, n := range strings.Split(strings.Trim(v, "()"), ",") {
				p.forceQuote = append(p.forceQuote, strings.TrimSpace(n))
			}
		}
		return nil
	}
	return fault.New(fault.InvalidParameterValue, "CSV has no option %q", k).WithHint("options are %s", optionNames)
}

func (p *optionParser) parseHeader(k, v string) error {
	switch strings.ToLower(v) {
	case "auto":
		p.header = headerAuto
		return nil
	case "names":
		p.header = headerNames
		return nil
	}
	var on bool
	if err := truth(k, v, &on); err != nil {
		return err
	}
	if p.header = headerNo; on {
		p.header = headerYes
	}
	return nil
}

func (p *optionParser) parseCompression(k, v string) error {
	switch strings.ToLower(v) {
	case "gzip", "gz":
		p.gzip, p.zstd = true, false
	case "zstd", "zst":
		p.gzip, p.zstd = false, true
	case "none", "uncompressed":
		p.gzip, p.zstd = false, false
	case "auto", "auto_detect":
	default:
		return bad(k, "gzip, zstd or none", v)
	}
	return nil
}

func (p *optionParser) parseEncoding(k, v string) error {
	name := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(v))
	switch name {
	case "utf-8", "utf8", "unicode":
		p.encoding = ""
		return nil
	case "latin-1", "latin1", "iso8859-1":
		name = "iso-8859-1"
	case "latin-9", "latin9":
		name = "iso-8859-15"
	case "cp1252", "win1252":
		name = "windows-1252"
	case "utf16":
		name = "utf-16"
	}
	if encodings[name] == nil {
		return bad(k, "utf-8, utf-16, iso-8859-1, iso-8859-15 or windows-1252", v)
	}
	p.encoding = name
	return nil
}
