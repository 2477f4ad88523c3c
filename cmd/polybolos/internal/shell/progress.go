package shell

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

const (
	// patience is how long a statement runs before its progress is shown: what is faster needs no bar.
	patience = 500 * time.Millisecond
	// refresh is the time between two looks at the progress.
	refresh = 100 * time.Millisecond
	// barSteps is the resolution of the bar.
	barSteps = 1000
)

// progress draws a bar while a statement runs and erases it when stop is called. The nil *progress does nothing.
type progress struct {
	mu     sync.Mutex
	source func() Progress
	stopc  chan struct{}
	ended  chan struct{}
	once   sync.Once
}

// startProgress begins to watch a statement, when messages go to a terminal.
func (s *Shell) startProgress() *progress {
	if !s.Terminal.Err || !s.interactive && !s.Terminal.Out {
		return nil
	}
	p := &progress{stopc: make(chan struct{}), ended: make(chan struct{})}
	go p.draw(s.Err, time.Now())
	return p
}

// follow says where the progress can be read.
func (p *progress) follow(source func() Progress) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.source = source
}

// stop erases the bar. It may be called more than once. The source is not called afterwards.
func (p *progress) stop() {
	if p == nil {
		return
	}
	p.once.Do(func() { close(p.stopc) })
	<-p.ended
}

func (p *progress) read() Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.source == nil {
		return Progress{}
	}
	return p.source()
}

// draw is the bar's goroutine.
func (p *progress) draw(w io.Writer, start time.Time) {
	defer close(p.ended)
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-p.stopc:
		return
	case <-wait.C:
	}
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	var bar *progressbar.ProgressBar
	known := false
	for {
		now := p.read()
		if bar == nil || known != (now.Total > 0) {
			known = now.Total > 0
			bar = newBar(w, known)
		}
		bar.Describe(describe(now, time.Since(start)))
		if known {
			// The last step would end the bar while the statement still runs.
			done := min(now.Done*barSteps/now.Total, barSteps-1)
			// What the bar cannot draw is no error of the statement.
			_ = bar.Set64(done)
		} else {
			_ = bar.Add(1)
		}
		select {
		case <-p.stopc:
			_ = bar.Clear()
			return
		case <-tick.C:
		}
	}
}

func newBar(w io.Writer, known bool) *progressbar.ProgressBar {
	limit := int64(barSteps)
	if !known {
		limit = -1
	}
	return progressbar.NewOptions64(limit,
		progressbar.OptionSetWriter(w), progressbar.OptionUseANSICodes(true), progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionSpinnerType(14),
		// Without this the spinner has a goroutine of its own, which goes on drawing after Clear.
		progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}))
}

func describe(p Progress, elapsed time.Duration) string {
	text := fmt.Sprintf("%.0f s", elapsed.Seconds())
	if p.Rows > 0 {
		text += ", " + shortCount(p.Rows) + " rows scanned"
	}
	return text
}

// shortCount prints n with three digits and a unit.
func shortCount(n int64) string {
	f := float64(n)
	switch {
	case n < 10_000:
		return fmt.Sprint(n)
	case n < 10_000_000:
		return fmt.Sprintf("%.0f thousand", f/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.0f million", f/1e6)
	}
	return fmt.Sprintf("%.1f billion", f/1e9)
}
