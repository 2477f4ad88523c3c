package parquet

import (
	"context"
	"io"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/storage"
)

// sharedGroups is what the readers of one scan have in common of row groups that several of them read parts of: the dictionaries, each decoded once.
// What a row group holds is freed when all its rows have been read, or the scan ends.
type sharedGroups struct {
	budget *mem.Budget

	mu     sync.Mutex
	groups map[groupKey]*sharedGroup
}

type groupKey struct {
	file  footerKey
	group int
}

type sharedGroup struct {
	left   int64 // rows that no reader is done with
	chunks []sharedChunk
}

// sharedChunk is the dictionary of a column chunk.
type sharedChunk struct {
	turn  chan struct{} // holds one while a reader decodes or looks
	arena *mem.Arena
	dict  column.Vector // DictID 0 before it was decoded
}

type sharedKey struct{}

// sharedOf is the part of a scan; nil where the scan's readers have nothing in common.
func sharedOf(scan *storage.Scan, budget *mem.Budget) *sharedGroups {
	if scan.Shared == nil {
		return nil
	}
	return scan.Shared.Part(sharedKey{}, func() io.Closer {
		return &sharedGroups{budget: budget, groups: map[groupKey]*sharedGroup{}}
	}).(*sharedGroups)
}

// group is the part of a row group of so many rows and columns.
func (s *sharedGroups) group(key groupKey, rows int64, columns int) *sharedGroup {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[key]
	if g == nil {
		g = &sharedGroup{left: rows, chunks: make([]sharedChunk, columns)}
		for i := range g.chunks {
			g.chunks[i].turn = make(chan struct{}, 1)
		}
		s.groups[key] = g
	}
	return g
}

// done says that a reader needs so many of the group's rows no more.
func (s *sharedGroups) done(key groupKey, rows int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[key]
	if g == nil {
		return
	}
	if g.left -= rows; g.left <= 0 {
		g.free()
		delete(s.groups, key)
	}
}

// Close frees everything; no reader is left.
func (s *sharedGroups) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		g.free()
	}
	clear(s.groups)
	return nil
}

func (g *sharedGroup) free() {
	for i := range g.chunks {
		if c := &g.chunks[i]; c.arena != nil {
			c.arena.Free()
			c.arena = nil
		}
	}
}

// dictionary is the chunk's dictionary, which decode makes in an arena of its own when no reader has before.
func (c *sharedChunk) dictionary(ctx context.Context, budget *mem.Budget, decode func(p *pool) (column.Vector, error)) (column.Vector, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return column.Vector{}, context.Cause(ctx)
	}
	defer func() { <-c.turn }()
	if c.dict.DictID != 0 {
		return c.dict, nil
	}
	arena := mem.NewArena(budget)
	dict, err := decode(&pool{arena: arena})
	if err != nil {
		arena.Free()
		return dict, err
	}
	c.arena, c.dict = arena, dict
	return dict, nil
}
