// Package device tests SQL on devices: the TPC-H-derived queries and more with their aggregations on a fake CUDA device, whose kernels run on the host, and what
// becomes of a query when the device fails.
package device
