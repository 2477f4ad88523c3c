// Package readme runs what the README tells a newcomer to type.
//
// The test builds the binary, makes a small data set under the name that the README uses, and runs its shell lines and its SQL block there as they
// stand. Servers and make targets have tests of their own.
package readme
