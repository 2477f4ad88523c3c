package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/polybolos-db/polybolos/client"
)

// LoadConfig says how a server is loaded.
type LoadConfig struct {
	URL      string
	Clients  int // each with a session of its own, one query after another
	Duration time.Duration
	Queries  []string // taken in turn
	Setup    []string // statements of every client before its first query
}

// LoadReport is how the server did.
type LoadReport struct {
	Queries   int
	Errors    int
	First     error // of the errors
	PerSecond float64
	P50, P99  time.Duration
	Longest   time.Duration
}

// Load has clients send queries until the time is over, and waits for the last answers.
func Load(ctx context.Context, c LoadConfig) (*LoadReport, error) {
	clients := make([]*client.Client, c.Clients)
	defer func() {
		for _, x := range clients {
			if x != nil {
				_ = x.Close() // the measurement is over
			}
		}
	}()
	for i := range clients {
		x, err := client.Open(ctx, c.URL)
		if err != nil {
			return nil, fmt.Errorf("client %d: %w", i, err)
		}
		clients[i] = x
		for _, s := range c.Setup {
			if _, err := count(ctx, x, s); err != nil {
				return nil, fmt.Errorf("client %d: %s: %w", i, s, err)
			}
		}
	}
	var mu sync.Mutex
	var took []time.Duration
	r := &LoadReport{}
	start := time.Now()
	end := start.Add(c.Duration)
	var wg sync.WaitGroup
	for i, x := range clients {
		wg.Go(func() {
			for n := i; time.Now().Before(end) && ctx.Err() == nil; n++ {
				begun := time.Now()
				_, err := count(ctx, x, c.Queries[n%len(c.Queries)])
				d := time.Since(begun)
				mu.Lock()
				if err != nil {
					if r.Errors++; r.First == nil {
						r.First = err
					}
				}
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(took)
	r.Queries = len(took)
	if r.Queries > 0 {
		r.PerSecond = float64(r.Queries) / time.Since(start).Seconds()
		r.P50, r.P99, r.Longest = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	}
	return r, ctx.Err()
}
