package main

import "testing"

func TestGeneratedCodeIsCurrent(t *testing.T) {
	if err := run(true); err != nil {
		t.Fatal(err)
	}
}
