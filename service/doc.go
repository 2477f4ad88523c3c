// Package service is what all servers share: where their settings come from and how their connections are protected.
//
// Configure fills a command's flags: what the command line does not give comes from the environment (POLYBOLOS_ and the flag's name), then from a YAML file. Whatever is wrong
// is an error that names its place. TLS makes, from certificate files, the transport credentials of gRPC servers and clients; files that change are read
// again, so that certificates are renewed without a restart.
package service
