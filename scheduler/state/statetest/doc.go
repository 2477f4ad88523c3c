// Package statetest is the conformance suite of state.Store: the tests that each store passes, in memory and in etcd. A store's own test calls Run with
// an empty store; what only that store can do, such as coming back from its folder, it tests itself.
package statetest
