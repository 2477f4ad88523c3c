package cluster

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/test/servers"
)

// runBinary runs the binary to its end and returns what it has written to its standard output.
func runBinary(t *testing.T, args ...string) string {
	t.Helper()
	binary := servers.Binary(t)
	c := exec.CommandContext(t.Context(), binary, args...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("polybolos %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func TestTablesAndCleaningInS3(t *testing.T) {
	servers.CleanEnv(t)
	server := servers.MinIO(t)
	server.MakeBucket(t, "lake")
	s3 := s3Flags(server, servers.SecretKey)
	sql := func(text string) string {
		t.Helper()
		return strings.TrimSpace(runBinary(t, append([]string{"sql", "--format", "csv", "-c", text}, s3...)...))
	}
	sql("copy (select i, i % 7 as k from generate_series(1, 50000) as g(i)) to 's3://lake/t/one.parquet'")
	sql("copy (select i, i % 7 as k from generate_series(50001, 60000) as g(i)) to 's3://lake/t/two.parquet'")
	for query, want := range map[string]string{
		"select count(*) as n, sum(i) as s from 's3://lake/t/*.parquet'":                                                          "n,s\n60000,1800030000",
		"select count(*) as n from 's3://lake/t' where i > 59990 and k = 3":                                                       "n\n2",
		"create external table x stored as parquet location 's3://lake/t/'; select max(i) as m from x; select min(i) as m from x": "m\n60000\nm\n1",
	} {
		if got := strings.ReplaceAll(sql(query), "\n\n", "\n"); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	// Objects that a cluster has left behind.
	for _, key := range []string{"shuffle/s1-1/0-0-0", "shuffle/s1-1/0-1-0", "shuffle/s2-1/0-0-0"} {
		server.PutFile(t, "lake", key, "doc.go")
	}
	shuffle := func(args ...string) string {
		return runBinary(t, append(append([]string{"shuffle"}, args...), append(s3, "--shuffle-url", "s3://lake/shuffle")...)...)
	}
	if list := shuffle("list"); !strings.Contains(list, "s1-1") || !strings.Contains(list, "s2-1") || strings.Count(list, "\n") != 3 {
		t.Errorf("the list is\n%s", list)
	}
	if out := shuffle("clean", "--older-than", "1h"); !strings.Contains(out, "removed 0 objects") {
		t.Errorf("nothing is old: %s", out)
	}
	if out := shuffle("clean", "--job", "s1-1"); !strings.Contains(out, "removed 2 objects") {
		t.Errorf("cleaning a job: %s", out)
	}
	if list := shuffle("list"); strings.Contains(list, "s1-1") || !strings.Contains(list, "s2-1") {
		t.Errorf("the list is\n%s", list)
	}
}
