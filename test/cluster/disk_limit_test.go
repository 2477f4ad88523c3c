package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/test/servers"
)

// exchanged is a query whose exchange has a few hundred kilobytes: far more than the limits here, and than what travels inline.
const exchanged = "select count(*), max(c) from (select l_orderkey, l_partkey, count(*) as c from lineitem group by l_orderkey, l_partkey) x"

// diskExecutor starts an executor whose outputs go to files.
func diskExecutor(t *testing.T, scheduler, folder string, flags ...string) *process {
	t.Helper()
	return start(t, 1, append([]string{
		"executor", "--scheduler", scheduler, "--listen", "127.0.0.1:0", "--threads", "1", "--work-dir", folder, "--output-memory", "1", "--inline-output", "0",
	}, flags...)...)
}

func TestOutputsOverTheirDiskLimit(t *testing.T) {
	s := start(t, 2, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--drain", "1s")
	folders := []string{t.TempDir(), t.TempDir()}
	var executors []*process
	for _, f := range folders {
		executors = append(executors, diskExecutor(t, s.Addresses[0], f, "--output-disk", "20kB"))
	}
	c := connect(t, s.Addresses[1], true)
	for range 2 { // what the first query had taken is free for the second
		err := ends(t, c, exchanged)
		if fault.CodeOf(err) != fault.DiskFull || !strings.Contains(err.Error(), "limit of 20000 bytes") {
			t.Fatalf("with a limit of 20 kB everywhere: %v with %s", err, fault.CodeOf(err))
		}
		if f, _ := fault.As(err); !strings.Contains(f.Message, folders[0]) && !strings.Contains(f.Message, folders[1]) || !strings.Contains(f.Hint, "--output-disk") {
			t.Errorf("the error names no folder, or hints %q: %v", f.Hint, err)
		}
		if err := ends(t, c, "select n_regionkey, count(*) from nation group by n_regionkey"); err != nil {
			t.Errorf("a query that needs little room: %v", err)
		}
	}
	// A task that one executor has no room for runs on another.
	executors = append(executors, diskExecutor(t, s.Addresses[0], t.TempDir(), "--output-disk", "1GB"))
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		n, err := countRows(t.Context(), c, "show executors")
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d executors, %v", n, err)
		}
		if n == 3 {
			break
		}
	}
	if err := executors[0].End(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := ends(t, c, exchanged); err != nil {
		t.Errorf("with room on one of two executors: %v", err)
	}
	for _, p := range append(executors[1:], s) {
		if err := p.End(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	for _, f := range folders {
		if left, err := filepath.Glob(filepath.Join(f, "*")); len(left) > 0 || err != nil {
			t.Errorf("left are %q, %v", left, err)
		}
	}
}

// TestObjectStoreNeedsNoDisk keeps outputs in S3, the tier that is used instead of the executors' disks where it is configured.
func TestObjectStoreNeedsNoDisk(t *testing.T) {
	server := servers.MinIO(t)
	server.MakeBucket(t, "shuffle")
	flags := append([]string{"--shuffle-url", "s3://shuffle/x"}, s3Flags(server, servers.SecretKey)...)
	s := start(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, flags...)...)
	folder := t.TempDir()
	diskExecutor(t, s.Addresses[0], folder, append([]string{"--output-disk", "1"}, flags...)...)
	c := connect(t, s.Addresses[1], true)
	if err := ends(t, c, exchanged); err != nil {
		t.Error(err)
	}
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if info, ierr := d.Info(); err == nil && ierr == nil && !d.IsDir() && info.Size() > 1<<10 {
			t.Errorf("%s has %d bytes", path, info.Size())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
