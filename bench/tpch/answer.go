package tpch

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/bench/tpchgen"
)

//go:embed answers
var answerFiles embed.FS

// Table is a result as text: a nil cell is NULL.
type Table struct {
	Names []string
	Types []string // SQL type names; those of floats are real and double [precision]
	Rows  [][]*string
}

// ErrNoReference says that no answers are committed for the data.
var ErrNoReference = errors.New("no reference answers for this scale factor")

// Answer is the committed answer to query n at a scale factor.
func Answer(scaleFactor float64, n int) (*Table, error) {
	text, err := answerFiles.ReadFile(fmt.Sprintf("answers/%s/q%02d.tsv", folderOf(scaleFactor), n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoReference
	}
	if err != nil {
		return nil, err
	}
	return parseAnswer(string(text))
}

func folderOf(scaleFactor float64) string {
	return "sf" + strconv.FormatFloat(scaleFactor, 'f', -1, 64)
}

// parseAnswer reads a line of names, a line of types and the rows, separated by tabs; \N is NULL, and a backslash goes before t, n, r and itself.
func parseAnswer(text string) (*Table, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 {
		return nil, errors.New("answer without its two header lines")
	}
	t := &Table{Names: strings.Split(lines[0], "\t"), Types: strings.Split(lines[1], "\t")}
	for i, l := range lines[2:] {
		cells := strings.Split(l, "\t")
		if len(cells) != len(t.Names) || len(cells) != len(t.Types) {
			return nil, fmt.Errorf("answer row %d has %d cells for %d columns", i+1, len(cells), len(t.Names))
		}
		row := make([]*string, len(cells))
		for k, c := range cells {
			if c != `\N` {
				v := unescape.Replace(c)
				row[k] = &v
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

var unescape = strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\r`, "\r", `\\`, `\`)

// CheckData compares a manifest with that of the data from which the committed answers were made: ErrNoReference when there are none, an
// error that names the table where the data differs.
func CheckData(m *tpchgen.Manifest) error {
	text, err := answerFiles.ReadFile("answers/" + folderOf(m.ScaleFactor) + "/manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoReference
	}
	if err != nil {
		return err
	}
	var want tpchgen.Manifest
	if err := json.Unmarshal(text, &want); err != nil {
		return fmt.Errorf("manifest of the answers: %w", err)
	}
	have := map[string]string{}
	for _, t := range m.Tables {
		have[t.Name] = fmt.Sprint(t.Rows, " rows, checksum ", t.Checksum)
	}
	for _, t := range want.Tables {
		if w := fmt.Sprint(t.Rows, " rows, checksum ", t.Checksum); have[t.Name] != w {
			return fmt.Errorf("table %s has %s, the answers were made from %s", t.Name, have[t.Name], w)
		}
	}
	return nil
}
