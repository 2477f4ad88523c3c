package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/grpc/credentials"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/service"
)

// addConfigFlag adds the flag that names the YAML file.
func addConfigFlag(flags *pflag.FlagSet) {
	flags.String(service.ConfigFlag, "", "YAML file with values for flags that neither the command line nor the environment (POLYBOLOS_…) gives")
}

// configure sets the flags that were not given from the environment and the file.
func configure(c *cobra.Command) error {
	err := service.Configure(c.Flags(), c.Name())
	if e, ok := fault.As(err); ok && e.Where == "" && e.Code == fault.InvalidParameterValue {
		return usagef(c, "%s", e.Message)
	}
	return err
}

// clientSecurity protects the connections of SQL clients.
func clientSecurity(t *service.TLS) (credentials.TransportCredentials, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	config, err := t.ForClients()
	if err != nil {
		return nil, err
	}
	return service.ServerCredentials(config), nil
}

// clusterSecurity protects the connections between processes of a cluster: those that this one takes, and those that it opens.
func clusterSecurity(t *service.TLS) (server, client credentials.TransportCredentials, err error) {
	if err := t.Check(); err != nil {
		return nil, nil, err
	}
	config, err := t.ForCluster()
	if err != nil {
		return nil, nil, err
	}
	client, err = t.Client()
	return service.ServerCredentials(config), client, err
}
