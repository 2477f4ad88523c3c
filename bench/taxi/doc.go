// Package taxi makes trips of the form that New York's taxi commission publishes: one file for each month, for tutorials and tests of files that lie on several
// machines. Every value follows from the month, the row and nothing else. It is no sample of real trips.
package taxi
