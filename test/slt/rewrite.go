package slt

import (
	"context"
	"fmt"
	"strings"
)

// Source is an engine that expected results are taken from.
type Source struct {
	Name string // duckdb or postgres
	Conn Conn
}

// Rewrite runs a file on the sources and returns its text with every query's
// types and expected rows, and every failing statement's SQLSTATE, as the sources
// gave them. Everything else stays as it was. Where sources disagree with each
// other, or a statement does not do what its header says, the record stays as it
// was and is reported.
func Rewrite(ctx context.Context, file *File, sources []Source, variables map[string]string) (string, []*Failure) {
	var out strings.Builder
	var failures []*Failure
	for _, p := range file.parts {
		kept := p.lines
		if p.record != nil {
			fresh, reason := renew(ctx, p, sources, variables)
			if reason != "" {
				failures = append(failures, &Failure{File: file.Name, Line: p.record.Line, SQL: p.record.SQL, Reason: reason})
			} else {
				kept = fresh
			}
		}
		for _, line := range kept {
			out.WriteString(line)
			out.WriteByte('\n')
		}
	}
	return out.String(), failures
}

// outcome is what one source said to a record.
type outcome struct {
	source string
	result Result
	err    error
}

func renew(ctx context.Context, p part, sources []Source, variables map[string]string) ([]string, string) {
	record := p.record
	var outcomes []outcome
	for _, s := range sources {
		if record.AppliesTo(s.Name) {
			result, err := s.Conn.Exec(ctx, substitute(record.SQL, variables))
			outcomes = append(outcomes, outcome{s.Name, result, err})
		}
	}
	if len(outcomes) == 0 {
		return p.lines, ""
	}
	for _, o := range outcomes {
		if record.Kind != StatementError && o.err != nil {
			return nil, fmt.Sprintf("%s: %s %s", o.source, state(o.err), o.err)
		}
		if record.Kind == StatementError && o.err == nil {
			return nil, o.source + ": expected an error, got success"
		}
	}
	switch record.Kind {
	case StatementError:
		return renewError(p, outcomes)
	case Query:
		return renewQuery(p, outcomes)
	}
	return p.lines, ""
}

func renewError(p part, outcomes []outcome) ([]string, string) {
	code, at := "", 0
	for _, o := range outcomes {
		if s := state(o.err); s != "" {
			code, at = s, place(o.err)
		}
	}
	record := p.record
	if code == "" {
		return p.lines, ""
	}
	if record.State != "" && record.State != code {
		return nil, fmt.Sprintf("the file says SQLSTATE %s, the source %s", record.State, code)
	}
	if record.Place != 0 && record.Place != at {
		return nil, fmt.Sprintf("the file says position %d, the source %d", record.Place, at)
	}
	pattern := strings.TrimSpace(strings.TrimPrefix(p.lines[0], "statement error"))
	if words := strings.Fields(pattern); len(words) > 0 && sqlState.MatchString(words[0]) {
		pattern = strings.TrimSpace(strings.TrimPrefix(pattern, words[0]))
	}
	header := "statement error " + code
	if record.askPlace && at != 0 {
		header += fmt.Sprintf("@%d", at)
	}
	return append([]string{strings.TrimSpace(header + " " + pattern)}, p.lines[1:]...), ""
}

func renewQuery(p part, outcomes []outcome) ([]string, string) {
	record := p.record
	first := outcomes[0].result
	types := []byte(first.Types)
	for _, o := range outcomes[1:] {
		if len(o.result.Types) != len(types) {
			return nil, fmt.Sprintf("%s has %d columns, %s has %d", outcomes[0].source, len(types), o.source, len(o.result.Types))
		}
		for i := range types {
			types[i] = common(types[i], o.result.Types[i], first, i)
		}
	}
	expect := lines(first, record.Sort)
	for _, o := range outcomes[1:] {
		if reason := difference(string(types), record.Sort, expect, o.result); reason != "" {
			return nil, fmt.Sprintf("%s and %s differ (expected is %s): %s", outcomes[0].source, o.source, outcomes[0].source, reason)
		}
	}
	header := "query " + string(types)
	if record.Sort != NoSort {
		header += " " + string(record.Sort)
	}
	if record.Label != "" {
		header += " " + record.Label
	}
	fresh := append([]string{header}, strings.Split(record.SQL, "\n")...)
	fresh = append(fresh, "----")
	return append(fresh, expect...), ""
}

// common is the letter for a column that is a in one engine and b in another.
func common(a, b byte, first Result, column int) byte {
	if a == b {
		return a
	}
	empty := true
	for _, row := range first.Rows {
		empty = empty && row[column].Null
	}
	if empty {
		return 'T'
	}
	if a != 'T' && b != 'T' {
		if a == 'R' || b == 'R' {
			return 'R'
		}
		return 'D'
	}
	return a // the comparison reports it
}
