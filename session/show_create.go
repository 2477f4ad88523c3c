package session

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage/format"
)

// showCreate prints the statement that would make a table or a view.
func (s *Session) showCreate(ctx context.Context, sh *parse.ShowCreate) (Result, error) {
	o, t, v, err := s.find(ctx, sh.Name)
	if err != nil {
		return nil, err
	}
	if o.catalog == nil {
		return nil, fault.New(fault.WrongObjectType, "%q belongs to the system", t.Name()).At(sh.Name.Position)
	}
	name := plainName(o.name.Name)
	switch {
	case o.catalog == s.temporary:
		name = temporarySchema + "." + name
	case o.name.Schema != "" && o.name.Schema != catalog.MainSchema:
		name = plainName(o.name.Schema) + "." + name
	}
	return newTable("SHOW", []string{"name", "statement"}, [][]*string{cells(o.name.Name, definition(name, t, v))})
}

func definition(name string, t catalog.Table, v *catalog.View) string {
	if v != nil {
		text := "CREATE VIEW " + name
		if len(v.Columns) > 0 {
			list := make([]string, len(v.Columns))
			for i, c := range v.Columns {
				list[i] = plainName(c)
			}
			text += " (" + strings.Join(list, ", ") + ")"
		}
		return text + " AS " + v.SQL
	}
	st := catalog.StoredOf(t)
	var list []string
	for i, f := range t.Schema() {
		if f.Name == t.Source().Options[format.FilenameOption] {
			continue // the option of this name makes it
		}
		typ := f.Type.String()
		if st != nil {
			typ = st.Columns[i].TypeName()
		}
		line := "\n  " + plainName(f.Name) + " " + typ
		if st != nil && st.Columns[i].Default != "" {
			line += " DEFAULT " + st.Columns[i].Default
		}
		if f.NotNull {
			line += " NOT NULL"
		}
		list = append(list, line)
	}
	columns := " (" + strings.Join(list, ",") + "\n)"
	if st != nil {
		return "CREATE TABLE " + name + columns
	}
	source := t.Source()
	text := "CREATE EXTERNAL TABLE " + name + columns + "\nSTORED AS " + strings.ToUpper(source.Format) + "\nLOCATION " + quoteText(t.Location())
	options := catalog.OptionsOf(t)
	keys := slices.Sorted(maps.Keys(options))
	for i, k := range keys {
		keys[i] = quoteText(k) + " " + quoteText(options[k])
	}
	if len(keys) > 0 {
		text += "\nOPTIONS (" + strings.Join(keys, ", ") + ")"
	}
	return text
}

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// plainName quotes a name only where it would read as another otherwise.
func plainName(name string) string {
	plain := name != "" && (name[0] < '0' || name[0] > '9')
	for i := range len(name) {
		c := name[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_')
	}
	if plain {
		return name
	}
	return quoteName(name)
}
