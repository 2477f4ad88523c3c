// Command duckdb is DuckDB as a peer of the benchmarks. Package bench/peer of the main module explains what it says and hears.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/polybolos-db/polybolos/test/oracle"
)

type hello struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type request struct {
	SQL string `json:"sql"`
}

type result struct {
	Seconds float64         `json:"seconds"`
	Columns []oracle.Column `json:"columns,omitempty"`
	Rows    [][]*string     `json:"rows,omitempty"`
	Error   string          `json:"error,omitempty"`
}

type goodbye struct {
	PeakBytes int64 `json:"peak_bytes"`
}
