package lane

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"konturbridge/internal/upstream"
)

// Schedule is the whole retry policy: how long a row backs off after each failed try of a class.
type Schedule struct {
	Retry   []time.Duration // pause after the 1st, 2nd, … failure; its length is the number of tries
	Wait    time.Duration   // pause when the upstream asked to wait and named no time
	Relogin []time.Duration // a refused credential: rarely, so that an account is not locked
}

// DefaultSchedule backs off from a second to hours and gives up after about two days.
func DefaultSchedule() Schedule {
	return Schedule{
		Retry: []time.Duration{
			time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
			5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute,
			time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 8 * time.Hour, 12 * time.Hour, 12 * time.Hour,
		},
		Wait:    10 * time.Second,
		Relogin: []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour},
	}
}

// Judge turns a failed run into its outcome and the number of tries that it leaves behind.
//
// Retry backs off and holds only its part; Wait sets the row aside without burning a try; Relogin backs
// off rarely; Refused and Broken are for a person to see: the row is dead until somebody retries it. A
// database that was away is no failure of the row: it goes on soon, however long that lasted.
func (s Schedule) Judge(err error, tries int, now time.Time) (Result, int) {
	note := err.Error()
	if errors.Is(err, ErrStoreDown) {
		result, _ := backoff(s.Retry, note, 0, now)
		return result, tries
	}
	switch upstream.ClassOf(err) {
	case upstream.Wait:
		at := upstream.RetryAt(err)
		if at.Before(now) {
			at = now.Add(s.Wait)
		}
		return Result{Verdict: Aside, At: at, Note: note}, tries
	case upstream.Retry:
		return backoff(s.Retry, note, tries, now)
	case upstream.Relogin:
		return backoff(s.Relogin, note, tries, now)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return backoff(s.Retry, note, tries, now)
	}
	return Result{Verdict: Dead, Note: note}, tries + 1
}

func backoff(pauses []time.Duration, note string, tries int, now time.Time) (Result, int) {
	if tries >= len(pauses) {
		return Result{Verdict: Dead, Note: note}, tries + 1
	}
	pause := pauses[tries]
	pause += time.Duration(rand.Int64N(int64(pause)/4 + 1)) // jitter: a crowd must not come back at once
	return Result{Verdict: Backoff, At: now.Add(pause), Note: note}, tries + 1
}
