package shuffle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/storage/objectstore"
	"github.com/polybolos-db/polybolos/test/servers"
)

const shuffleURL = "s3://shuffle/some/prefix"

// objects is a store in a bucket of a server.
func objects(t *testing.T, server *servers.S3, c shuffle.ObjectsConfig) *shuffle.Objects {
	t.Helper()
	s3, err := objectstore.OpenS3(objectstore.S3Config{Endpoint: server.Endpoint, AccessKey: servers.AccessKey, SecretKey: servers.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s3.Close)
	c.URL, c.S3 = shuffleURL, s3
	s, err := shuffle.NewObjects(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func shuffleServer(t *testing.T) *servers.S3 {
	t.Helper()
	server := servers.MinIO(t)
	server.MakeBucket(t, "shuffle")
	return server
}

// readObjects reads a partition with two workers.
func readObjects(t *testing.T, s *shuffle.Objects, ids []shuffle.ID, partition int, fields []column.Field) ([][]column.Value, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := s.Open(ctx, ids, partition, partition+1, fields)
	if err != nil {
		return nil, err
	}
	next := make(chan int, r.Blocks())
	for i := range r.Blocks() {
		next <- i
	}
	close(next)
	var mu sync.Mutex
	var rows [][]column.Value
	var failed error
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			a := mem.NewArena(nil)
			defer a.Free()
			for i := range next {
				batches, err := r.Read(ctx, i, a)
				mu.Lock()
				failed = errors.Join(failed, err)
				for _, b := range batches {
					rows = append(rows, columntest.Rows(b)...)
				}
				mu.Unlock()
				a.Reset()
			}
		})
	}
	wg.Wait()
	return rows, failed
}

func TestObjectsBringBackWhatWasWritten(t *testing.T) {
	server := shuffleServer(t)
	types := append(columntest.Types(), columntest.NestedTypes()...)
	fields := fieldsOf(types)
	for i, codec := range []shuffle.Codec{shuffle.NoCodec, shuffle.LZ4, shuffle.Zstd} {
		for k, p := range []plan.Partitioning{{Kind: plan.Broadcast, Partitions: 1}, {Kind: plan.Hash, Partitions: 7, Keys: []int{18}}} {
			t.Run(fmt.Sprint(codec, p), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(i), uint64(k)))
				s := objects(t, server, shuffle.ObjectsConfig{Codec: codec})
				other := objects(t, server, shuffle.ObjectsConfig{}) // knows nothing of what was written
				a := mem.NewArena(nil)
				defer a.Free()
				budget := mem.NewBudget("task", 0, nil)
				var want [][]column.Value
				var ids []shuffle.ID
				for task := range 3 {
					var batches []*column.Batch
					for range task * 4 { // the first output is empty
						b := columntest.RandomBatch(r, a, types, 100+r.IntN(300))
						batches = append(batches, b)
						want = append(want, columntest.Rows(b)...)
					}
					id := shuffle.ID{Job: fmt.Sprint("job/", i, k), Stage: 1, Task: task}
					write(t, s, id, p, fields, budget, batches)
					ids = append(ids, id)
				}
				var one, two, three [][]column.Value
				for part := range p.Partitions {
					rows, err := readObjects(t, s, ids, part, fields)
					if err != nil {
						t.Fatal(err)
					}
					one = append(one, rows...)
					if rows, err = readObjects(t, other, ids, part, fields); err != nil {
						t.Fatal(err)
					}
					two = append(two, rows...)
					three = append(three, read(t, other, ids, part, fields)...)
				}
				for name, got := range map[string][][]column.Value{"known": one, "unknown": two, "block by block": three} {
					if !slices.Equal(multiset(got), multiset(want)) {
						t.Errorf("%s: %d rows of %d, or others", name, len(got), len(want))
					}
				}
				if budget.Used() != 0 {
					t.Errorf("the writers still hold %d bytes", budget.Used())
				}
				if n, err := s.Remove(t.Context(), ids[0].Job); n != len(ids) || err != nil {
					t.Errorf("removed %d of %d objects, %v", n, len(ids), err)
				}
				_, err := readObjects(t, objects(t, server, shuffle.ObjectsConfig{}), ids, 0, fields)
				var lost *shuffle.LostOutput
				if !errors.As(err, &lost) || !slices.Contains(ids, lost.Output) || fault.CodeOf(err) != fault.UndefinedObject {
					t.Errorf("after the removal: %v", err)
				}
			})
		}
	}
}

// TestLargeOutputsAreUploadedInParts writes more than several segments under a budget of few.
func TestLargeOutputsAreUploadedInParts(t *testing.T) {
	server := shuffleServer(t)
	budget := mem.NewBudget("outputs", 32<<20, nil)
	s := objects(t, server, shuffle.ObjectsConfig{Codec: shuffle.NoCodec, Segment: objectstore.MinPart, Budget: budget})
	r := rand.New(rand.NewPCG(3, 4))
	fields := []column.Field{{Name: "k", Type: column.T(column.Int64)}, {Name: "t", Type: column.T(column.Text)}}
	types := []column.Type{fields[0].Type, fields[1].Type}
	a := mem.NewArena(nil)
	defer a.Free()
	p := plan.Partitioning{Kind: plan.Hash, Partitions: 5, Keys: []int{0}}
	var batches []*column.Batch
	rows := 0
	for range 300 {
		b := columntest.RandomBatch(r, a, types, column.BatchRows)
		batches, rows = append(batches, b), rows+b.Rows()
	}
	id := shuffle.ID{Job: "large"}
	write(t, s, id, p, fields, mem.NewBudget("task", 0, nil), batches)
	if budget.Used() != 0 || budget.Peak() == 0 {
		t.Errorf("%d bytes are held, %d were at most", budget.Used(), budget.Peak())
	}
	for _, store := range []*shuffle.Objects{s, objects(t, server, shuffle.ObjectsConfig{ReadAhead: 9 << 20})} {
		got := 0
		for part := range p.Partitions {
			list, err := readObjects(t, store, []shuffle.ID{id}, part, fields)
			if err != nil {
				t.Fatal(err)
			}
			got += len(list)
		}
		if got != rows {
			t.Errorf("%d rows of %d", got, rows)
		}
	}
	// An attempt that ends before its commit leaves nothing.
	out, err := s.Create(t.Context(), shuffle.ID{Job: "aborted"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 3<<20)
	for range 4 {
		if err := out.Put(t.Context(), 0, sealed(block)); err != nil {
			t.Fatal(err)
		}
	}
	out.Abort()
	s.Close()
	if keys, err := server.Keys(t.Context(), "shuffle", "some/prefix/aborted"); len(keys) != 0 || err != nil {
		t.Errorf("left are %q, %v", keys, err)
	}
	for u := range server.Client.ListIncompleteUploads(t.Context(), "shuffle", "", true) {
		t.Errorf("an upload is left: %s, %v", u.Key, u.Err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are held", budget.Used())
	}
}

// sealed is a block with its checksum, as a Writer makes it.
func sealed(content []byte) []byte {
	return append(slices.Clone(content), shuffle.Checksum(content)...)
}

// TestPartsOutliveWhoeverPutThem has a worker put many blocks and end before the output is committed, as those of a pipeline do.
func TestPartsOutliveWhoeverPutThem(t *testing.T) {
	server := shuffleServer(t)
	s := objects(t, server, shuffle.ObjectsConfig{Codec: shuffle.NoCodec, Segment: objectstore.MinPart})
	id := shuffle.ID{Job: "j"}
	out := shuffle.NewInline(t.Context(), s, id, 1, 1000)
	worker, end := context.WithCancel(t.Context())
	block := make([]byte, 3<<20)
	for range 5 {
		if err := out.Put(worker, 0, sealed(block)); err != nil {
			t.Fatal(err)
		}
	}
	end()
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if blocks, err := s.Blocks(t.Context(), id, 0); len(blocks) != 5 || err != nil {
		t.Errorf("%d blocks, %v", len(blocks), err)
	}
}

func TestFirstCommitOfAnAttemptWins(t *testing.T) {
	server := shuffleServer(t)
	s := objects(t, server, shuffle.ObjectsConfig{})
	id := shuffle.ID{Job: "j", Stage: 1, Task: 2, Attempt: 3}
	for _, content := range []string{"first", "the second"} {
		out, err := s.Create(t.Context(), id, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Put(t.Context(), 0, sealed([]byte(content))); err != nil {
			t.Fatal(err)
		}
		if err := out.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, store := range []*shuffle.Objects{s, objects(t, server, shuffle.ObjectsConfig{})} {
		blocks, err := store.Blocks(t.Context(), id, 0)
		if err != nil || len(blocks) != 1 {
			t.Fatalf("%d blocks, %v", len(blocks), err)
		}
		if p, err := blocks[0].Read(t.Context()); err != nil || !bytes.Equal(p, sealed([]byte("first"))) {
			t.Errorf("got %q, %v", p, err)
		}
	}
}

// TestDamagedObjectsAreNoticed flips bytes of an object, and cuts it.
func TestDamagedObjectsAreNoticed(t *testing.T) {
	server := shuffleServer(t)
	s := objects(t, server, shuffle.ObjectsConfig{})
	fields := []column.Field{{Name: "k", Type: column.T(column.Int64)}}
	a := mem.NewArena(nil)
	defer a.Free()
	r := rand.New(rand.NewPCG(5, 6))
	id := shuffle.ID{Job: "j"}
	write(t, s, id, plan.Partitioning{Kind: plan.Gather, Partitions: 1}, fields, mem.NewBudget("task", 0, nil),
		[]*column.Batch{columntest.RandomBatch(r, a, []column.Type{fields[0].Type}, 1000)})
	keys, err := server.Keys(t.Context(), "shuffle", "")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	object, err := server.Client.GetObject(t.Context(), "shuffle", keys[0], minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if _, err := whole.ReadFrom(object); err != nil {
		t.Fatal(err)
	}
	good := whole.Bytes()
	for round := range 60 {
		bad := slices.Clone(good)
		if round%3 == 0 {
			bad = bad[:r.IntN(len(bad))]
		} else {
			bad[len(bad)-1-r.IntN(min(len(bad), 40*(round+1)))] ^= 1 << r.IntN(8)
		}
		if bytes.Equal(bad, good) || bytes.Equal(bad[min(8, len(bad)):], good[8:]) {
			continue // the first magic number is for people
		}
		if _, err := server.Client.PutObject(t.Context(), "shuffle", keys[0], bytes.NewReader(bad), int64(len(bad)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err := readObjects(t, objects(t, server, shuffle.ObjectsConfig{}), []shuffle.ID{id}, 0, fields)
		var lost *shuffle.LostOutput
		if !errors.As(err, &lost) || lost.Output != id {
			t.Fatalf("round %d: a damaged object of %d bytes gives %v", round, len(bad), err)
		}
	}
}

func TestObjectsAreCollected(t *testing.T) {
	server := shuffleServer(t)
	s := objects(t, server, shuffle.ObjectsConfig{})
	for _, job := range []string{"mine-1", "mine-2", "theirs-1"} {
		for task := range 2 {
			out, err := s.Create(t.Context(), shuffle.ID{Job: job, Task: task}, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := out.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 3 || list[0].Job != "mine-1" || list[0].Objects != 2 || list[0].Bytes == 0 {
		t.Fatalf("got %+v, %v", list, err)
	}
	asked := map[string]bool{}
	n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour), func(job string, old bool) bool {
		asked[job] = old
		return job != "mine-1"
	})
	if n != 2 || err != nil || len(asked) != 3 || !asked["theirs-1"] {
		t.Errorf("removed %d, asked %v, %v", n, asked, err)
	}
	if _, err := s.Sweep(t.Context(), time.Now().Add(-time.Hour), func(_ string, old bool) bool { return !old }); err != nil {
		t.Error(err)
	}
	keys, err := server.Keys(t.Context(), "shuffle", "")
	if err != nil || len(keys) != 4 {
		t.Errorf("left are %q, %v", keys, err)
	}
}

func TestCheckOfTheStoreSaysWhatIsWrong(t *testing.T) {
	server := shuffleServer(t)
	if err := objects(t, server, shuffle.ObjectsConfig{}).Check(t.Context(), "a/b"); err != nil {
		t.Error(err)
	}
	if keys, err := server.Keys(t.Context(), "shuffle", ""); len(keys) != 0 || err != nil {
		t.Errorf("the check left %q, %v", keys, err)
	}
	s3, err := objectstore.OpenS3(objectstore.S3Config{Endpoint: server.Endpoint, AccessKey: servers.AccessKey, SecretKey: "wrong"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := shuffle.NewObjects(shuffle.ObjectsConfig{URL: shuffleURL, S3: s3})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Check(t.Context(), "x")
	if e, ok := fault.As(err); !ok || e.Code != fault.InvalidAuthorization || e.Hint == "" || !strings.Contains(e.Message, shuffleURL) {
		t.Errorf("wrong secret: %v", err)
	}
	if _, err := shuffle.NewObjects(shuffle.ObjectsConfig{URL: "http://x"}); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Errorf("a URL that is none of S3: %v", err)
	}
}

func TestReadsSurviveAServerThatComesBack(t *testing.T) {
	server := shuffleServer(t)
	s := objects(t, server, shuffle.ObjectsConfig{})
	out, err := s.Create(t.Context(), shuffle.ID{Job: "j"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		time.Sleep(50 * time.Millisecond)
		server.Restart()
	}()
	err = out.Commit(t.Context())
	<-restarted
	if err != nil {
		t.Errorf("the commit was not repeated: %v", err)
	}
	if _, err := s.Blocks(t.Context(), shuffle.ID{Job: "j"}, 0); err != nil {
		t.Error(err)
	}
}

func TestSmallOutputsTravelInlineAndLargeOnesAreStored(t *testing.T) {
	store := shuffle.NewMemory(mem.NewBudget("job", 0, nil))
	for _, n := range []int{0, 1, 2, 5} {
		id := shuffle.ID{Job: "j", Task: n}
		out := shuffle.NewInline(t.Context(), store, id, 2, 100)
		var want []string
		for i := range n {
			content := fmt.Sprintf("%030d", i)
			want = append(want, content)
			if err := out.Put(t.Context(), i%2, sealed([]byte(content))); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		encoded, err := out.Encoded()
		if err != nil || (encoded != nil) != (n <= 2) {
			t.Fatalf("%d blocks: %d bytes inline, %v", n, len(encoded), err)
		}
		var got []string
		for p := range 2 {
			var blocks [][]byte
			if encoded != nil {
				if blocks, err = shuffle.InlineBlocks(encoded, p); err != nil {
					t.Fatal(err)
				}
			} else {
				list, err := store.Blocks(t.Context(), id, p)
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range list {
					block, err := b.Read(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					blocks = append(blocks, block)
				}
			}
			for _, b := range blocks {
				content, err := shuffle.Stream(b)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(content))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%d blocks: got %q", n, got)
		}
	}
	if _, err := shuffle.InlineBlocks([]byte("garbage"), 0); fault.CodeOf(err) != fault.DataCorrupted {
		t.Errorf("garbage: %v", err)
	}
}
