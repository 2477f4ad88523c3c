package storage

import (
	"errors"
	"io"
	"sync"
)

// Shared is what the readers of one scan have in common, such as dictionaries that each would decode anew. Whoever makes the scan makes it, and closes
// it when no reader is left. It is safe for concurrent use; the zero value is ready.
type Shared struct {
	mu    sync.Mutex
	parts map[any]io.Closer
}

// Part is the format's own part under a key, which make makes when it is first asked for.
func (s *Shared) Part(key any, make func() io.Closer) io.Closer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.parts[key]
	if !ok {
		if s.parts == nil {
			s.parts = map[any]io.Closer{}
		}
		p = make()
		s.parts[key] = p
	}
	return p
}

// Close closes the parts. It may be called more than once.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, p := range s.parts {
		err = errors.Join(err, p.Close())
	}
	s.parts = nil
	return err
}
