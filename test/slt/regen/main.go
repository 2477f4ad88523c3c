package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/polybolos-db/polybolos/test/reference"
	"github.com/polybolos-db/polybolos/test/slt"
)

func main() {
	program, _ := reference.Find(".")
	oracle := flag.String("oracle", program, "the oracle `program`")
	postgres := flag.String("postgres", "", "`URL` of a PostgreSQL server to ask too")
	data := flag.String("data", "test/slt/data", "`folder` that ${data} stands for")
	check := flag.Bool("check", false, "report, write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := 0
	for _, name := range flag.Args() {
		if err := regenerate(ctx, name, *oracle, *postgres, *data, *check); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	stop()
	os.Exit(code)
}

func regenerate(ctx context.Context, name, oracle, postgres, data string, check bool) (err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	file, err := slt.Parse(name, string(text))
	if err != nil {
		return err
	}
	var sources []slt.Source
	start := func(engine string, args ...string) error {
		process, err := reference.Start(ctx, oracle, append([]string{"query"}, args...)...)
		if err != nil {
			return err
		}
		sources = append(sources, slt.Source{Name: engine, Conn: slt.Peer(process)})
		return nil
	}
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.Conn.Close())
		}
	}()
	if err := start("duckdb"); err != nil {
		return err
	}
	if postgres != "" {
		if err := start("postgres", "--postgres", postgres); err != nil {
			return err
		}
	}
	tmp, err := os.MkdirTemp("", "slt")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	fresh, failures := slt.Rewrite(ctx, file, sources, map[string]string{"data": data, "tmp": tmp})
	for _, f := range failures {
		err = errors.Join(err, f)
	}
	switch {
	case fresh == string(text):
		return err
	case check:
		return errors.Join(err, fmt.Errorf("%s: the expected results are not those of the sources", name))
	}
	return errors.Join(err, os.WriteFile(name, []byte(fresh), 0o644))
}
