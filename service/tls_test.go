package service_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/service"
	"github.com/polybolos-db/polybolos/test/servers"
)

// shake connects a client to a server and exchanges a byte.
func shake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		// A client that is refused finds out when it reads.
		_, _ = c.Write([]byte{1})
		_ = c.Close()
	}()
	c, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Read(make([]byte, 1))
	return err
}

func config(t *testing.T, f func() (*tls.Config, error)) *tls.Config {
	t.Helper()
	c, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertificatesDecideWhoIsLetIn(t *testing.T) {
	ours, theirs := servers.NewAuthority(t, "ours"), servers.NewAuthority(t, "theirs")
	cert, key := ours.Issue(t, "member", time.Hour)
	strangerCert, strangerKey := theirs.Issue(t, "stranger", time.Hour)
	member := service.TLS{Cert: cert, Key: key, CA: ours.CA, ClientCA: theirs.CA}
	if err := member.Check(); err != nil {
		t.Fatal(err)
	}
	cluster, clients := config(t, member.ForCluster), config(t, member.ForClients)
	nobody := service.TLS{CA: ours.CA}
	stranger := service.TLS{CA: ours.CA, Cert: strangerCert, Key: strangerKey}
	wary := service.TLS{CA: theirs.CA, Cert: cert, Key: key}
	for name, c := range map[string]struct {
		server *tls.Config
		client service.TLS
		good   bool
	}{
		"a member":                          {cluster, member, true},
		"nobody":                            {cluster, nobody, false},
		"a stranger":                        {cluster, stranger, false},
		"a client":                          {clients, stranger, true},
		"a client without one":              {clients, nobody, false},
		"who does not trust the server":     {cluster, wary, false},
		"where no certificate is asked for": {config(t, (&service.TLS{Cert: cert, Key: key}).ForClients), nobody, true},
	} {
		if err := shake(t, c.server, config(t, c.client.ClientConfig)); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongCertificateFilesAreNamed(t *testing.T) {
	a := servers.NewAuthority(t, "a")
	cert, key := a.Issue(t, "one", time.Hour)
	otherCert, _ := a.Issue(t, "other", time.Hour)
	oldCert, oldKey := a.Issue(t, "old", -time.Hour)
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	if err := os.WriteFile(garbage, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tls  service.TLS
		code fault.Code
	}{
		"no key":            {service.TLS{Cert: cert}, fault.InvalidParameterValue},
		"another key":       {service.TLS{Cert: otherCert, Key: key}, fault.InvalidParameterValue},
		"missing":           {service.TLS{Cert: "none.pem", Key: key}, fault.UndefinedFile},
		"expired":           {service.TLS{Cert: oldCert, Key: oldKey}, fault.InvalidParameterValue},
		"no CA":             {service.TLS{CA: "none.pem"}, fault.UndefinedFile},
		"garbage CA":        {service.TLS{CA: garbage}, fault.InvalidParameterValue},
		"clients' CA alone": {service.TLS{ClientCA: a.CA}, fault.InvalidParameterValue},
	} {
		if err := c.tls.Check(); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}
