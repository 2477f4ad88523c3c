package state

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// catalogPrefix begins the keys of the catalog's objects.
const catalogPrefix = "catalog/"

// Tables keeps a catalog in a store: it is a catalog.Keeper. An object that is too large for a record, such as a table of thousands of parts, is a blob, and its record names it.
type Tables struct {
	Store Store
	Blobs Blobs
	Claim Claim // under which changes are made; may be nil
}

// reference is the record of an object that is a blob. Its name cannot be that of a field of any object.
type reference struct {
	Blob string `json:"$blob"`
}

// saveTime bounds how long a change of the catalog may take.
const saveTime = 30 * time.Second

// Load returns all objects.
func (t *Tables) Load(ctx context.Context) (map[string][]byte, error) {
	records, err := t.Store.List(ctx, catalogPrefix)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte, len(records))
	for _, r := range records {
		value := r.Value
		if name := blobOf(value); name != "" {
			if value, err = t.Blobs.Get(ctx, name); err != nil {
				return nil, err
			}
		}
		out[strings.TrimPrefix(r.Key, catalogPrefix)] = value
	}
	return out, nil
}

func blobOf(value []byte) string {
	var r reference
	if len(value) > 2*len(BlobName(nil)) || json.Unmarshal(value, &r) != nil {
		return ""
	}
	return r.Blob
}

// Save keeps and removes objects.
func (t *Tables) Save(ctx context.Context, kept map[string][]byte, removed []string) error {
	ctx, cancel := context.WithTimeout(ctx, saveTime)
	defer cancel()
	if len(kept)+len(removed) > MaxOps {
		return fault.New(fault.ConfigurationLimit, "a statement changes %d objects of the catalog at once, where %d are allowed", len(kept)+len(removed), MaxOps)
	}
	c := Commit{Claim: t.Claim}
	for name, value := range kept {
		if len(value) > MaxValue {
			blob, err := t.Blobs.Put(ctx, value)
			if err == nil {
				value, err = json.Marshal(reference{blob})
			}
			if err != nil {
				return err
			}
		}
		c.Put = append(c.Put, Record{Key: catalogPrefix + name, Value: value})
	}
	for _, name := range removed {
		c.Delete = append(c.Delete, catalogPrefix+name)
	}
	if len(c.Put)+len(c.Delete) == 0 {
		return nil
	}
	_, err := t.Store.Commit(ctx, c)
	return err
}

// References are the blobs that the catalog needs.
func (t *Tables) References(ctx context.Context) (map[string]bool, error) {
	records, err := t.Store.List(ctx, catalogPrefix)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range records {
		if name := blobOf(r.Value); name != "" {
			out[name] = true
		}
	}
	return out, nil
}
