package tpch

import (
	"embed"
	"fmt"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// Queries is the number of queries.
const Queries = 22

// Query is the text of query n, from 1 to 22.
func Query(n int) (string, error) {
	text, err := queryFiles.ReadFile(fmt.Sprintf("queries/q%02d.sql", n))
	if err != nil {
		return "", fmt.Errorf("there is no query %d: they are numbered 1 to %d", n, Queries)
	}
	return string(text), nil
}
