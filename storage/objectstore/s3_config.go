package objectstore

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/polybolos-db/polybolos/fault"
)

// S3Config says how S3 is reached. What is empty comes from the environment as for other AWS programs: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL,
// AWS_REGION or AWS_DEFAULT_REGION; credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, then from ~/.aws/credentials (AWS_PROFILE), then from
// the machine's or the container's role. Without any, requests are anonymous.
type S3Config struct {
	Endpoint     string // URL of the service, empty: Amazon's
	Region       string
	AccessKey    string
	SecretKey    string
	SessionToken string
	CAFile       string // PEM certificates that are trusted beside the system's
	Retries      int    // of a request that failed for a reason that passes; 0: DefaultS3Retries
}

// DefaultS3Retries bounds how long a request is repeated: with pauses from 0.2 s to 1 s it is given up after about 7 s.
const DefaultS3Retries = 10

// roleTime is how long the service that knows a machine's role may take to answer: machines without one may not even refuse.
const roleTime = 2 * time.Second

// idleConnections is how many connections to the service are kept open: as many as requests run at once.
const idleConnections = 256

// answerTime is how long a service may take from the end of a request to the begin of its answer.
const answerTime = 60 * time.Second

// fill takes from the environment what is not given.
func (c *S3Config) fill() {
	first := func(value *string, names ...string) {
		for _, n := range names {
			if *value == "" {
				*value = os.Getenv(n)
			}
		}
	}
	first(&c.Endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
	first(&c.Region, "AWS_REGION", "AWS_DEFAULT_REGION")
	first(&c.CAFile, "AWS_CA_BUNDLE")
	if c.Retries == 0 {
		c.Retries = DefaultS3Retries
	}
}

// credentials are those of the configuration, or the first that the usual places have.
func (c *S3Config) credentials() (*credentials.Credentials, error) {
	switch {
	case c.AccessKey != "" && c.SecretKey != "":
		return credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken), nil
	case c.AccessKey != "" || c.SecretKey != "":
		return nil, fault.New(fault.InvalidParameterValue, "an S3 access key and its secret key must be given together")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{},
		&credentials.FileAWSCredentials{},
		&credentials.IAM{Client: &http.Client{Timeout: roleTime}},
	}), nil
}

// OpenS3 makes a client of an S3 service. Nothing is sent yet.
func OpenS3(c S3Config) (*S3, error) {
	c.fill()
	endpoint := c.Endpoint
	if endpoint == "" {
		endpoint = "https://s3.amazonaws.com"
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" || u.User != nil {
		return nil, fault.New(fault.InvalidParameterValue, "the S3 endpoint must be http://host:port or https://host:port, not %q", endpoint)
	}
	creds, err := c.credentials()
	if err != nil {
		return nil, err
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "make a transport for S3")
	}
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = idleConnections, idleConnections
	transport.ResponseHeaderTimeout = answerTime
	if c.CAFile != "" {
		if transport.TLSClientConfig, err = trusting(c.CAFile); err != nil {
			return nil, err
		}
	}
	o := &minio.Options{Creds: creds, Secure: u.Scheme == "https", Region: c.Region, Transport: transport, MaxRetries: c.Retries}
	if c.Endpoint != "" {
		// Services other than Amazon's have buckets as the first part of the path, and mostly one region.
		o.BucketLookup = minio.BucketLookupPath
		if o.Region == "" {
			o.Region = "us-east-1"
		}
	}
	client, err := minio.New(u.Host, o)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidParameterValue, err, "make a client of S3 at %s", endpoint)
	}
	return &S3{core: minio.Core{Client: client}, endpoint: endpoint, credentials: creds, transport: transport}, nil
}

// trusting is a configuration that trusts the certificates of a file, too.
func trusting(file string) (*tls.Config, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Wrap(fault.UndefinedFile, err, "read the certificates that S3 is trusted by")
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.InvalidParameterValue, "%q has no PEM certificates", file)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

// process is what s3:// URLs of this process mean.
var process struct {
	sync.Mutex
	config S3Config
	store  *S3 // nil until it is needed
}

// ConfigureS3 says how this process reaches s3:// URLs. It is called before the first of them is used.
func ConfigureS3(c S3Config) {
	process.Lock()
	defer process.Unlock()
	process.config, process.store = c, nil
}

// DefaultS3 is the service of this process's s3:// URLs.
func DefaultS3() (*S3, error) {
	process.Lock()
	defer process.Unlock()
	if process.store == nil {
		s, err := OpenS3(process.config)
		if err != nil {
			return nil, err
		}
		process.store = s
	}
	return process.store, nil
}
