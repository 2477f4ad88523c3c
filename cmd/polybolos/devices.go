package main

import (
	"context"
	"log/slog"

	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/kernels"
)

// devices describes the devices that queries may run on, or says why there is none.
func devices() []string {
	var heard reasons
	var out []string
	for _, d := range executor.Devices(slog.New(&heard)) {
		out = append(out, d.Info().String())
	}
	switch {
	case len(out) > 0:
		return out
	case len(kernels.DeviceKinds()) == 0:
		return []string{"none: this binary was built without CUDA"}
	}
	return heard
}

// reasons keeps what a log is told, a text a line.
type reasons []string

// Enabled is for every level.
func (r *reasons) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps the message and the reason.
func (r *reasons) Handle(_ context.Context, record slog.Record) error {
	text := record.Message
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "reason" {
			text += ": " + a.Value.String()
		}
		return true
	})
	*r = append(*r, text)
	return nil
}

// WithAttrs keeps nothing more.
func (r *reasons) WithAttrs([]slog.Attr) slog.Handler { return r }

// WithGroup keeps nothing more.
func (r *reasons) WithGroup(string) slog.Handler { return r }

// logDevices finds the devices and says in one line what there is, or why there is none; a binary without CUDA says nothing.
func logDevices(log *slog.Logger) { executor.Devices(log) }
