package tpchgen

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// ManifestName is the name of the manifest in the data's directory.
const ManifestName = "manifest.json"

// Manifest says what a run generated. It is written last, so data with a manifest is whole.
type Manifest struct {
	ScaleFactor  float64         `json:"scale_factor"`
	Codec        string          `json:"codec"`
	RowGroupRows int             `json:"row_group_rows"`
	Tables       []TableManifest `json:"tables"`
}

// TableManifest is one table's part of a manifest.
type TableManifest struct {
	Name     string           `json:"name"`
	Rows     int64            `json:"rows"`
	Bytes    int64            `json:"bytes"`    // of all files
	Checksum Checksum         `json:"checksum"` // of all columns and the row count
	Columns  []ColumnManifest `json:"columns"`
	Files    []FileManifest   `json:"files"` // in row order
}

// ColumnManifest is the checksum of a column over all rows.
type ColumnManifest struct {
	Name     string   `json:"name"`
	Checksum Checksum `json:"checksum"`
}

// FileManifest is one file of a table.
type FileManifest struct {
	Path  string `json:"path"` // from the manifest's directory, with slashes
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// Table returns the part of a table, nil when the run did not generate it.
func (m *Manifest) Table(name string) *TableManifest {
	for i := range m.Tables {
		if m.Tables[i].Name == name {
			return &m.Tables[i]
		}
	}
	return nil
}

// ReadManifest reads the manifest of the data in dir. The error wraps fs.ErrNotExist when there is none.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	m := new(Manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("reading the manifest %s: %w", path, err)
	}
	return m, nil
}

// write stores the manifest in dir, under its name only when it is whole.
func (m *Manifest) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	path := filepath.Join(dir, ManifestName)
	if err := os.WriteFile(path+temporarySuffix, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return os.Rename(path+temporarySuffix, path)
}
