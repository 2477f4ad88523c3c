package cluster

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/test/servers"
)

// fillable stands before an S3 server and refuses what is written, as MinIO does without room, while full says so. It counts what it refused.
type fillable struct {
	next    http.Handler
	full    atomic.Bool
	refused atomic.Int64
}

func (f *fillable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.full.Load() || r.Method != http.MethodPut && r.Method != http.MethodPost || r.URL.Query().Has("delete") {
		f.next.ServeHTTP(w, r)
		return
	}
	f.refused.Add(1)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusInsufficientStorage)
	_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold.</Message></Error>`))
}

// ends runs a statement to its last row.
func ends(t *testing.T, c *client.Client, text string) error {
	t.Helper()
	rows, err := c.Query(t.Context(), text)
	if err != nil {
		return err
	}
	for {
		b, err := rows.Next(t.Context())
		if err != nil || b == nil {
			_ = rows.Close()
			return err
		}
	}
}

func TestQueriesSayThatTheShuffleStoreIsFull(t *testing.T) {
	server := servers.MinIO(t)
	server.MakeBucket(t, "shuffle")
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	store := &fillable{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is signed
	}}}
	front := httptest.NewServer(store)
	t.Cleanup(front.Close)
	flags := append([]string{"--shuffle-url", "s3://shuffle/x"}, s3Flags(&servers.S3{Endpoint: front.URL}, servers.SecretKey)...)
	s := start(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, flags...)...)
	for range 2 {
		start(t, 1, append([]string{"executor", "--scheduler", s.Addresses[0], "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", t.TempDir()}, flags...)...)
	}
	c := connect(t, s.Addresses[1], true)
	if err := ask(t.Context(), c, 3); err != nil {
		t.Fatal(err)
	}
	store.full.Store(true)
	err = ask(t.Context(), c, 3)
	if fault.CodeOf(err) != fault.DiskFull || !strings.Contains(err.Error(), "s3://shuffle/x") || !strings.Contains(err.Error(), front.URL) {
		t.Errorf("without room: %v with %s", err, fault.CodeOf(err))
	}
	if store.refused.Load() == 0 {
		t.Error("nothing was refused")
	}
	// What travels inline needs no room there.
	if err := ends(t, c, "select count(*) from nation"); err != nil {
		t.Errorf("a small query without room: %v", err)
	}
	store.full.Store(false)
	if err := ask(t.Context(), c, 3); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.End(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if keys, err := server.Keys(t.Context(), "shuffle", ""); len(keys) > 0 || err != nil {
		t.Errorf("left are %q, %v", keys, err)
	}
}
