// Package substrait runs Substrait plans that other tools made, and damaged ones, through an embedded engine and compares the rows with the reference answers.
package substrait
