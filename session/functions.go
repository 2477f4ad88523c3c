package session

import (
	"runtime/debug"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// pgVersion is the version of PostgreSQL whose behaviour clients may expect.
const pgVersion = "15.0"

// function answers for the functions without arguments that tell of the session ("name()"), and for settings.
func (s *Session) function(name string) (string, error) {
	switch name {
	case "current_schema()":
		if path := s.searchPath(); len(path) > 0 {
			return path[0], nil
		}
		return "", fault.New(fault.InvalidSchemaName, "no schema of search_path exists")
	case "current_schemas()":
		return strings.Join(s.searchPath(), "\n"), nil
	case "current_database()", "current_catalog()":
		return DatabaseName, nil
	case "current_user()", "session_user()", "user()", "current_role()":
		return owner, nil
	case "version()":
		return "PostgreSQL " + pgVersion + " (Polybolos " + buildVersion() + ")", nil
	}
	return s.Setting(name)
}

// buildVersion is the version of the program as Go's build knows it.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
