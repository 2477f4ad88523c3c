package reference

import (
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
)

// A server of our own accepts connections while it is open, and leaves neither a process nor a folder.
func TestStartPostgres(t *testing.T) {
	server, err := StartPostgres(t.Context())
	if errors.Is(err, ErrNoPostgres) && !Required() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(u.Host, "127.0.0.1:") {
		t.Errorf("the server listens on %s", u.Host)
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Error(err)
	} else if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(server.folder); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host); err == nil {
		t.Error("the server still listens")
		_ = conn.Close()
	}
}
