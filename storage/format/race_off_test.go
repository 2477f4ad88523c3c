//go:build !race

package format

const withRace = false
