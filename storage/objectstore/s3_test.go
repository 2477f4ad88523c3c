package objectstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
	"github.com/polybolos-db/polybolos/test/servers"
)

// onEach runs a test on every S3 server, in a bucket of its own.
func onEach(t *testing.T, f func(t *testing.T, server *servers.S3, s *objectstore.S3)) {
	for name, start := range map[string]func(testing.TB) *servers.S3{"minio": servers.MinIO, "versitygw": servers.VersityGW} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.MakeBucket(t, "bucket")
			s, err := objectstore.OpenS3(config(server))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			f(t, server, s)
		})
	}
}

func config(server *servers.S3) objectstore.S3Config {
	return objectstore.S3Config{Endpoint: server.Endpoint, AccessKey: servers.AccessKey, SecretKey: servers.SecretKey, Retries: 2}
}

func at(key string) objectstore.Location { return objectstore.Location{Bucket: "bucket", Key: key} }

func TestS3FirstWriterOfAnObjectWins(t *testing.T) {
	onEach(t, func(t *testing.T, _ *servers.S3, s *objectstore.S3) {
		ctx := t.Context()
		if existed, err := s.Put(ctx, at("a"), [][]byte{[]byte("fir"), []byte("st")}); existed || err != nil {
			t.Fatalf("first: existed %v, %v", existed, err)
		}
		if existed, err := s.Put(ctx, at("a"), [][]byte{[]byte("second")}); !existed || err != nil {
			t.Errorf("second: existed %v, %v", existed, err)
		}
		large := bytes.Repeat([]byte("0123456789abcdef"), objectstore.MinPart/16)
		for _, w := range []struct {
			key     string
			existed bool
		}{{"a", true}, {"b", false}} {
			u, err := s.NewUpload(ctx, at(w.key))
			if err != nil {
				t.Fatal(err)
			}
			var tags []string
			for i, part := range [][][]byte{{large[:100], large[100:]}, {[]byte("tail")}} {
				tag, err := u.Part(ctx, i+1, part)
				if err != nil {
					t.Fatal(err)
				}
				tags = append(tags, tag)
			}
			if existed, err := u.Complete(ctx, tags); existed != w.existed || err != nil {
				t.Errorf("upload of %q: existed %v, %v", w.key, existed, err)
			}
		}
		p := make([]byte, 5)
		if _, err := s.ReadAt(ctx, at("a"), p, 0); err != nil || string(p) != "first" {
			t.Errorf("a is %q, %v", p, err)
		}
		tail, size, err := s.ReadTail(ctx, at("b"), 8)
		if err != nil || string(tail) != "cdeftail" || size != int64(len(large))+4 {
			t.Errorf("b ends with %q and has %d bytes, %v", tail, size, err)
		}
		tail, size, err = s.ReadTail(ctx, at("a"), 100)
		if err != nil || string(tail) != "first" || size != 5 {
			t.Errorf("a ends with %q and has %d bytes, %v", tail, size, err)
		}
	})
}

func TestS3RemovesAllBelowAPrefix(t *testing.T) {
	onEach(t, func(t *testing.T, server *servers.S3, s *objectstore.S3) {
		ctx := t.Context()
		for _, k := range []string{"job-1/a", "job-1/b", "job-10/a", "other"} {
			if err := s.Replace(ctx, at(k), []byte(k)); err != nil {
				t.Fatal(err)
			}
		}
		folders, err := s.Folders(ctx, at(""))
		if err != nil || !slices.Equal(folders, []string{"job-1", "job-10"}) {
			t.Errorf("folders %q, %v", folders, err)
		}
		if _, err := s.NewUpload(ctx, at("job-1/unfinished")); err != nil {
			t.Fatal(err)
		}
		if n, err := s.DeleteAll(ctx, at("job-1/")); n != 2 || err != nil {
			t.Errorf("removed %d, %v", n, err)
		}
		if err := s.DeleteUploads(ctx, at("job-1/")); err != nil {
			t.Error(err)
		}
		if err := s.Delete(ctx, at("job-1/a")); err != nil {
			t.Errorf("removing what is not there: %v", err)
		}
		keys, err := server.Keys(ctx, "bucket", "")
		if err != nil || !slices.Equal(keys, []string{"job-10/a", "other"}) {
			t.Errorf("left are %q, %v", keys, err)
		}
	})
}

func TestS3AsAStoreOfFiles(t *testing.T) {
	onEach(t, func(t *testing.T, _ *servers.S3, s *objectstore.S3) {
		ctx := t.Context()
		content := strings.Repeat("a row of text\n", 2_000_000) // more than one part
		for _, name := range []string{"t/x=1/a.csv", "t/x=2/b.csv", "t/_SUCCESS", "t/.hidden/c.csv", "t2/d.csv"} {
			w, err := s.Create(ctx, "s3://bucket/"+name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, content); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			content = name // the others are small
		}
		for pattern, want := range map[string]string{
			"s3://bucket/t":             "t/x=1/a.csv t/x=2/b.csv",
			"s3://bucket/t/":            "t/x=1/a.csv t/x=2/b.csv",
			"s3://bucket/t/x=2/b.csv":   "t/x=2/b.csv",
			"s3://bucket/t*/*.csv":      "t2/d.csv",
			"s3://bucket/**/[a-b].csv":  "t/x=1/a.csv t/x=2/b.csv",
			"s3://bucket/t/_SUCCESS":    "t/_SUCCESS",
			"s3://bucket":               "t/x=1/a.csv t/x=2/b.csv t2/d.csv",
			"s3://bucket/none":          "",
			"s3://bucket/none/*.csv":    "",
			"s3://no-such-bucket/a.csv": "",
		} {
			files, err := s.List(ctx, pattern)
			var names []string
			for _, f := range files {
				names = append(names, strings.TrimPrefix(f.URL, "s3://bucket/"))
			}
			if got := strings.Join(names, " "); got != want || (err == nil) != (want != "") {
				t.Errorf("%s: got %q, %v; want %q", pattern, got, err, want)
			}
		}
		files, err := s.List(ctx, "s3://bucket/t/x=1/a.csv")
		if err != nil {
			t.Fatal(err)
		}
		f, err := s.Open(ctx, files[0])
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 14)
		if n, err := f.ReadAt(p, 14*1_999_999); n != 14 || err != nil || string(p) != "a row of text\n" {
			t.Errorf("read %q, %v", p[:n], err)
		}
		if n, err := f.ReadAt(p, f.Size()-5); n != 5 || !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %d bytes, %v", n, err)
		}
		old := files[0]
		old.ModTime = old.ModTime.AddDate(0, 0, -1)
		if f, err = s.Open(ctx, old); err == nil {
			_, err = f.ReadAt(p, 0)
		}
		if fault.CodeOf(err) != fault.ObjectNotInState {
			t.Errorf("a changed object: %v", err)
		}
		w, err := s.Create(ctx, "s3://bucket/aborted")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, "half"); err != nil {
			t.Fatal(err)
		}
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
		if _, err := s.List(ctx, "s3://bucket/aborted"); fault.CodeOf(err) != fault.UndefinedFile {
			t.Errorf("an aborted file: %v", err)
		}
		if err := s.Remove(ctx, "s3://bucket/t2/d.csv"); err != nil {
			t.Error(err)
		}
	})
}

func TestS3SaysWhatIsWrong(t *testing.T) {
	servers.CleanEnv(t)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server := servers.MinIO(t)
	server.MakeBucket(t, "bucket")
	good := config(server)
	wrongKey, wrongSecret, wrongPort := good, good, good
	wrongKey.AccessKey = "somebody"
	wrongSecret.SecretKey = "not the secret"
	wrongPort.Endpoint = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		config objectstore.S3Config
		bucket string
		code   fault.Code
		says   string
	}{
		"no bucket":     {good, "none", fault.UndefinedObject, "bucket does not exist"},
		"unknown key":   {wrongKey, "bucket", fault.InvalidAuthorization, "check the access key"},
		"wrong secret":  {wrongSecret, "bucket", fault.InvalidAuthorization, "check the access key"},
		"wrong address": {wrongPort, "bucket", fault.ConnectionFailure, "is the service running"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := objectstore.OpenS3(c.config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Put(t.Context(), objectstore.Location{Bucket: c.bucket, Key: "a"}, [][]byte{[]byte("x")})
			e, _ := fault.As(err)
			if fault.CodeOf(err) != c.code || e == nil || !strings.Contains(e.Hint, c.says) {
				t.Errorf("got %s %v with hint %q", fault.CodeOf(err), err, hint(e))
			}
		})
	}
	for _, endpoint := range []string{"127.0.0.1:9000", "ftp://x", "http://", "http://u:p@host", "http://host/path"} {
		if _, err := objectstore.OpenS3(objectstore.S3Config{Endpoint: endpoint}); fault.CodeOf(err) != fault.InvalidParameterValue {
			t.Errorf("endpoint %q: %v", endpoint, err)
		}
	}
	if _, err := objectstore.OpenS3(objectstore.S3Config{AccessKey: "a"}); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Errorf("half of the credentials: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fault.New(fault.QueryCanceled, "enough"))
	s, err := objectstore.OpenS3(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(ctx, "s3://bucket/x"); fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("canceled: %v", err)
	}
}

func hint(e *fault.Error) string {
	if e == nil {
		return ""
	}
	return e.Hint
}

func TestS3URLs(t *testing.T) {
	for url, want := range map[string]string{"s3://b/a/c": "s3://b/a/c", "s3://b": "s3://b/", "s3:///a": "", "s3://": "", "http://b/a": "", "s3://b:9000/x": ""} {
		l, err := objectstore.ParseS3(url)
		if (err == nil) != (want != "") || err == nil && l.String() != want {
			t.Errorf("%q: %v, %v", url, l, err)
		}
	}
	if _, err := objectstore.For("s3://bucket/a"); err != nil {
		t.Error(err)
	}
}
