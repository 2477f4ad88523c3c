package transport

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

var fields = []column.Field{{Name: "n", Type: column.T(column.Int64)}, {Name: "s", Type: column.T(column.Text)}}

// rows is a batch of numbers from first on, each with its text.
func rows(t *testing.T, a *mem.Arena, first, n int) *column.Batch {
	t.Helper()
	numbers, texts := make([]column.Value, n), make([]column.Value, n)
	for i := range n {
		numbers[i] = column.IntValue(fields[0].Type, int64(first+i))
		texts[i] = column.TextValue(strings.Repeat("x", (first+i)%40))
	}
	b := &column.Batch{Len: n}
	for c, values := range [][]column.Value{numbers, texts} {
		v, err := column.FromValues(a, fields[c].Type, n, func(i int) *column.Value { return &values[i] })
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

// fill puts an output of several blocks into a store: partition 0 has all rows, partition 1 none.
func fill(t *testing.T, store shuffle.Store, id shuffle.ID, blocks, perBlock int) {
	t.Helper()
	out, err := store.Create(t.Context(), id, 2)
	if err != nil {
		t.Fatal(err)
	}
	shared := shuffle.Shared{Out: out, Fields: fields, Partitioning: plan.Partitioning{Kind: plan.Gather, Partitions: 1}}
	w, err := shared.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	a := mem.NewArena(nil)
	defer a.Free()
	for i := range blocks {
		if err := w.Write(t.Context(), rows(t, a, i*perBlock, perBlock)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// serve serves a store until the test ends.
func serve(t *testing.T, store shuffle.Store) (address string, g *grpc.Server) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g = NewServer(store)
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
	return l.Addr().String(), g
}

func newStore(t *testing.T) *shuffle.Tiered {
	t.Helper()
	s := shuffle.NewTiered(nil, filepath.Join(t.TempDir(), "shuffle"))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// read counts and sums a partition's rows.
func read(ctx context.Context, c *Client, address string, id shuffle.ID, partition int) (n int, sum int64, err error) {
	s, err := c.Open(ctx, address, id, partition, fields)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = s.Close() }()
	a := mem.NewArena(nil)
	defer a.Free()
	for {
		a.Reset()
		b, err := s.Next(ctx, a)
		if err != nil || b == nil {
			return n, sum, err
		}
		for k := range b.Rows() {
			v := b.Cols[0].ValueAt(b.Row(k)).Int64()
			if got, want := b.Cols[1].ValueAt(b.Row(k)).Str, strings.Repeat("x", int(v)%40); got != want {
				return n, sum, fault.New(fault.Internal, "row %d has text %q", v, got)
			}
			sum += v
			n++
		}
	}
}

func TestOutputArrivesAsItWasWritten(t *testing.T) {
	store, id := newStore(t), shuffle.ID{Job: "j", Stage: 2, Task: 3, Attempt: 1}
	fill(t, store, id, 5, 1000)
	address, _ := serve(t, store)
	c := NewClient(nil)
	defer c.Close()
	if n, sum, err := read(t.Context(), c, address, id, 0); n != 5000 || sum != 5000*4999/2 || err != nil {
		t.Errorf("%d rows, sum %d, %v", n, sum, err)
	}
	if n, _, err := read(t.Context(), c, address, id, 1); n != 0 || err != nil {
		t.Errorf("the empty partition: %d rows, %v", n, err)
	}
}

func TestReaderIsToldWhatIsTheMatter(t *testing.T) {
	store, id := newStore(t), shuffle.ID{Job: "j"}
	fill(t, store, id, 1, 10)
	address, g := serve(t, store)
	c := NewClient(nil)
	defer c.Close()
	if _, _, err := read(t.Context(), c, address, shuffle.ID{Job: "other"}, 0); fault.CodeOf(err) != fault.UndefinedObject {
		t.Errorf("an output that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := read(ctx, c, address, id, 0); fault.CodeOf(err) != fault.QueryCanceled {
		t.Errorf("canceled: %v", err)
	}
	g.Stop()
	if _, _, err := read(t.Context(), c, address, id, 0); fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("a server that is gone: %v", err)
	}
}

// damaged is a store whose blocks have one bit flipped.
type damaged struct{ shuffle.Store }

type damagedBlock struct{ shuffle.Block }

func (d damaged) Blocks(ctx context.Context, id shuffle.ID, partition int) ([]shuffle.Block, error) {
	blocks, err := d.Store.Blocks(ctx, id, partition)
	for i, b := range blocks {
		blocks[i] = damagedBlock{b}
	}
	return blocks, err
}

func (b damagedBlock) Read(ctx context.Context) ([]byte, error) {
	p, err := b.Block.Read(ctx)
	if err == nil {
		p[len(p)/2] ^= 1
	}
	return p, err
}

func TestDamagedBlockIsNotSent(t *testing.T) {
	store, id := newStore(t), shuffle.ID{Job: "j"}
	fill(t, store, id, 1, 10)
	address, _ := serve(t, damaged{store})
	c := NewClient(nil)
	defer c.Close()
	if _, _, err := read(t.Context(), c, address, id, 0); fault.CodeOf(err) != fault.DataCorrupted {
		t.Errorf("got %v", err)
	}
}

// TestForeignReader reads an output with nothing but the library's Flight client.
func TestForeignReader(t *testing.T) {
	store, id := newStore(t), shuffle.ID{Job: "j", Stage: 1}
	fill(t, store, id, 3, 100)
	address, _ := serve(t, store)
	c, err := flight.NewClientWithMiddleware(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ticket, err := proto.Marshal(&controlv1.Output{Job: "j", Stage: 1})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.DoGet(t.Context(), &flight.Ticket{Ticket: ticket})
	if err != nil {
		t.Fatal(err)
	}
	records, err := flight.NewRecordReader(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Release()
	n := int64(0)
	for records.Next() {
		n += records.RecordBatch().NumRows()
	}
	if n != 300 || records.Err() != nil {
		t.Errorf("%d rows, %v", n, records.Err())
	}
	stream, err = c.DoGet(t.Context(), &flight.Ticket{Ticket: []byte("garbage")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a ticket that is none: %v", err)
	}
}
