package oracle

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// WriteTSV writes an answer as text: a line of column names, a line of type
// names, then one line for each row, in the answer's order. Cells are separated
// by tabs. Backslash, tab, newline and carriage return inside a cell are written
// as \\, \t, \n and \r; NULL is \N.
func WriteTSV(w io.Writer, a *Answer) error {
	out := bufio.NewWriter(w)
	names := make([]string, len(a.Columns))
	types := make([]string, len(a.Columns))
	for i, c := range a.Columns {
		names[i], types[i] = escape.Replace(c.Name), c.Type
	}
	line := func(cells []string) {
		_, _ = out.WriteString(strings.Join(cells, "\t")) // an error stays in out until Flush
		_ = out.WriteByte('\n')
	}
	line(names)
	line(types)
	cells := make([]string, len(a.Columns))
	for _, row := range a.Rows {
		for i, c := range row {
			cells[i] = `\N`
			if c != nil {
				cells[i] = escape.Replace(*c)
			}
		}
		line(cells)
	}
	return out.Flush()
}

var escape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// WriteAnswers runs each q*.sql of queriesDir over the Parquet files in dataDir
// and writes out/<name>.tsv, and out/manifest.json with the scale factor and each
// table's name, row count and checksum as the data's own manifest has them, so
// that a reader can tell for which data the answers hold. It returns the names written.
func WriteAnswers(ctx context.Context, d *DuckDB, dataDir, queriesDir, out string) ([]string, error) {
	if err := createViews(ctx, d, "tpch", dataDir); err != nil {
		return nil, err
	}
	if _, err := d.Query(ctx, "SET schema = 'tpch'"); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(queriesDir, "q*.sql"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no q*.sql in %s", queriesDir)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		query, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		answer, err := d.Query(ctx, string(query))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		if err := writeFile(filepath.Join(out, name+".tsv"), answer); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, copyManifest(filepath.Join(dataDir, "manifest.json"), filepath.Join(out, "manifest.json"))
}

func writeFile(path string, a *Answer) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := WriteTSV(f, a); err != nil {
		_ = f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}

// dataManifest is the part of a data manifest that says which rows the tables
// have; how they are encoded does not matter to an answer.
type dataManifest struct {
	ScaleFactor float64 `json:"scale_factor"`
	Tables      []struct {
		Name     string          `json:"name"`
		Rows     int64           `json:"rows"`
		Checksum json.RawMessage `json:"checksum"`
	} `json:"tables"`
}

func copyManifest(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("the data has no manifest: %w", err)
	}
	var manifest dataManifest
	if err := json.Unmarshal(content, &manifest); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	for _, t := range manifest.Tables {
		if len(t.Checksum) == 0 {
			return fmt.Errorf("%s: table %s has no checksum", from, t.Name)
		}
	}
	short, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(short, '\n'), 0o644)
}
