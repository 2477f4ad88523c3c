package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a wrong command line.
type usageError struct {
	message string
	command string // whose help explains it
}

func (e *usageError) Error() string { return e.message }

// usagef makes a usageError that names a flag.
func usagef(c *cobra.Command, format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...), command: c.CommandPath()}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:                   "polybolos",
		DisableFlagsInUseLine: true,
		Short:                 "SQL on files with all cores",
		Long:                  "Polybolos runs SQL on Parquet, CSV, JSON and Arrow files. Without a server: polybolos sql",
		SilenceUsage:          true,
		SilenceErrors:         true,
		Args:                  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			message := fmt.Sprintf("there is no command %q", args[0])
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				message += ", did you mean " + strings.Join(near, " or ") + "?"
			}
			return &usageError{message, c.CommandPath()}
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usagef(c, "%s", err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newSQLCommand(),
		newStandaloneCommand(),
		newSchedulerCommand(),
		newExecutorCommand(),
		newShuffleCommand(),
		newBenchCommand(),
		newVersionCommand(),
	)
	return root
}

// noArguments refuses arguments that are no flags.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(c, "%s takes no argument %q", c.CommandPath(), args[0])
	}
	return nil
}
