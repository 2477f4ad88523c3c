package slt

import (
	"errors"
	"testing"
)

type placed struct {
	error
	at int
}

func (p placed) SQLState() string { return "42703" }
func (p placed) Place() int       { return p.at }

// A header may say where in the statement an error is.
func TestErrorPlace(t *testing.T) {
	for _, c := range []struct {
		header string
		at     int
		right  bool
	}{
		{"statement error 42703@8", 8, true},
		{"statement error 42703@8 column", 9, false},
		{"statement error 42703", 9, true},
		{"statement error @8", 8, true},
		{"statement error @", 3, true},
		{"statement error 42P01@8", 8, false},
	} {
		file, err := Parse("place.slt", c.header+"\nSELECT x\n")
		if err != nil {
			t.Fatal(err)
		}
		reason := judgeError(file.Records()[0], "polybolos", placed{errors.New("column x"), c.at})
		if (reason == "") != c.right {
			t.Errorf("%s, error at %d: %q", c.header, c.at, reason)
		}
	}
}
