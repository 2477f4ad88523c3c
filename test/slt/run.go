package slt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Conn is a connection to an engine. Exec runs one statement. The runner closes
// what it was given when the file ends.
type Conn interface {
	Exec(ctx context.Context, sql string) (Result, error)
	Close() error
}

// Options say how a file runs.
type Options struct {
	// Engine is the name that skipif and onlyif mean: polybolos, duckdb or postgres.
	Engine string
	// Variables replace ${name} in SQL.
	Variables map[string]string
	// Before are statements to run first.
	Before []string
}

// Failure is one record that did not do what the file expects.
type Failure struct {
	File   string
	Line   int
	SQL    string
	Reason string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s:%d:\n%s\n%s", f.File, f.Line, f.SQL, f.Reason)
}

// Run runs every record that applies to the engine, in order, on the connection,
// and returns how many ran and the failures. A failure does not stop the file.
func Run(ctx context.Context, file *File, conn Conn, options Options) (int, []*Failure) {
	var failures []*Failure
	for _, sql := range options.Before {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return 0, []*Failure{{File: file.Name, SQL: sql, Reason: "before the file: " + err.Error()}}
		}
	}
	labels := map[string][]string{}
	ran := 0
	for _, record := range file.Records() {
		if !record.AppliesTo(options.Engine) {
			continue
		}
		ran++
		sql := substitute(record.SQL, options.Variables)
		result, err := conn.Exec(ctx, sql)
		if reason := judge(record, options.Engine, result, err, labels); reason != "" {
			failures = append(failures, &Failure{File: file.Name, Line: record.Line, SQL: sql, Reason: reason})
		}
	}
	return ran, failures
}

func substitute(sql string, variables map[string]string) string {
	for name, value := range variables {
		sql = strings.ReplaceAll(sql, "${"+name+"}", value)
	}
	return sql
}

// judge says what is wrong with a record's outcome; nothing if it is right.
func judge(record *Record, engine string, result Result, err error, labels map[string][]string) string {
	if record.Kind == StatementError {
		return judgeError(record, engine, err)
	}
	if err != nil {
		return "expected success, got the error " + state(err) + " " + err.Error()
	}
	if record.Kind == StatementOK {
		return ""
	}
	if !record.hasResult {
		return "the file has no expected result for this query; write it with the command regen"
	}
	if reason := difference(record.Types, record.Sort, record.Expect, result); reason != "" {
		return reason
	}
	if record.Label == "" {
		return ""
	}
	got := lines(result, record.Sort)
	if first, ok := labels[record.Label]; ok && !slices.Equal(first, got) {
		return fmt.Sprintf("the result differs from the first query with the label %s", record.Label)
	}
	labels[record.Label] = got
	return ""
}

func judgeError(record *Record, engine string, err error) string {
	switch {
	case err == nil:
		return "expected an error, got success"
	case engine == "duckdb": // has no SQLSTATE, and words of its own
		return ""
	case record.State != "" && state(err) != record.State:
		return fmt.Sprintf("expected SQLSTATE %s, got %q: %s", record.State, state(err), err)
	case record.Place != 0 && place(err) != record.Place:
		return fmt.Sprintf("expected an error at position %d, got %d: %s", record.Place, place(err), err)
	case engine == "polybolos" && record.Match != nil && !record.Match.MatchString(err.Error()):
		return fmt.Sprintf("expected an error that matches %q, got %s", strings.TrimPrefix(record.Match.String(), "(?i)"), err)
	}
	return ""
}

// place returns the position in the statement that an error is about, 0 when it tells none.
func place(err error) int {
	if placed, ok := errors.AsType[interface {
		error
		Place() int
	}](err); ok {
		return placed.Place()
	}
	return 0
}

// state returns an error's SQLSTATE; it is empty for an engine that has none.
func state(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}
