package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/storage/objectstore"
)

// s3Flags say how s3:// URLs are reached, those of tables and that of the shuffle.
type s3Flags struct{ config objectstore.S3Config }

func (f *s3Flags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.config.Endpoint, "s3-endpoint", "", "URL of the S3 service, such as http://127.0.0.1:9000 (default AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or Amazon's)")
	flags.StringVar(&f.config.Region, "s3-region", "", "region of the S3 service (default AWS_REGION)")
	flags.StringVar(&f.config.AccessKey, "s3-access-key", "", "access key (default AWS_ACCESS_KEY_ID, ~/.aws/credentials, or the machine's role)")
	flags.StringVar(&f.config.SecretKey, "s3-secret-key", "", "secret key (default as --s3-access-key; other users of this machine may see flags)")
	flags.IntVar(&f.config.Retries, "s3-retries", objectstore.DefaultS3Retries, "how often a request is repeated that failed for a reason that passes, with pauses of up to a second")
	flags.StringVar(&f.config.CAFile, "s3-ca", "", "PEM file of certificates that the S3 service is trusted by, beside the system's")
}

// use makes this what s3:// means in this process.
func (f *s3Flags) use() { objectstore.ConfigureS3(f.config) }

// shuffleFlags say where outputs of tasks go.
type shuffleFlags struct {
	url         string
	compression string
	age         time.Duration
}

func (f *shuffleFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.url, "shuffle-url", "", "s3://bucket/prefix for what tasks put out; scheduler and executors have the same (default the executors' memory and disk, which go with them)")
}

func (f *shuffleFlags) addCompression(flags *pflag.FlagSet) {
	flags.StringVar(&f.compression, "shuffle-compression", "lz4", "none, lz4 or zstd: of blocks in the shuffle's objects")
}

func (f *shuffleFlags) addAge(flags *pflag.FlagSet) {
	flags.DurationVar(&f.age, "shuffle-age", control.DefaultShuffleAge, "objects below --shuffle-url of jobs that are not this scheduler's are removed when they did not change for so long")
}

// storeTime is how long a shuffle store may take to be there when a server starts: they are often started together.
const storeTime = 30 * time.Second

// open makes the store, nil without a URL, and makes sure that it can be used: a store that is not reached is tried again for a while, one that refuses ends the program.
func (f *shuffleFlags) open(c *cobra.Command, log *slog.Logger) (*shuffle.Objects, error) {
	if f.url == "" {
		return nil, nil
	}
	s3, err := objectstore.DefaultS3()
	if err != nil {
		return nil, err
	}
	config := shuffle.ObjectsConfig{URL: f.url, S3: s3, Log: log}
	if f.compression != "" {
		if config.Codec, err = shuffle.ParseCodec(f.compression); err != nil {
			return nil, usagef(c, "--shuffle-compression %s", err)
		}
	}
	s, err := shuffle.NewObjects(config)
	if err != nil {
		return nil, usagef(c, "--shuffle-url: %s", err)
	}
	ctx, cancel := context.WithTimeout(c.Context(), storeTime)
	defer cancel()
	for {
		err := s.Check(ctx, fmt.Sprintf("%08x", rand.Uint32()))
		if err == nil {
			return s, nil
		}
		if fault.CodeOf(err) != fault.ConnectionFailure {
			return nil, err
		}
		log.Warn("the shuffle store is not reached", "url", s.URL(), "endpoint", s3.Endpoint(), "error", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Second):
		}
	}
}
