package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/service"
	"github.com/polybolos-db/polybolos/test/servers"
)

// fails runs the binary, which must end with a status other than 0 by itself, and returns what it has written to its standard error.
func fails(t *testing.T, env []string, args ...string) string {
	t.Helper()
	binary := servers.Binary(t)
	c := exec.CommandContext(t.Context(), binary, args...)
	var text bytes.Buffer
	c.Env, c.Stderr = append(append(os.Environ(), "TMPDIR="+t.TempDir()), env...), &text
	if err := c.Run(); err == nil {
		t.Errorf("polybolos %s ended as if all were well", strings.Join(args, " "))
	}
	return text.String()
}

// wantAll checks that a text has all parts.
func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("there is no %q in:\n%s", p, text)
		}
	}
}

func s3Flags(server *servers.S3, secret string) []string {
	return []string{"--s3-endpoint", server.Endpoint, "--s3-access-key", servers.AccessKey, "--s3-secret-key", secret}
}

func TestServersThatCannotWorkSayWhy(t *testing.T) {
	server := servers.MinIO(t)
	server.MakeBucket(t, "shuffle")
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("threads: many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scheduler := []string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}
	executor := []string{"executor", "--listen", "127.0.0.1:0"}
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"missing bucket":       {append(append(scheduler, "--shuffle-url", "s3://nobody/x"), s3Flags(server, servers.SecretKey)...), []string{"s3://nobody/x", "bucket does not exist"}},
		"credentials refused":  {append(append(executor, "--shuffle-url", "s3://shuffle/x"), s3Flags(server, "wrong")...), []string{"28000", "s3://shuffle/x", "check the access key"}},
		"wrong URL":            {append(executor, "--shuffle-url", "http://shuffle/x"), []string{"--shuffle-url", "s3://bucket/name"}},
		"wrong compression":    {append(append(executor, "--shuffle-url", "s3://shuffle/x", "--shuffle-compression", "rar"), s3Flags(server, servers.SecretKey)...), []string{"--shuffle-compression", "none, lz4 or zstd"}},
		"wrong endpoint":       {append(executor, "--shuffle-url", "s3://shuffle/x", "--s3-endpoint", "127.0.0.1:9000"), []string{"http://host:port"}},
		"etcd not there":       {append(scheduler, "--state-url", "etcd://127.0.0.1:1?timeout=300ms", "--data-dir", folder), []string{"etcd at 127.0.0.1:1", "is etcd running"}},
		"state of nothing":     {append(scheduler, "--state-url", "postgres://x", "--data-dir", folder), []string{"etcd://host:port"}},
		"data in a file":       {append(scheduler, "--data-dir", file), []string{"file"}},
		"key without its twin": {append(scheduler, "--tls-cert", file), []string{"--tls-key"}},
		"certificate of text":  {append(scheduler, "--tls-cert", file, "--tls-key", file), []string{"no certificate with its key"}},
		"wrong configuration":  {append(executor, "--config", file), []string{file + ":1", "threads"}},
		"wrong scheduler":      {append(executor, "--scheduler", "nowhere"), []string{"host:port"}},
		"port in use":          {append(scheduler, "--listen", strings.TrimPrefix(server.Endpoint, "http://")), []string{"address already in use"}},
	} {
		t.Run(name, func(t *testing.T) {
			servers.CleanEnv(t)
			wantAll(t, fails(t, nil, c.args...), c.says...)
		})
	}
}

func TestExecutorsThatDoNotFitAreToldWhy(t *testing.T) {
	server := servers.MinIO(t)
	server.MakeBucket(t, "shuffle")
	s := start(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--shuffle-url", "s3://shuffle/x"}, s3Flags(server, servers.SecretKey)...)...)
	wantAll(t, fails(t, nil, "executor", "--scheduler", s.Addresses[0], "--listen", "127.0.0.1:0"), "s3://shuffle/x", "the same --shuffle-url")
	// A release of another version, played by a call of its own.
	conn, err := grpc.NewClient("passthrough:///"+s.Addresses[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := controlv1.NewControlClient(conn)
	_, err = c.Poll(t.Context(), &controlv1.PollRequest{Version: 99, Executor: "future"})
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "same release") {
		t.Errorf("another version: %v", err)
	}
	for name, r := range map[string]*controlv1.PollRequest{
		"no name":   {Version: 1, Capabilities: &controlv1.Capabilities{Address: "x:1", Slots: 1}},
		"no slots":  {Version: 1, Executor: "x", Capabilities: &controlv1.Capabilities{Address: "x:1"}},
		"all slots": {Version: 1, Executor: "x", Capabilities: &controlv1.Capabilities{Address: "x:1", Slots: 1 << 31}},
	} {
		if _, err := c.Poll(t.Context(), r); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	// An executor that points at the clients' port, which speaks another protocol.
	wantAll(t, fails(t, nil, "executor", "--scheduler", s.Addresses[1], "--listen", "127.0.0.1:0"), "no scheduler's control plane")
	fits := start(t, 1, append([]string{"executor", "--scheduler", s.Addresses[0], "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", t.TempDir(), "--shuffle-url", "s3://shuffle/x"}, s3Flags(server, servers.SecretKey)...)...)
	fits.WaitForLog(t, "registered")
	if err := ask(t.Context(), connect(t, s.Addresses[1], true), 3); err != nil {
		t.Error(err)
	}
}

// TestQueriesSayThatTheShuffleStoreIsGone kills the store under a cluster, which works again when it is back.
func TestQueriesSayThatTheShuffleStoreIsGone(t *testing.T) {
	server := servers.MinIO(t)
	server.MakeBucket(t, "shuffle")
	flags := append([]string{"--shuffle-url", "s3://shuffle/x", "--s3-retries", "1"}, s3Flags(server, servers.SecretKey)...)
	s := start(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, flags...)...)
	for range 2 {
		start(t, 1, append([]string{"executor", "--scheduler", s.Addresses[0], "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", t.TempDir(), "--inline-output", "0"}, flags...)...)
	}
	c := connect(t, s.Addresses[1], true)
	if err := ask(t.Context(), c, 3); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	err := ask(t.Context(), c, 3)
	if fault.CodeOf(err) != fault.ConnectionFailure || !strings.Contains(err.Error(), "s3://shuffle/x") || !strings.Contains(err.Error(), server.Endpoint) {
		t.Errorf("without the store: %v", err)
	}
	server.Restart()
	if err := ask(t.Context(), c, 3); err != nil {
		t.Errorf("with the store again: %v", err)
	}
	// What the killed query has left goes with its job, at the latest with the scheduler.
	if err := s.End(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	keys, err := server.Keys(t.Context(), "shuffle", "")
	if len(keys) > 0 || err != nil {
		t.Errorf("left are %q, %v", keys, err)
	}
}

func TestWrongQueriesAndClientsLeaveTheClusterWell(t *testing.T) {
	address, processes := startCluster(t, 1)
	c := connect(t, address, true)
	for query, code := range map[string]fault.Code{
		"select no_such_function(1) from nation":                    fault.UndefinedFunction,
		"select * from '/no/such/file.parquet'":                     fault.UndefinedFile,
		"select sum(1 / (n_nationkey - n_nationkey)) from nation":   fault.DivisionByZero,
		"select cast(n_name as int) from nation":                    fault.InvalidTextRepresentation,
		"selec":                                                     fault.SyntaxError,
		"select * from 's3://nobody-has-this/x.parquet'":            "",
		"copy (select 1) to '/proc/nowhere/x.parquet'":              "",
		"create external table x stored as csv location '/dev/mem'": "",
	} {
		_, err := countRows(t.Context(), c, query)
		if err == nil || code != "" && fault.CodeOf(err) != code {
			t.Errorf("%s: %s %v", query, fault.CodeOf(err), err)
		}
	}
	// Clients that hang up, and those that send what is no call.
	for _, at := range []string{address, processes[0].Addresses[0], processes[1].Addresses[0]} {
		for _, content := range []string{"", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\xff\xff\xff", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"} {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, content)
			_ = conn.Close()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := countRows(ctx, c, "select count(*) from lineitem a, lineitem b where a.l_comment < b.l_comment"); err == nil {
		t.Error("a query ended in no time")
	}
	if err := ask(t.Context(), c, 3); err != nil {
		t.Error(err)
	}
	if _, err := client.Open(t.Context(), "grpc://127.0.0.1:1"); fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("a client with a wrong address: %v", err)
	}
}

func TestTLSWithinAClusterAndForClients(t *testing.T) {
	ours, clients := servers.NewAuthority(t, "cluster"), servers.NewAuthority(t, "clients")
	cert, key := ours.Issue(t, "scheduler", time.Hour)
	xcert, xkey := ours.Issue(t, "executor", time.Hour)
	ccert, ckey := clients.Issue(t, "client", time.Hour)
	s := start(t, 2, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--tls-ca", ours.CA, "--tls-client-ca", clients.CA)
	for range 2 {
		start(t, 1, "executor", "--scheduler", s.Addresses[0], "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", t.TempDir(), "--tls-cert", xcert, "--tls-key", xkey, "--tls-ca", ours.CA).
			WaitForLog(t, "registered")
	}
	pair, err := tls.LoadX509KeyPair(ccert, ckey)
	if err != nil {
		t.Fatal(err)
	}
	config, err := tlsConfig(ours.CA)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := client.OpenTLS(short, "grpc+tls://"+s.Addresses[1], config); err == nil {
		t.Error("a client without a certificate was let in")
	}
	if _, err := client.Open(short, "grpc://"+s.Addresses[1]); err == nil {
		t.Error("a client in the clear was let in")
	}
	config.Certificates = []tls.Certificate{pair}
	c, err := client.OpenTLS(t.Context(), "grpc+tls://"+s.Addresses[1], config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n, err := countRows(t.Context(), c, "select count(*) from '"+filepath.Join(data(t), "nation.parquet")+"' group by n_regionkey"); n != 5 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	// An executor without the cluster's certificate cannot come, and says so.
	stranger := start(t, 1, "executor", "--scheduler", s.Addresses[0], "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", t.TempDir())
	stranger.WaitForLog(t, "the scheduler is not reached")
	if _, err := countRows(t.Context(), c, "select 1"); err != nil {
		t.Error(err)
	}
}

func tlsConfig(ca string) (*tls.Config, error) {
	return (&service.TLS{CA: ca}).ClientConfig()
}
