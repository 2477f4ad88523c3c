//go:build !race

package memory

// raceDetector says that the race detector is in the test: it keeps several bytes of its own for each of the process's.
const raceDetector = false
