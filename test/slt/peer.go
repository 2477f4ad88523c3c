package slt

import (
	"context"
	"strings"

	"github.com/polybolos-db/polybolos/test/reference"
)

// peer is a Conn to another engine in a child process.
type peer struct{ process *reference.Process }

// Peer returns a connection to the engine that the child process is. Closing the
// connection ends the process.
func Peer(process *reference.Process) Conn { return peer{process} }

func (p peer) Exec(_ context.Context, sql string) (Result, error) {
	answer, err := p.process.Query(sql)
	if err != nil {
		return Result{}, err
	}
	var result Result
	letters := make([]byte, len(answer.Columns))
	for i, c := range answer.Columns {
		result.Columns = append(result.Columns, c.Name)
		letters[i] = letter(c.Type)
	}
	result.Types = string(letters)
	for _, cells := range answer.Rows {
		row := make([]Value, len(cells))
		for i, c := range cells {
			if c == nil {
				row[i].Null = true
			} else {
				row[i].Text = *c
			}
		}
		result.Rows = append(result.Rows, row)
	}
	return result, nil
}

func (p peer) Close() error { return p.process.Close() }

// letter returns the type letter of a canonical type name.
func letter(name string) byte {
	base, _, _ := strings.Cut(name, "(")
	switch base {
	case "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint":
		return 'I'
	case "decimal":
		if strings.HasSuffix(name, "]") {
			return 'T'
		}
		return 'D'
	case "real", "double":
		return 'R'
	}
	return 'T'
}
