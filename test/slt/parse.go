package slt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Kind says what a record expects.
type Kind int

// The kinds of records.
const (
	StatementOK Kind = iota
	StatementError
	Query
)

// Sort is the order in which a query's result is compared.
type Sort string

// The orders of comparison.
const (
	NoSort    Sort = "nosort"
	RowSort   Sort = "rowsort"
	ValueSort Sort = "valuesort"
)

// Record is one statement of a file with what it expects.
type Record struct {
	Line   int // of the header, from 1
	Kind   Kind
	SQL    string
	Types  string // of a Query: one letter for each column; empty if the file leaves them out
	Sort   Sort   // of a Query
	Label  string // of a Query; may be empty
	Expect []string
	State  string         // of a StatementError: the SQLSTATE, or empty
	Place  int            // of a StatementError: the position in the statement, from 1; 0 when it does not matter
	Match  *regexp.Regexp // of a StatementError: may be nil
	skip   []string
	only   []string

	hasResult bool // a line of four dashes was there
	askPlace  bool // the file has, or wants, the position of an error
}

// AppliesTo reports whether the record is meant for the named engine.
func (r *Record) AppliesTo(engine string) bool {
	for _, e := range r.skip {
		if e == engine {
			return false
		}
	}
	for _, e := range r.only {
		if e != engine {
			return false
		}
	}
	return true
}

// File is a parsed test file. Its text is a sequence of parts, each either lines
// to keep as they are or one record.
type File struct {
	Name  string
	parts []part
}

type part struct {
	lines  []string // as written; of a record: everything from its header to its end
	record *Record
}

// Records returns the file's records in order.
func (f *File) Records() []*Record {
	var records []*Record
	for _, p := range f.parts {
		if p.record != nil {
			records = append(records, p.record)
		}
	}
	return records
}

var engines = map[string]bool{"polybolos": true, "duckdb": true, "postgres": true}

// Parse reads a file's text. Its errors name the file and the line.
func Parse(name, text string) (*File, error) {
	file := &File{Name: name}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var skip, only []string
	for i := 0; i < len(lines); {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s", name, i+1, fmt.Sprintf(format, args...))
		}
		words := strings.Fields(lines[i])
		if len(words) == 0 || strings.HasPrefix(lines[i], "#") {
			file.keep(lines[i])
			i++
			continue
		}
		switch words[0] {
		case "skipif", "onlyif":
			if len(words) != 2 || !engines[words[1]] {
				return nil, fail("%s needs one of polybolos, duckdb, postgres", words[0])
			}
			if words[0] == "skipif" {
				skip = append(skip, words[1])
			} else {
				only = append(only, words[1])
			}
			file.keep(lines[i])
			i++
			continue
		case "statement", "query":
		default:
			return nil, fail("a record cannot start with %q", words[0])
		}
		record, err := header(words, lines[i])
		if err != nil {
			return nil, fail("%s", err)
		}
		record.Line, record.skip, record.only = i+1, skip, only
		skip, only = nil, nil
		end := body(record, lines, i+1)
		if record.SQL == "" {
			return nil, fail("the record has no SQL")
		}
		if record.hasResult && record.Kind != Query {
			return nil, fail("only a query has results")
		}
		file.parts = append(file.parts, part{lines: lines[i:end], record: record})
		i = end
	}
	if skip != nil || only != nil {
		return nil, fmt.Errorf("%s:%d: skipif or onlyif without a record", name, len(lines))
	}
	return file, nil
}

func (f *File) keep(line string) {
	f.parts = append(f.parts, part{lines: []string{line}})
}

var (
	sqlState    = regexp.MustCompile(`^([0-9A-Z]{5})?(@([0-9]*))?$`)
	typeLetters = regexp.MustCompile(`^[IDRT]+$`)
)

// header reads the first line of a record.
func header(words []string, line string) (*Record, error) {
	record := &Record{Sort: NoSort}
	if words[0] == "statement" {
		switch {
		case len(words) == 2 && words[1] == "ok":
			return record, nil
		case len(words) >= 2 && words[1] == "error":
			record.Kind = StatementError
			rest := words[2:]
			pattern := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "statement")), "error"))
			if len(rest) > 0 && sqlState.MatchString(rest[0]) {
				parts := sqlState.FindStringSubmatch(rest[0])
				record.State, record.askPlace = parts[1], parts[2] != ""
				record.Place, _ = strconv.Atoi(parts[3])
				pattern = strings.TrimSpace(strings.TrimPrefix(pattern, rest[0]))
			}
			if pattern != "" {
				match, err := regexp.Compile("(?i)" + pattern)
				if err != nil {
					return nil, err
				}
				record.Match = match
			}
			return record, nil
		}
		return nil, fmt.Errorf("a statement is %q or %q", "ok", "error")
	}
	record.Kind = Query
	rest := words[1:]
	if len(rest) > 0 && typeLetters.MatchString(rest[0]) {
		record.Types, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		switch s := Sort(rest[0]); s {
		case NoSort, RowSort, ValueSort:
			record.Sort, rest = s, rest[1:]
		}
	}
	if len(rest) > 0 {
		record.Label, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("unexpected %q after the label", rest[0])
	}
	return record, nil
}

// body reads a record's SQL and results from lines[from:] and returns the index
// of the line after it.
func body(record *Record, lines []string, from int) int {
	var sql []string
	i := from
	for ; i < len(lines) && lines[i] != ""; i++ {
		if lines[i] == "----" {
			record.hasResult = true
			i++
			break
		}
		sql = append(sql, lines[i])
	}
	record.SQL = strings.Join(sql, "\n")
	if record.hasResult {
		for ; i < len(lines) && lines[i] != ""; i++ {
			record.Expect = append(record.Expect, lines[i])
		}
	}
	return i
}
