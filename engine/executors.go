package engine

import (
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/session"
	"github.com/polybolos-db/polybolos/simd"
)

// executors is what SHOW EXECUTORS lists: this process.
func (e *Engine) executors() ([]session.Executor, error) {
	tasks, err := e.jobs.Tasks()
	if err != nil {
		return nil, err
	}
	var out []session.Executor
	for id, n := range tasks {
		x := session.Executor{
			Name: string(id), Threads: e.config.Threads, SIMD: simd.Current().String(), Memory: e.config.MemoryLimit, State: session.Serving, Tasks: n,
		}
		for _, d := range executor.Devices(nil) {
			x.Devices = append(x.Devices, d.Info().Name)
		}
		out = append(out, x)
	}
	return out, nil
}
