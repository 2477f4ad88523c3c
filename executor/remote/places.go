package remote

import (
	"context"
	"sync"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/shuffle"
)

// nowhere is the place of an output in a launch that does not lie anywhere yet.
const nowhere = ^uint32(0)

// places are where the outputs of a job lie for which attempts wait that were launched before their inputs were complete.
type places struct {
	mu      sync.Mutex
	known   map[[2]int]source // by stage and task: the latest
	changed chan struct{}     // closed and made anew
}

// locate takes what the scheduler says of an output.
func (p *places) locate(self string, l *controlv1.Located) {
	t := l.GetTask()
	s := source{id: shuffle.ID{Job: t.GetJob(), Stage: int(l.GetStage()), Task: int(t.GetIndex()), Attempt: int(t.GetAttempt())}}
	s.inline = l.GetInline()
	s.small = s.inline != nil
	if at := l.GetLocation(); at.GetExecutor() != self {
		if s.address = at.GetAddress(); s.address == "" {
			s.address = "(gone)"
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[[2]int]source{}
	}
	if p.changed != nil {
		close(p.changed)
	}
	p.known[[2]int{s.id.Stage, s.id.Task}], p.changed = s, make(chan struct{})
}

// wait returns where the output of a task lies as soon as that is known, unless it is an attempt before the given one.
func (p *places) wait(ctx context.Context, stage, task, attempt int) (source, error) {
	for {
		p.mu.Lock()
		s, ok := p.known[[2]int{stage, task}]
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		if ok && s.id.Attempt >= attempt {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return source{}, context.Cause(ctx)
		}
	}
}
