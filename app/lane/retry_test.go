package lane_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
)

// fault is an error of a client.
type fault struct {
	class upstream.Class
	at    time.Time
}

func (f fault) Error() string                 { return "upstream: " + f.class.String() }
func (f fault) UpstreamClass() upstream.Class { return f.class }
func (f fault) RetryAt() time.Time            { return f.at }
func (fault) MaybeDone() bool                 { return false }

func TestJudge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := lane.DefaultSchedule()
	for name, tc := range map[string]struct {
		err     error
		tries   int
		verdict lane.Verdict
		left    int
		pause   time.Duration // at least; at most a quarter more
	}{
		"first failure":           {fault{class: upstream.Retry}, 0, lane.Backoff, 1, time.Second},
		"wrapped":                 {fmt.Errorf("create: %w", fault{class: upstream.Retry}), 4, lane.Backoff, 5, time.Minute},
		"the last try":            {fault{class: upstream.Retry}, len(s.Retry), lane.Dead, len(s.Retry) + 1, 0},
		"wait until":              {fault{upstream.Wait, now.Add(time.Hour)}, 3, lane.Aside, 3, time.Hour},
		"wait, no time named":     {fault{class: upstream.Wait}, 3, lane.Aside, 3, s.Wait},
		"wait, the time has gone": {fault{upstream.Wait, now.Add(-time.Hour)}, 0, lane.Aside, 0, s.Wait},
		"refused credential":      {fault{class: upstream.Relogin}, 1, lane.Backoff, 2, 10 * time.Minute},
		"refused for good":        {fault{class: upstream.Relogin}, len(s.Relogin), lane.Dead, len(s.Relogin) + 1, 0},
		"business no":             {fault{class: upstream.Refused}, 0, lane.Dead, 1, 0},
		"changed API":             {fault{class: upstream.Broken}, 0, lane.Dead, 1, 0},
		"unknown":                 {errors.New("a bug"), 2, lane.Dead, 3, 0},
		"no database":             {fmt.Errorf("read: %w", lane.ErrStoreDown), len(s.Retry), lane.Backoff, len(s.Retry), time.Second},
		"ran out of time":         {fmt.Errorf("read: %w", context.DeadlineExceeded), 1, lane.Backoff, 2, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, left := s.Judge(tc.err, tc.tries, now)
			require.Equal(t, tc.verdict, got.Verdict)
			require.Equal(t, tc.left, left)
			require.Equal(t, tc.err.Error(), got.Note)
			if tc.pause == 0 {
				require.True(t, got.At.IsZero())
				return
			}
			require.GreaterOrEqual(t, got.At.Sub(now), tc.pause)
			require.LessOrEqual(t, got.At.Sub(now), tc.pause*5/4)
		})
	}
}

func TestScheduleGivesUpAfterAboutTwoDays(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	last := time.Duration(0)
	for _, pause := range lane.DefaultSchedule().Retry {
		require.GreaterOrEqual(t, pause, last)
		last = pause
		sum += pause
	}
	require.InDelta(t, 46, sum.Hours(), 8)
}

func TestVerdictWords(t *testing.T) {
	t.Parallel()
	words := map[lane.Verdict]string{lane.Done: "done", lane.Again: "again", lane.Backoff: "backoff", lane.Aside: "aside", lane.Dead: "dead"}
	for verdict, word := range words {
		require.Equal(t, word, verdict.String())
	}
}
