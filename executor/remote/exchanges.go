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
	stage   *plan.Stage      // whose task reads
	places  *places          // of outputs that are not there yet
	outputs map[int][]source // by stage
}

// source is an output and where it lies; address "" means here. A small output came with the launch.
type source struct {
	id      shuffle.ID
	address string
	small   bool
	inline  []byte // all of it
	task    int
	absent  bool // it lies nowhere yet
}

// lostError is an error of reading outputs that the executor which holds them cannot give.
type lostError struct {
	outputs []shuffle.ID
	err     error
}

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func newExchanges(x *tasks, self, job string, l *controlv1.Launch, of *plan.Stage, p *places) (*exchanges, error) {
	out := &exchanges{tasks: x, stage: of, places: p, outputs: map[int][]source{}}
	for _, in := range l.GetInputs() {
		if len(in.GetAttempts()) != len(in.GetLocations()) {
			return nil, fault.New(fault.Internal, "a launch names %d attempts at %d places", len(in.GetAttempts()), len(in.GetLocations()))
		}
		stage := int(in.GetStage())
		for task, number := range in.GetAttempts() {
			place := in.GetLocations()[task]
			if place == nowhere && l.GetPartial() {
				out.outputs[stage] = append(out.outputs[stage], source{
					id: shuffle.ID{Job: job, Stage: stage, Task: task, Attempt: int(number)}, task: task, absent: true,
				})
				continue
			}
			if int(place) >= len(l.GetLocations()) {
				return nil, fault.New(fault.Internal, "a launch names place %d of %d", place, len(l.GetLocations()))
			}
			s := source{id: shuffle.ID{Job: job, Stage: stage, Task: task, Attempt: int(number)}, task: task}
			if b, ok := in.GetInline()[uint32(task)]; ok {
				s.small, s.inline = true, b
			}
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

// Read opens the task's share of all outputs of n's stage: here block by block, elsewhere output by output.
func (x *exchanges) Read(ctx context.Context, n *plan.ExchangeRead, task int) (executor.ExchangeReader, error) {
	sources, ok := x.outputs[n.Stage]
	if !ok {
		return nil, fault.New(fault.UndefinedObject, "there is no output of stage %d", n.Stage)
	}
	r := &reader{exchanges: x, share: x.stage.Share(n, task), fields: n.Out}
	return r, r.add(ctx, sources)
}

// add takes outputs into the reader.
func (r *reader) add(ctx context.Context, sources []source) error {
	x, share := r.exchanges, r.share
	var here, objects []shuffle.ID
	for _, s := range sources {
		switch {
		case !share.Takes(s.task):
		case s.absent:
			r.absent = append(r.absent, s)
		case s.small:
			for p := share.From; p < share.To; p++ {
				blocks, err := shuffle.InlineBlocks(s.inline, p)
				if err != nil {
					return &lostError{[]shuffle.ID{s.id}, err}
				}
				for _, b := range blocks {
					r.inline = append(r.inline, inlineBlock{block: b, id: s.id})
				}
			}
		case x.tasks.config.Shuffle != nil:
			objects = append(objects, s.id)
		case s.address == "":
			here = append(here, s.id)
		default:
			for p := share.From; p < share.To; p++ {
				r.remote = append(r.remote, remotePart{s, p})
			}
		}
	}
	if len(objects) > 0 {
		var err error
		if r.objects, err = x.tasks.config.Shuffle.Open(ctx, objects, share.From, share.To, r.fields); err != nil {
			return lostObject(err)
		}
	}
	for p := share.From; p < share.To; p++ {
		if err := r.open(ctx, here, p); err != nil {
			return err
		}
	}
	return nil
}

// open adds a partition of outputs that are here.
func (r *reader) open(ctx context.Context, here []shuffle.ID, partition int) error {
	x := r.exchanges.tasks
	for _, id := range here {
		one, err := shuffle.NewReader(ctx, x.store, []shuffle.ID{id}, partition, r.fields)
		if err != nil {
			return &lostError{[]shuffle.ID{id}, err}
		}
		for i := range one.Blocks() {
			r.local = append(r.local, localBlock{reader: one, index: i, id: id})
		}
	}
	return nil
}

// reader reads a share; outputs elsewhere come first, since they take longest, and those last that are not there yet.
type reader struct {
	exchanges *exchanges
	share     plan.Share
	fields    []column.Field
	objects   *shuffle.ObjectReader // nil: none
	remote    []remotePart
	local     []localBlock
	inline    []inlineBlock
	absent    []source
}

type remotePart struct {
	source
	partition int
}

type inlineBlock struct {
	block []byte
	id    shuffle.ID
}

type localBlock struct {
	reader *shuffle.Reader
	index  int
	id     shuffle.ID
}

// Blocks counts an output that lies elsewhere, or nowhere yet, as one.
func (r *reader) Blocks() int {
	n := len(r.remote) + len(r.local) + len(r.inline) + len(r.absent)
	if r.objects != nil {
		n += r.objects.Blocks()
	}
	return n
}

// Read decodes block i into a.
func (r *reader) Read(ctx context.Context, i int, a *mem.Arena) ([]*column.Batch, error) {
	if o := r.objects; o != nil {
		if i < o.Blocks() {
			batches, err := o.Read(ctx, i, a)
			return batches, lostObject(err)
		}
		i -= o.Blocks()
	}
	if i < len(r.remote) {
		s := r.remote[i]
		batches, err := r.fetch(ctx, s.source, s.partition, a)
		return batches, r.lostAt(ctx, err, s.source)
	}
	i -= len(r.remote)
	if i < len(r.local) {
		b := r.local[i]
		batches, err := b.reader.Read(ctx, b.index, a)
		return batches, lostUnless(ctx, err, b.id)
	}
	i -= len(r.local)
	if i < len(r.inline) {
		b := r.inline[i]
		batches, err := shuffle.Decode(b.block, r.fields, a)
		return batches, lostUnless(ctx, err, b.id)
	}
	return r.await(ctx, r.absent[i-len(r.inline)], a)
}

// await reads an output that was not there when the task was launched.
func (r *reader) await(ctx context.Context, s source, a *mem.Arena) ([]*column.Batch, error) {
	at, err := r.exchanges.places.wait(ctx, s.id.Stage, s.id.Task, s.id.Attempt)
	if err != nil {
		return nil, err
	}
	var all []*column.Batch
	one := &reader{exchanges: r.exchanges, share: r.share, fields: r.fields}
	at.task = s.task
	if err := one.add(ctx, []source{at}); err != nil {
		return nil, err
	}
	for i := range one.Blocks() {
		batches, err := one.Read(ctx, i, a)
		if err != nil {
			return nil, err
		}
		all = append(all, batches...)
	}
	return all, nil
}

// lostAt says which outputs cannot be read after an error of reading one that lies elsewhere.
func (r *reader) lostAt(ctx context.Context, err error, s source) error {
	if fault.CodeOf(err) == fault.ConnectionFailure && ctx.Err() == nil {
		// The executor is not reached: none of its outputs is.
		return &lostError{append(r.exchanges.at(s.address), s.id), err}
	}
	return lostUnless(ctx, err, s.id)
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

// lostObject names the output that an object store does not have any more, or has damaged.
func lostObject(err error) error {
	var lost *shuffle.LostOutput
	if errors.As(err, &lost) {
		return &lostError{[]shuffle.ID{lost.Output}, err}
	}
	return err
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

func (r *reader) fetch(ctx context.Context, s source, partition int, a *mem.Arena) ([]*column.Batch, error) {
	stream, err := r.exchanges.tasks.reader.Open(ctx, s.address, s.id, partition, r.fields)
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
