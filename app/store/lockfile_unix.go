//go:build unix

package store

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockPatience is how long a starting process waits for one that is ending.
const lockPatience = time.Second

// lockFile takes the lock that keeps two serving processes off one embedded database. The kernel drops
// it with the process, so a crash leaves nothing behind.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create the database's lock file: %w", err)
	}
	// A process that is just ending still holds it: a restart must not fail for that.
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil || time.Since(began) > lockPatience {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another bridge already serves this database (%s is locked); stop it, or use PostgreSQL for several nodes", path)
	}
	return f, nil
}

// isLocked reports whether a serving process holds the lock. It looks without keeping it.
func isLocked(path string) (bool, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the database's lock file: %w", err)
	}
	defer func() { _ = f.Close() }() // and the lock with it
	return unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil, nil
}
