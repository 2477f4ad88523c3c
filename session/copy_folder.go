package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage/format"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// copyTarget is how COPY writes.
type copyTarget struct {
	format     string
	options    map[string]string // of the format, and those of plan.Write
	perThread  bool              // a file for each worker, in a folder
	folder     folderUse
	partitions []string // columns whose values become folders; nil: none
}

// folderUse is what COPY does with a folder that has files.
type folderUse uint8

const (
	folderMustBeEmpty folderUse = iota
	folderReplace               // the files that it has are removed
	folderIgnore                // they stay, unless a new one has their name
	folderAppend                // they stay, and new ones have other names
)

// intoFolder reports whether the target is a folder.
func (t *copyTarget) intoFolder() bool { return t.perThread || t.partitions != nil }

// folderOptions takes the options on folders out of the others.
func folderOptions(options map[string]string, c *parse.Copy) (t copyTarget, err error) {
	truth := func(key string) bool {
		v, ok := options[key]
		delete(options, key)
		switch strings.ToLower(v) {
		case "true", "on", "1", "yes", "":
			return ok
		case "false", "off", "0", "no":
			return false
		}
		if err == nil {
			err = fault.New(fault.InvalidParameterValue, "COPY option %s is true or false, not %q", key, v).At(c.Position)
		}
		return false
	}
	t.perThread = truth("per_thread_output")
	for _, use := range []struct {
		key string
		use folderUse
	}{{"overwrite", folderReplace}, {"overwrite_or_ignore", folderIgnore}, {"append", folderAppend}} {
		if truth(use.key) {
			if t.folder != folderMustBeEmpty && err == nil {
				err = fault.New(fault.InvalidParameterValue, "COPY takes one of the options overwrite, overwrite_or_ignore and append").At(c.Position)
			}
			t.folder = use.use
		}
	}
	if truth("write_partition_columns") {
		options[plan.WriteKeep] = "true"
	}
	if v, ok := options["file_size_bytes"]; ok {
		delete(options, "file_size_bytes")
		n, perr := ParseBytes(v)
		if (perr != nil || n < 1) && err == nil {
			err = fault.New(fault.InvalidParameterValue, "COPY option file_size_bytes is a number of bytes such as 64MB, not %q", v).At(c.Position)
		}
		t.perThread = true
		options[plan.WriteFileBytes] = strconv.FormatInt(n, 10)
	}
	if err != nil {
		return t, err
	}
	if list, ok := options["partition_by"]; ok {
		delete(options, "partition_by")
		for _, n := range strings.Split(strings.Trim(list, "()"), ",") {
			t.partitions = append(t.partitions, strings.Trim(strings.TrimSpace(n), `"`))
		}
		text, jerr := json.Marshal(t.partitions)
		if jerr != nil {
			return t, fault.Wrap(fault.Internal, jerr, "PARTITION_BY")
		}
		options[plan.WritePartitions] = string(text)
	}
	if t.folder == folderAppend {
		options[plan.WritePrefix], err = newPrefix()
	}
	return t, err
}

// newPrefix begins the names of files that must not meet others.
func newPrefix() (string, error) {
	token := make([]byte, 4)
	if _, err := rand.Read(token); err != nil {
		return "", fault.Wrap(fault.IOError, err, "name the files")
	}
	return "part-" + hex.EncodeToString(token), nil
}

// checkPartitions tests that the partition columns are there, each once, and leave others.
func checkPartitions(t *copyTarget, fields []column.Field) error {
	for i, k := range t.partitions {
		if !slices.ContainsFunc(fields, func(f column.Field) bool { return f.Name == k }) {
			return fault.New(fault.UndefinedColumn, "partition column %q does not exist", k)
		}
		if slices.Contains(t.partitions[:i], k) {
			return fault.New(fault.DuplicateColumn, "partition column %q appears twice", k)
		}
	}
	if len(t.partitions) == len(fields) && t.options[plan.WriteKeep] != "true" {
		return fault.New(fault.InvalidTableDefinition, "no columns are left beside those of PARTITION_BY")
	}
	if t.partitions != nil {
		return checkNames(fields)
	}
	return nil
}

// byName adds the options that a file's name tells.
func byName(kind, path string, options map[string]string) {
	if kind != "csv" && kind != "json" {
		return
	}
	path = strings.ToLower(path)
	base := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst")
	if _, given := options["compression"]; !given {
		switch {
		case strings.HasSuffix(path, ".gz"):
			options["compression"] = "gzip"
		case strings.HasSuffix(path, ".zst"):
			options["compression"] = "zstd"
		}
	}
	for _, k := range []string{"delimiter", "delim", "sep", "separator"} {
		if _, given := options[k]; given {
			return
		}
	}
	if kind == "csv" && strings.HasSuffix(base, ".tsv") {
		options["delimiter"] = "\t"
	} else if kind == "csv" && strings.HasSuffix(base, ".tbl") {
		options["delimiter"] = "|"
	}
}

// checkParent refuses a local path whose folder does not exist, rather than making it: it is likely misspelt.
func checkParent(path string) error {
	if strings.Contains(path, "://") && !strings.HasPrefix(path, "file://") {
		return nil // object stores have no folders
	}
	name := strings.TrimRight(strings.TrimPrefix(path, "file://"), "/")
	parent := filepath.Dir(name)
	switch info, err := os.Stat(parent); {
	case errors.Is(err, os.ErrNotExist):
		return fault.New(fault.UndefinedFile, "cannot write %q: the folder %q does not exist", path, parent)
	case err != nil:
		return fault.Wrap(fault.IOError, err, "cannot write %q", path)
	case !info.IsDir():
		return fault.New(fault.UndefinedFile, "cannot write %q: %q is not a folder", path, parent)
	}
	return nil
}

// prepareFolder checks that a folder has no files, or removes those of known formats where it is to be replaced.
func prepareFolder(ctx context.Context, path string, use folderUse) error {
	if info, err := os.Stat(path); onExecutors(path) {
		if use == folderAppend || use == folderIgnore {
			return nil
		}
	} else if err == nil && !info.IsDir() {
		return fault.New(fault.DuplicateFile, "%q is a file; COPY with these options writes a folder", path)
	} else if os.IsNotExist(err) || use == folderAppend || use == folderIgnore {
		return nil
	}
	store, err := objectstore.For(path)
	if err != nil {
		return err
	}
	files, err := store.List(ctx, path)
	if errors.Is(err, objectstore.ErrEmptyFolder) || onExecutors(path) && errors.Is(err, objectstore.ErrNoFile) {
		return nil
	}
	if err != nil {
		return err
	}
	if use != folderReplace {
		return fault.New(fault.DuplicateFile, "the folder %q has %d files", path, len(files)).
			WithHint("add the option OVERWRITE to replace them, or APPEND to keep them")
	}
	for _, f := range files {
		if _, known := format.ForPath(f.URL); known {
			if err := store.Remove(ctx, f.URL); err != nil {
				return err
			}
		}
	}
	return nil
}

// write runs a bound query whose rows go to a file or folder, and returns their number.
func (s *Session) write(ctx context.Context, q *sql.Bound, o sql.Options, fields []column.Field, path string, t copyTarget) (int64, error) {
	p, err := s.planBound(ctx, q.Plan, q.IDs, o.Now, func(n plan.Node) plan.Node {
		w := &plan.Write{
			Info: plan.Info{Rows: 1}, Input: n, Format: t.format, Options: t.options, URL: path, PerTask: t.intoFolder(), Schema: fields,
		}
		if onExecutors(path) {
			return spread(w)
		}
		return w
	})
	if err != nil {
		return 0, err
	}
	count, err := s.runToEnd(ctx, p)
	if onExecutors(path) {
		err = s.afterExecutors(ctx, path, t, err)
	}
	return count, err
}
