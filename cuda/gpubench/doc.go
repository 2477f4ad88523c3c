// Command gpubench measures the kernels on a CUDA device, beside the card's own copy bandwidth and rate of random accesses, and writes what it found as JSON. It
// is for machines with a card and a driver and nothing else (`make gpu-bundle`); built without the tag cuda it runs small sizes on the fake device,
// which proves that the measurements themselves are right and says nothing of speed.
package main
