package objectstore

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// tree makes files below a folder and returns it.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, n := range names {
		path := filepath.Join(root, n)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestList(t *testing.T) {
	root := tree(t, "a.csv", "b.csv", "c.parquet", "sub/d.csv", "sub/deep/e.csv", "sub/_temporary/f.csv", ".hidden.csv", "_SUCCESS", "odd[1].csv")
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"a.csv", []string{"a.csv"}},
		{"", []string{"a.csv", "b.csv", "c.parquet", "odd[1].csv", "sub/d.csv", "sub/deep/e.csv"}},
		{"sub", []string{"sub/d.csv", "sub/deep/e.csv"}},
		{"*.csv", []string{"a.csv", "b.csv", "odd[1].csv"}},
		{"?.csv", []string{"a.csv", "b.csv"}},
		{"[ab].csv", []string{"a.csv", "b.csv"}},
		{"sub/*.csv", []string{"sub/d.csv"}},
		{"*/*.csv", []string{"sub/d.csv"}},
		{"**/*.csv", []string{"a.csv", "b.csv", "odd[1].csv", "sub/d.csv", "sub/deep/e.csv"}},
		{"sub/**", []string{"sub/d.csv", "sub/deep/e.csv"}},
		{"**/deep/*", []string{"sub/deep/e.csv"}},
		{".hid*", []string{".hidden.csv"}},
		{"odd[1].csv", []string{"odd[1].csv"}},
	} {
		for _, prefix := range []string{"", "file://"} {
			files, err := Local{}.List(context.Background(), prefix+root+"/"+c.pattern)
			if err != nil {
				t.Errorf("%s: %v", c.pattern, err)
				continue
			}
			var got []string
			for _, f := range files {
				rel, err := filepath.Rel(root, f.URL)
				if err != nil || f.Size != int64(len(rel)) || f.ModTime.IsZero() {
					t.Errorf("%+v: %v", f, err)
				}
				got = append(got, rel)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s%s: got %v, want %v", prefix, c.pattern, got, c.want)
			}
		}
	}
}

func TestListErrors(t *testing.T) {
	root := tree(t, "a.csv")
	empty := filepath.Join(root, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pattern string
		code    fault.Code
	}{{root + "/none.csv", fault.UndefinedFile}, {root + "/*.parquet", fault.UndefinedFile}, {empty, fault.UndefinedFile}, {"", fault.UndefinedFile},
		{root + "/a.csv/b", fault.UndefinedFile}, {root + "/none/*.csv", fault.UndefinedFile}, {root + "/[*.csv", fault.InvalidParameterValue}, {"/dev/null", fault.IOError}} {
		_, err := Local{}.List(context.Background(), c.pattern)
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), filepath.Base(c.pattern)) && c.pattern != "" {
			t.Errorf("%s: %v", c.pattern, err)
		}
	}
	if _, err := (Local{}).List(context.Background(), empty); !errors.Is(err, ErrEmptyFolder) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Local{}).List(ctx, root); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestOpenRefusesWhatHasChanged(t *testing.T) {
	ctx, root := context.Background(), tree(t, "a.csv")
	list, err := Local{}.List(ctx, root+"/a.csv")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Local{}.Open(ctx, list[0])
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil || string(text) != "a.csv" {
		t.Errorf("%q, %v", text, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for _, change := range []plan.File{{URL: list[0].URL, Size: 4, ModTime: list[0].ModTime}, {URL: list[0].URL, Size: 5, ModTime: list[0].ModTime.Add(1)}} {
		if _, err := (Local{}).Open(ctx, change); fault.CodeOf(err) != fault.ObjectNotInState || !strings.Contains(err.Error(), "a.csv") {
			t.Error(err)
		}
	}
	if _, err := (Local{}).Open(ctx, plan.File{URL: root + "/gone"}); fault.CodeOf(err) != fault.UndefinedFile {
		t.Error(err)
	}
}

func TestCreateShowsNothingBeforeCommit(t *testing.T) {
	ctx, root := context.Background(), tree(t)
	url := filepath.Join(root, "new", "x.csv")
	w, err := Local{}.Create(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := (Local{}).List(ctx, root); !errors.Is(err, ErrEmptyFolder) {
		t.Errorf("visible before commit: %v", err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(url); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if w, err = (Local{}).Create(ctx, url); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(url))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := (Local{}).Remove(ctx, url); err != nil {
		t.Error(err)
	}
	if err := (Local{}).Remove(ctx, url); err != nil {
		t.Errorf("removing a missing file: %v", err)
	}
	if _, err := (Local{}).Create(ctx, root); fault.CodeOf(err) != fault.DuplicateFile {
		t.Errorf("creating a folder's name: %v", err)
	}
}

func TestFor(t *testing.T) {
	for url, code := range map[string]fault.Code{"a.csv": "", "/x/y": "", "file:///x": "", "odd name://x": "", "gs://bucket/x": fault.FeatureNotSupported} {
		if _, err := For(url); err != nil && fault.CodeOf(err) != code || err == nil && code != "" {
			t.Errorf("%s: %v", url, err)
		}
	}
}
