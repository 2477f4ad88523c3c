// Package realcard finds the machine's CUDA driver for tests that run on a real card where there is one, and on a fake device where there is none.
package realcard
