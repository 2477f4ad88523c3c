package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

func newShuffleCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "shuffle",
		Short: "Look after the objects of a cluster's shuffle",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newShuffleListCommand(), newShuffleCleanCommand())
	return c
}

// openObjects opens the store of a command's flags.
func openObjects(c *cobra.Command, url *string, s3 *s3Flags) (*shuffle.Objects, error) {
	if err := configure(c); err != nil {
		return nil, err
	}
	if *url == "" {
		return nil, usagef(c, "--shuffle-url is needed")
	}
	s3.use()
	service, err := objectstore.DefaultS3()
	if err != nil {
		return nil, err
	}
	return shuffle.NewObjects(shuffle.ObjectsConfig{URL: *url, S3: service})
}

func newShuffleListCommand() *cobra.Command {
	var url string
	var s3 s3Flags
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the jobs that have objects, with their number and size and the time of the last",
		Example: "  polybolos shuffle list --shuffle-url s3://bucket/prefix",
		Args:    noArguments,
	}
	c.Flags().StringVar(&url, "shuffle-url", "", "s3://bucket/prefix of the shuffle")
	s3.add(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := openObjects(c, &url, &s3)
		if err != nil {
			return err
		}
		list, err := s.List(c.Context())
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		if _, err := fmt.Fprintln(w, "job\tobjects\tbytes\tchanged"); err != nil {
			return err
		}
		for _, j := range list {
			if _, err := fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", j.Job, j.Objects, j.Bytes, j.Changed.UTC().Format(time.DateTime)); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	return c
}

func newShuffleCleanCommand() *cobra.Command {
	var url string
	var age time.Duration
	var job string
	var s3 s3Flags
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove the objects of a job, or of all jobs that did not change for some time",
		Long: `Remove the objects of a job, or of all jobs that did not change for some time. A scheduler removes the objects of its own jobs; this is for what is left when there is none
any more. A query whose objects are removed while it runs makes them again.`,
		Example: `  polybolos shuffle clean --shuffle-url s3://bucket/prefix --older-than 6h
  polybolos shuffle clean --shuffle-url s3://bucket/prefix --job s1f2e3d4-1-7`,
		Args: noArguments,
	}
	c.Flags().StringVar(&url, "shuffle-url", "", "s3://bucket/prefix of the shuffle")
	c.Flags().DurationVar(&age, "older-than", 0, "remove the objects of jobs that did not change for so long")
	c.Flags().StringVar(&job, "job", "", "remove the objects of this job")
	s3.add(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		if job == "" && age <= 0 || job != "" && age != 0 {
			return usagef(c, "one of --job and --older-than is needed")
		}
		s, err := openObjects(c, &url, &s3)
		if err != nil {
			return err
		}
		var n int
		if job != "" {
			n, err = s.Remove(c.Context(), job)
		} else {
			n, err = s.Sweep(c.Context(), time.Now().Add(-age), func(_ string, old bool) bool { return !old })
		}
		if _, perr := fmt.Fprintf(c.OutOrStdout(), "removed %d objects\n", n); err == nil {
			err = perr
		}
		return err
	}
	return c
}
