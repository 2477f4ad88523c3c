package remote

import (
	"errors"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

func statsMessage(stats map[int]plan.NodeStats) map[uint32]*controlv1.NodeStats {
	out := make(map[uint32]*controlv1.NodeStats, len(stats))
	for id, s := range stats {
		out[uint32(id)] = &controlv1.NodeStats{Rows: s.Rows, Batches: s.Batches, Nanoseconds: int64(s.Time), Memory: s.Memory, Detail: s.Detail}
	}
	return out
}

// describe puts an error into a status.
func describe(s *controlv1.TaskStatus, err error) {
	var lost *lostError
	if errors.As(err, &lost) {
		for _, o := range lost.outputs {
			s.Missing = append(s.Missing, outputMessage(o))
		}
	}
	// An executor that holds the only copy of a file was waited for already.
	var gone *objectstore.Gone
	s.Retryable = lost != nil || retryable(fault.CodeOf(err)) && !errors.As(err, &gone)
	s.OutOfMemory = fault.CodeOf(err) == fault.OutOfMemory
	s.Fault = faultMessage(err)
}

// retryable reports whether another executor may do better: what the disk, the network or the process did, but not what the query asked for.
func retryable(c fault.Code) bool {
	switch c {
	case fault.ConnectionFailure, fault.IOError, fault.DiskFull, fault.DataCorrupted, fault.AdminShutdown:
		return true
	}
	return false
}

func faultMessage(err error) *controlv1.Fault {
	f, ok := fault.As(err)
	if !ok {
		return &controlv1.Fault{Code: string(fault.CodeOf(err)), Message: err.Error()}
	}
	out := &controlv1.Fault{Code: string(f.Code), Message: f.Message, Detail: f.Detail, Hint: f.Hint, Position: uint32(max(0, f.Position)), Where: f.Where}
	if f.Err != nil {
		out.Cause = f.Err.Error()
	}
	return out
}
