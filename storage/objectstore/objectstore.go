package objectstore

import (
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// For returns the store that holds url: a local path, or scheme://….
func For(url string) (storage.Store, error) {
	scheme, _, found := strings.Cut(url, "://")
	if !found || scheme == "file" || !isScheme(scheme) {
		return Local{}, nil
	}
	if scheme == "s3" {
		return DefaultS3()
	}
	if scheme == "local" {
		return theExecutors()
	}
	return nil, fault.New(fault.FeatureNotSupported, "cannot reach %q: there is no object store for %s:// here", url, scheme).
		WithHint("local paths, file://, s3:// and, in a cluster, local:// are supported")
}

func isScheme(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}
