// Package dataframe tests the lazy API on an embedded engine and on a server: the same programs give the same rows.
package dataframe
