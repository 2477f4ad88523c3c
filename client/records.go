package client

import (
	"context"

	"github.com/polybolos-db/polybolos/dataframe"
)

// Records runs one statement and returns its rows as Arrow, which the caller closes: what dataframe needs of a session.
func (c *Client) Records(ctx context.Context, statement string) (dataframe.Records, error) {
	rows, err := c.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

var _ dataframe.Session = (*Client)(nil)
