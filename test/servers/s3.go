package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// The credentials of the servers that this package starts.
const (
	AccessKey = "polybolos"
	SecretKey = "polybolos-secret"
)

// S3 is a running S3 server.
type S3 struct {
	Name     string // of the program
	Endpoint string // http://host:port
	Client   *minio.Client

	restart func()
	*process
}

// MinIO starts MinIO.
func MinIO(t testing.TB) *S3 {
	t.Helper()
	program, folder := tool(t, "minio", minioVersion), t.TempDir()
	env := []string{"MINIO_ROOT_USER=" + AccessKey, "MINIO_ROOT_PASSWORD=" + SecretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME=" + t.TempDir()}
	s := &S3{Name: "minio"}
	address := func(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }
	arguments := func(port int) (string, []string) {
		return "http://" + address(port) + "/minio/health/ready", []string{"server", "--quiet", "--address", address(port), "--console-address", address(freePort(t)), folder}
	}
	var port int
	s.process = start(t, env, program, func() (string, []string) {
		port = freePort(t)
		return arguments(port)
	})
	s.restart = func() {
		s.process = start(t, env, program, func() (string, []string) { return arguments(port) })
	}
	s.connect(t, address(port))
	return s
}

// VersityGW starts versitygw over a folder.
func VersityGW(t testing.TB) *S3 {
	t.Helper()
	program, folder, sidecar := tool(t, "versitygw", versitygwVersion), t.TempDir(), t.TempDir()
	s := &S3{Name: "versitygw"}
	var address string
	s.process = start(t, nil, program, func() (string, []string) {
		address = "127.0.0.1:" + strconv.Itoa(freePort(t))
		return "http://" + address + "/health", []string{"--access", AccessKey, "--secret", SecretKey, "--port", address, "--health", "/health",
			"posix", "--sidecar", sidecar, folder}
	})
	s.connect(t, address)
	return s
}

func (s *S3) connect(t testing.TB, address string) {
	t.Helper()
	s.Endpoint = "http://" + address
	var err error
	s.Client, err = minio.New(address, &minio.Options{Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server as a crash does.
func (s *S3) Kill() { s.kill() }

// Restart starts a killed server again at its address, with its data.
func (s *S3) Restart() { s.restart() }

// MakeBucket makes a bucket.
func (s *S3) MakeBucket(t testing.TB, name string) {
	t.Helper()
	if err := s.Client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}); err != nil {
		t.Fatalf("make bucket %q: %v\n%s", name, err, s.output)
	}
}

// Keys are the names of all objects in a bucket whose names begin with a prefix.
func (s *S3) Keys(ctx context.Context, bucket, prefix string) ([]string, error) {
	var out []string
	for o := range s.Client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, o.Err
		}
		out = append(out, o.Key)
	}
	return out, nil
}

// PutFile uploads a file.
func (s *S3) PutFile(t testing.TB, bucket, key, path string) {
	t.Helper()
	if _, err := s.Client.FPutObject(t.Context(), bucket, key, path, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

// Etcd is a running etcd.
type Etcd struct {
	URL string // http://host:port
	*process
}

// StartEtcd starts an etcd of one member.
func StartEtcd(t testing.TB) *Etcd {
	t.Helper()
	program, folder := tool(t, "etcd", etcdVersion), t.TempDir()
	e := &Etcd{}
	round := 0
	e.process = start(t, nil, program, func() (string, []string) {
		round++
		e.URL = fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
		peer := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
		return e.URL + "/readyz", strings.Fields(fmt.Sprintf("--name test --data-dir %s --listen-client-urls %s --advertise-client-urls %s --listen-peer-urls %s "+
			"--initial-advertise-peer-urls %s --initial-cluster test=%s --heartbeat-interval 10 --election-timeout 100 --log-level error",
			filepath.Join(folder, strconv.Itoa(round)), e.URL, e.URL, peer, peer, peer))
	})
	return e
}

// Kill ends the server as a crash does.
func (e *Etcd) Kill() { e.kill() }

// CleanEnv removes what this machine's user may have set for S3, so that a test sees what it sets alone.
func CleanEnv(t testing.TB) {
	t.Helper()
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "POLYBOLOS_S3_") {
			t.Setenv(name, "") // remembers the value for the test's end
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}
