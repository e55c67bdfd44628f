//go:build !linux

package testservers

import "syscall"

// dieWithParent does nothing: only Linux ties a child's life to its parent's. Elsewhere a killed test
// process leaves its servers running.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
