//go:build !linux

package chaos_test

import "syscall"

// dieWithParent does nothing where the kernel has no such promise.
func dieWithParent(*syscall.SysProcAttr) {}
