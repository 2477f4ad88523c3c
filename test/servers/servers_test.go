package servers

import (
	"testing"
)

func TestS3ServersTakeAndGiveObjects(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *S3{"MinIO": MinIO, "versitygw": VersityGW} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.MakeBucket(t, "bucket")
			s.PutFile(t, "bucket", "a/b", "doc.go")
			keys, err := s.Keys(t.Context(), "bucket", "a/")
			if err != nil || len(keys) != 1 || keys[0] != "a/b" {
				t.Errorf("got keys %q, %v", keys, err)
			}
			s.Kill()
			if _, err := s.Keys(t.Context(), "bucket", ""); err == nil {
				t.Error("a killed server answers")
			}
		})
	}
}

func TestEtcdAnswers(t *testing.T) {
	e := StartEtcd(t)
	if e.URL == "" {
		t.Error("no URL")
	}
}
