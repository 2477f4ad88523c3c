//go:build race

package format

const withRace = true
