package service

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/polybolos-db/polybolos/fault"
)

// TLS names the files that protect a process's connections, all PEM. Without any, connections are in the clear.
type TLS struct {
	Cert     string // certificate of this process, with those of its issuers, for servers and, with mutual TLS, for clients
	Key      string // its private key
	CA       string // certificates that sign those of the cluster's servers and members; empty: the system's
	ClientCA string // certificates that sign those of SQL clients, which then must have one; empty: clients need none
}

// Add adds the flags of a server.
func (t *TLS) Add(flags *pflag.FlagSet) {
	t.AddClient(flags)
	flags.StringVar(&t.ClientCA, "tls-client-ca", "", "PEM file: SQL clients must have a certificate that one of these has signed (default they need none)")
}

// AddClient adds the flags of a client.
func (t *TLS) AddClient(flags *pflag.FlagSet) {
	flags.StringVar(&t.Cert, "tls-cert", "", "PEM file with the certificate of this process (default connections are not encrypted)")
	flags.StringVar(&t.Key, "tls-key", "", "PEM file with the private key of --tls-cert")
	flags.StringVar(&t.CA, "tls-ca", "", "PEM file with the certificates that sign those of other processes of the cluster (default the system's)")
}

// Enabled reports whether this process has a certificate.
func (t *TLS) Enabled() bool { return t.Cert != "" || t.Key != "" }

// Check reads all files.
func (t *TLS) Check() error {
	switch {
	case (t.Cert == "") != (t.Key == ""):
		return fault.New(fault.InvalidParameterValue, "--tls-cert and --tls-key must be given together")
	case t.ClientCA != "" && !t.Enabled():
		return fault.New(fault.InvalidParameterValue, "--tls-client-ca needs --tls-cert and --tls-key")
	}
	if t.Enabled() {
		if _, err := newKeyPair(t.Cert, t.Key); err != nil {
			return err
		}
	}
	for _, file := range []string{t.CA, t.ClientCA} {
		if file == "" {
			continue
		}
		if _, err := pool(file); err != nil {
			return err
		}
	}
	return nil
}

// ForClients are the credentials of a server for SQL clients; nil: in the clear.
func (t *TLS) ForClients() (*tls.Config, error) { return t.server(t.ClientCA) }

// ForCluster are the credentials of a server for other processes of the cluster, which need certificates of their own where a CA is named; nil: in the
// clear.
func (t *TLS) ForCluster() (*tls.Config, error) { return t.server(t.CA) }

func (t *TLS) server(ca string) (*tls.Config, error) {
	if !t.Enabled() {
		return nil, nil
	}
	pair, err := newKeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.get(), nil }}
	if ca != "" {
		if c.ClientCAs, err = pool(ca); err != nil {
			return nil, err
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// Client are the credentials with which this process connects to others of the cluster: TLS where it has a certificate or knows the cluster's CA.
func (t *TLS) Client() (credentials.TransportCredentials, error) {
	if !t.Enabled() && t.CA == "" {
		return insecure.NewCredentials(), nil
	}
	c, err := t.ClientConfig()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(c), nil
}

// ClientConfig is Client's configuration.
func (t *TLS) ClientConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	if t.CA != "" {
		if c.RootCAs, err = pool(t.CA); err != nil {
			return nil, err
		}
	}
	if t.Enabled() {
		pair, err := newKeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, err
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.get(), nil }
	}
	return c, nil
}

// ServerCredentials are those of a gRPC server; nil for a nil configuration.
func ServerCredentials(c *tls.Config) credentials.TransportCredentials {
	if c == nil {
		return nil
	}
	return credentials.NewTLS(c)
}

func pool(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Wrap(fault.UndefinedFile, errors.Unwrap(err), "cannot read the certificates %q", file)
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(content) {
		return nil, fault.New(fault.InvalidParameterValue, "%q has no PEM certificates", file)
	}
	return p, nil
}

// checkPeriod is how often a certificate's files are looked at while connections come.
const checkPeriod = 10 * time.Second

// keyPair is a certificate that is read again when its file changes. One that cannot be read then does not replace the good one.
type keyPair struct {
	cert, key string

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time
	looked  time.Time
}

func newKeyPair(cert, key string) (*keyPair, error) {
	p := &keyPair{cert: cert, key: key}
	for _, file := range []string{cert, key} {
		if _, err := os.Stat(file); err != nil {
			return nil, fault.Wrap(fault.UndefinedFile, errors.Unwrap(err), "cannot read %q", file)
		}
	}
	return p, p.load()
}

func (p *keyPair) load() error {
	c, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return fault.Wrap(fault.InvalidParameterValue, err, "%q and %q are no certificate with its key", p.cert, p.key)
	}
	if now := time.Now(); c.Leaf != nil && now.After(c.Leaf.NotAfter) {
		return fault.New(fault.InvalidParameterValue, "the certificate %q has expired on %s", p.cert, c.Leaf.NotAfter.Format(time.DateTime))
	}
	p.current, p.changed, p.looked = &c, modified(p.cert), time.Now()
	return nil
}

func modified(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (p *keyPair) get() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.looked) > checkPeriod {
		p.looked = now
		if !modified(p.cert).Equal(p.changed) {
			// The certificate and its key are two files: until both are there the old ones serve.
			_ = p.load()
		}
	}
	return p.current
}
