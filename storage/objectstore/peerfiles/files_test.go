package peerfiles

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// serve gives a folder's files at an address until the test ends, or what it returns is called.
func serve(t *testing.T, folder string) (address string, stop func()) {
	t.Helper()
	var shared *objectstore.Folder
	if folder != "" {
		var err error
		if shared, err = objectstore.OpenFolder(folder); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = shared.Close() })
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	Register(g, shared)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = g.Serve(l) }()
	stop = func() { g.Stop(); <-ended }
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// store is the files of executors a and b, of which b may be anywhere.
func store(t *testing.T, places map[string]string, patience time.Duration) *objectstore.Executors {
	t.Helper()
	c := NewClient(func(_ context.Context, name string) (*controlv1.FindExecutorsReply, error) {
		r := &controlv1.FindExecutorsReply{Patience: patience.Milliseconds(), Known: name == "gone"}
		for _, n := range []string{"a", "b"} {
			if places[n] != "" && (name == "" || name == n) {
				r.Places = append(r.Places, &controlv1.SharedPlace{Name: n, Address: places[n]})
			}
			r.Names = append(r.Names, n)
		}
		return r, nil
	}, nil)
	t.Cleanup(func() { _ = c.Close() })
	return &objectstore.Executors{Places: c}
}

func put(t *testing.T, content string, parts ...string) {
	t.Helper()
	name := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func urls(files []plan.File) (out []string) {
	for _, f := range files {
		out = append(out, f.URL)
	}
	return out
}

func TestFilesOfExecutors(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	large := strings.Repeat("0123456789abcdef", 200_000) // more than a message
	put(t, large, a, "t", "1.csv")
	put(t, "x", a, "t", "deep", "2.csv")
	put(t, "x", a, "t", ".hidden.csv")
	put(t, "x", b, "t", "3.csv")
	put(t, "secret", filepath.Dir(b), "secret.csv")
	if err := os.Symlink(filepath.Join(filepath.Dir(b), "secret.csv"), filepath.Join(b, "t", "link.csv")); err != nil {
		t.Fatal(err)
	}
	atA, _ := serve(t, a)
	atB, _ := serve(t, b)
	s := store(t, map[string]string{"a": atA, "b": atB}, 0)
	for pattern, want := range map[string][]string{
		"local:///t":            {"local://a/t/1.csv", "local://a/t/deep/2.csv", "local://b/t/3.csv"},
		"local:///t/*.csv":      {"local://a/t/1.csv", "local://b/t/3.csv"},
		"local:///**/2.csv":     {"local://a/t/deep/2.csv"},
		"local://b/":            {"local://b/t/3.csv"},
		"local://a/t/1.csv":     {"local://a/t/1.csv"},
		"local://a/t/**/*.csv":  {"local://a/t/1.csv", "local://a/t/deep/2.csv"},
		"local:///t/[0-9].csv/": {"local://a/t/1.csv", "local://b/t/3.csv"},
	} {
		if got, err := s.List(t.Context(), pattern); err != nil || !slices.Equal(urls(got), want) {
			t.Errorf("%s: %v, %v instead of %v", pattern, urls(got), err, want)
		}
	}
	for pattern, code := range map[string]fault.Code{
		"local://a/../t":        fault.InsufficientPrivilege,
		"local://b/t/link.csv":  fault.InsufficientPrivilege,
		"local://a/none.csv":    fault.UndefinedFile,
		"local:///none":         fault.UndefinedFile,
		"local://c/t":           fault.UndefinedFile,
		"local://a/t/[":         fault.InvalidParameterValue,
		"local://a":             fault.InvalidParameterValue,
		"local://gone/t/*.csv":  fault.UndefinedFile,
		"local:///../etc/*.csv": fault.InsufficientPrivilege,
	} {
		if _, err := s.List(t.Context(), pattern); fault.CodeOf(err) != code {
			t.Errorf("%s: %s %v", pattern, fault.CodeOf(err), err)
		}
	}

	files, err := s.List(t.Context(), "local://a/t/1.csv")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(t.Context(), files[0])
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]byte, len(large))
	if n, err := f.ReadAt(whole, 0); n != len(large) || err != nil || string(whole) != large {
		t.Errorf("%d bytes, %v", n, err)
	}
	part := make([]byte, 20)
	if n, err := f.ReadAt(part, int64(len(large)-10)); n != 10 || !errors.Is(err, io.EOF) || !bytes.Equal(part[:10], []byte(large[len(large)-10:])) {
		t.Errorf("%d bytes, %v", n, err)
	}
	put(t, "changed", a, "t", "1.csv")
	if _, err := f.ReadAt(part, 0); fault.CodeOf(err) != fault.ObjectNotInState {
		t.Errorf("a file that has changed: %v", err)
	}
	if err := s.Remove(t.Context(), "local://b/t/3.csv"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(b, "t", "3.csv")); !os.IsNotExist(err) {
		t.Errorf("removed, and %v", err)
	}
}

func TestExecutorsOfOneName(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	put(t, "x", a, "1.csv")
	put(t, "xx", b, "1.csv")
	atA, _ := serve(t, a)
	atB, _ := serve(t, b)
	c := NewClient(func(context.Context, string) (*controlv1.FindExecutorsReply, error) {
		return &controlv1.FindExecutorsReply{Places: []*controlv1.SharedPlace{{Name: "n", Address: atA}, {Name: "n", Address: atB}}}, nil
	}, nil)
	defer func() { _ = c.Close() }()
	if _, err := (&objectstore.Executors{Places: c}).List(t.Context(), "local:///*.csv"); fault.CodeOf(err) != fault.ObjectNotInState {
		t.Errorf("%v", err)
	}
}

func TestNoFolder(t *testing.T) {
	at, _ := serve(t, "")
	s := store(t, map[string]string{"a": at}, 0)
	if _, err := s.List(t.Context(), "local://a/x"); fault.CodeOf(err) != fault.ObjectNotInState {
		t.Errorf("%v", err)
	}
	if _, err := s.Create(t.Context(), "local:///x"); fault.CodeOf(err) != fault.ObjectNotInState {
		t.Errorf("%v", err)
	}
}

func TestAnExecutorThatComesBackIsWaitedFor(t *testing.T) {
	a := t.TempDir()
	put(t, "content", a, "1.csv")
	at, stop := serve(t, a)
	places := map[string]string{"a": at}
	s := store(t, places, time.Minute)
	files, err := s.List(t.Context(), "local://a/1.csv")
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(t.Context(), files[0])
	if err != nil {
		t.Fatal(err)
	}
	stop()
	places["a"], _ = serve(t, a)
	got := make([]byte, 7)
	if _, err := f.ReadAt(got, 0); err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
	short := store(t, map[string]string{"a": at}, time.Millisecond)
	if _, err := short.List(t.Context(), "local://a/1.csv"); fault.CodeOf(err) != fault.IOError || !strings.Contains(err.Error(), `executor "a"`) {
		t.Errorf("%v", err)
	}
	f, err = short.Open(t.Context(), files[0])
	if err != nil {
		t.Fatal(err)
	}
	var gone *objectstore.Gone
	if _, err := f.ReadAt(got, 0); !errors.As(err, &gone) || fault.CodeOf(err) != fault.IOError || !strings.Contains(err.Error(), files[0].URL) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.List(ctx, "local://a/1.csv"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	folder, err := objectstore.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = folder.Close() }()
	s := &objectstore.Executors{Name: "a", Folder: folder}
	for _, commit := range []bool{false, true} {
		w, err := s.Create(t.Context(), "local:///out/x.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("1\n")); err != nil {
			t.Fatal(err)
		}
		end := w.Abort
		if commit {
			end = w.Commit
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadDir(filepath.Join(dir, "out"))
		if err != nil || (len(list) == 1 && list[0].Name() == "x.csv") != commit || len(list) > 1 {
			t.Errorf("commit %v left %v, %v", commit, list, err)
		}
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"local:///../x.csv", "local:///away/x.csv"} {
		if _, err := s.Create(t.Context(), url); fault.CodeOf(err) != fault.InsufficientPrivilege {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := s.Create(t.Context(), "local://b/x.csv"); fault.CodeOf(err) != fault.FeatureNotSupported {
		t.Errorf("%v", err)
	}
}
