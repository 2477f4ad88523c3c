package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/polybolos-db/polybolos/test/oracle"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("a command is needed: answers, dbgen, extension or query")
	}
	flags := flag.NewFlagSet("oracle "+args[0], flag.ContinueOnError)
	switch args[0] {
	case "answers":
		data := flags.String("data", "", "`folder` with <table>.parquet, or <table>/*.parquet, and manifest.json")
		queries := flags.String("queries", "bench/tpch/queries", "`folder` with q01.sql … q22.sql")
		out := flags.String("out", "", "`folder` to write q01.tsv … and manifest.json to")
		return with(ctx, flags, args[1:], func(d *oracle.DuckDB) error {
			if *data == "" || *out == "" {
				return errors.New("answers needs --data and --out")
			}
			names, err := oracle.WriteAnswers(ctx, d, *data, *queries, *out)
			fmt.Printf("%d answers in %s\n", len(names), *out)
			return err
		})
	case "dbgen":
		sf := flags.Float64("sf", 0.01, "scale `factor`")
		check := flags.String("check", "", "`folder` with the Parquet files to compare")
		build := flags.String("build", "../../build/oracle", "`folder` for the linked extension")
		except := flags.String("except", "", "`columns` that may differ, separated by commas")
		return with(ctx, flags, args[1:], func(d *oracle.DuckDB) error {
			if *check == "" {
				return errors.New("dbgen needs --check")
			}
			return compare(ctx, d, *build, *sf, *check, strings.Split(*except, ","))
		})
	case "extension":
		build := flags.String("build", "../../build/oracle", "`folder` for the linked extension")
		return with(ctx, flags, args[1:], func(d *oracle.DuckDB) error {
			path, err := oracle.BuildTPCH(ctx, d, *build)
			if err == nil {
				fmt.Println(path)
			}
			return err
		})
	case "query":
		url := flags.String("postgres", "", "`URL` of a PostgreSQL server to ask instead of DuckDB")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return serve(ctx, *url)
	}
	return fmt.Errorf("unknown command %q", args[0])
}

// with parses the flags and calls do with an open DuckDB.
func with(ctx context.Context, flags *flag.FlagSet, args []string, do func(*oracle.DuckDB) error) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	d, err := oracle.OpenDuckDB(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.Close())
}

func serve(ctx context.Context, url string) error {
	var engine oracle.Engine
	var err error
	if url != "" {
		engine, err = oracle.OpenPostgres(ctx, url)
	} else {
		engine, err = oracle.OpenDuckDB(ctx)
	}
	if err != nil {
		return err
	}
	// A signal must also end the wait for the next line.
	stop := context.AfterFunc(ctx, func() { _ = os.Stdin.Close() })
	defer stop()
	return errors.Join(oracle.Serve(ctx, engine, os.Stdin, os.Stdout), engine.Close())
}

func compare(ctx context.Context, d *oracle.DuckDB, build string, sf float64, dir string, except []string) error {
	extension, err := oracle.BuildTPCH(ctx, d, build)
	if err != nil {
		return err
	}
	diffs, err := oracle.CompareDBGen(ctx, d, extension, fmt.Sprint(sf), dir)
	if err != nil {
		return err
	}
	unequal := 0
	for _, c := range diffs {
		fmt.Printf("%-10s %-16s equal %10d  different %10d\n", c.Table, c.Column, c.Equal, c.Different)
		if c.Different > 0 {
			if !slices.Contains(except, c.Column) {
				unequal++
			}
			fmt.Printf("           for example %.200s\n", c.Example)
		}
	}
	if unequal > 0 {
		return fmt.Errorf("%d of %d columns differ from the reference generator", unequal, len(diffs))
	}
	fmt.Printf("%d columns compared, all equal that must be\n", len(diffs))
	return nil
}
