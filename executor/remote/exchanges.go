package remote

import (
	"context"
	"errors"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/shuffle"
)

// exchanges opens the outputs that a launch names, wherever they lie.
type exchanges struct {
	tasks   *tasks
	outputs map[int][]source // by stage
}

// source is an output and where it lies; address "" means here.
type source struct {
	id      shuffle.ID
	address string
}

// lostError is an error of reading outputs that the executor which holds them cannot give.
type lostError struct {
	outputs []shuffle.ID
	err     error
}

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func newExchanges(x *tasks, self, job string, l *controlv1.Launch) (*exchanges, error) {
	out := &exchanges{tasks: x, outputs: map[int][]source{}}
	for _, in := range l.GetInputs() {
		if len(in.GetAttempts()) != len(in.GetLocations()) {
			return nil, fault.New(fault.Internal, "a launch names %d attempts at %d places", len(in.GetAttempts()), len(in.GetLocations()))
		}
		stage := int(in.GetStage())
		for task, number := range in.GetAttempts() {
			place := in.GetLocations()[task]
			if int(place) >= len(l.GetLocations()) {
				return nil, fault.New(fault.Internal, "a launch names place %d of %d", place, len(l.GetLocations()))
			}
			s := source{id: shuffle.ID{Job: job, Stage: stage, Task: task, Attempt: int(number)}}
			if at := l.GetLocations()[place]; at.GetExecutor() != self {
				if s.address = at.GetAddress(); s.address == "" {
					s.address = "(gone)"
				}
			}
			out.outputs[stage] = append(out.outputs[stage], s)
		}
	}
	return out, nil
}

// Read opens a partition of all outputs of n's stage: here block by block, elsewhere output by output.
func (x *exchanges) Read(ctx context.Context, n *plan.ExchangeRead, partition int) (executor.ExchangeReader, error) {
	sources, ok := x.outputs[n.Stage]
	if !ok {
		return nil, fault.New(fault.UndefinedObject, "there is no output of stage %d", n.Stage)
	}
	r := &reader{exchanges: x, stage: n.Stage, partition: partition, fields: n.Out}
	var here []shuffle.ID
	for _, s := range sources {
		if s.address == "" {
			here = append(here, s.id)
		} else {
			r.remote = append(r.remote, s)
		}
	}
	for _, id := range here {
		one, err := shuffle.NewReader(ctx, x.tasks.store, []shuffle.ID{id}, partition, n.Out)
		if err != nil {
			return nil, &lostError{[]shuffle.ID{id}, err}
		}
		for i := range one.Blocks() {
			r.local = append(r.local, localBlock{reader: one, index: i, id: id})
		}
	}
	return r, nil
}

// reader reads a partition; outputs elsewhere come first, since they take longest.
type reader struct {
	exchanges *exchanges
	stage     int
	partition int
	fields    []column.Field
	remote    []source
	local     []localBlock
}

type localBlock struct {
	reader *shuffle.Reader
	index  int
	id     shuffle.ID
}

// Blocks counts an output that lies elsewhere as one.
func (r *reader) Blocks() int { return len(r.remote) + len(r.local) }

// Read decodes block i into a.
func (r *reader) Read(ctx context.Context, i int, a *mem.Arena) ([]*column.Batch, error) {
	if i >= len(r.remote) {
		b := r.local[i-len(r.remote)]
		batches, err := b.reader.Read(ctx, b.index, a)
		return batches, lostUnless(ctx, err, b.id)
	}
	s := r.remote[i]
	batches, err := r.fetch(ctx, s, a)
	if fault.CodeOf(err) == fault.ConnectionFailure && ctx.Err() == nil {
		// The executor is not reached: none of its outputs is.
		return nil, &lostError{r.exchanges.at(s.address), err}
	}
	return batches, lostUnless(ctx, err, s.id)
}

// at are all the outputs at an address.
func (x *exchanges) at(address string) (out []shuffle.ID) {
	for _, sources := range x.outputs {
		for _, s := range sources {
			if s.address == address {
				out = append(out, s.id)
			}
		}
	}
	return out
}

// lostUnless says that an output cannot be read, unless the error is the reader's own.
func lostUnless(ctx context.Context, err error, id shuffle.ID) error {
	var known *lostError
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &known), fault.CodeOf(err) == fault.OutOfMemory:
		return err
	}
	return &lostError{[]shuffle.ID{id}, err}
}

func (r *reader) fetch(ctx context.Context, s source, a *mem.Arena) ([]*column.Batch, error) {
	stream, err := r.exchanges.tasks.reader.Open(ctx, s.address, s.id, r.partition, r.fields)
	if err != nil {
		return nil, err
	}
	var batches []*column.Batch
	for {
		b, err := stream.Next(ctx, a)
		if err != nil || b == nil {
			return batches, errors.Join(err, stream.Close())
		}
		batches = append(batches, b)
	}
}
