package portal_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/oauth"
)

// desk counts what the installer's loop asks for.
type desk struct {
	mu      sync.Mutex
	asked   int
	ensured []lane.NewRow
	err     error
	waiting []portal.Pending
	dropped []string
}

func (d *desk) AddPending(context.Context, portal.Pending, int) (bool, error) { return true, nil }
func (d *desk) Commit(context.Context, ...lane.Write) error                   { return nil }

func (d *desk) Pendings(context.Context) ([]portal.Pending, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return d.waiting, d.err
}

func (d *desk) DropPending(_ context.Context, id string) error {
	d.dropped = append(d.dropped, id)
	return nil
}

func (d *desk) EnsureRows(_ context.Context, rows ...lane.NewRow) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ensured = append(d.ensured, rows...)
	return d.err
}

func (d *desk) counts() (asked, ensured int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked, len(d.ensured)
}

func (d *desk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func TestRunCompletesAndHeals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		in := portal.NewInstaller(portal.InstallerDeps{
			Portals: directory(t, portal.Portal{ID: "a", State: portal.Active}, portal.Portal{ID: "b", State: portal.Removed}),
			Pending: d, Rows: d,
		})
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { require.NoError(t, in.Run(ctx)) })
		synctest.Wait()
		asked, ensured := d.counts()
		require.Equal(t, 1, asked, "at the start")
		require.Equal(t, 1, ensured, "removed portals are left in peace")
		time.Sleep(2*time.Minute + time.Second) // of the bubble's clock
		synctest.Wait()
		asked, _ = d.counts()
		require.Equal(t, 3, asked, "and every minute")
		d.fail(errors.New("the database is away"))
		time.Sleep(time.Hour)
		synctest.Wait()
		_, ensured = d.counts()
		require.Equal(t, 2, ensured, "healing comes every hour, and goes on after a failure")
		stop()
		ended.Wait()
	})
}

// refusing counts exchanges and refuses them all.
type refusing struct {
	portal.AuthServers
	asked int
	err   error
}

func (r *refusing) Exchange(context.Context, string, oauth.Keys, string) (oauth.Pair, error) {
	r.asked++
	return oauth.Pair{}, r.err
}

func TestWrongKeysAreNotInsistedOn(t *testing.T) {
	t.Parallel()
	now := &clock{now: time.Unix(1_780_000_000, 0)}
	d := &desk{waiting: []portal.Pending{
		{ID: "p", ClientID: clientID, MemberID: "m", Body: []byte("AUTH_ID=a&REFRESH_ID=b&member_id=m"), Created: now.Now().Add(-2 * time.Hour)},
	}}
	servers := &refusing{err: oauth.ErrClientKeys}
	in := portal.NewInstaller(portal.InstallerDeps{
		Portals: directory(t), Pending: d, Rows: d, Servers: servers, Now: now.Now, Keys: []oauth.Keys{{ClientID: "other"}, {ClientID: clientID}},
	})
	for range 3 {
		require.NoError(t, in.CompletePending(t.Context()))
		now.Add(time.Minute)
	}
	require.Equal(t, 1, servers.asked, "once an hour, and with the application's own keys alone")
	now.Add(time.Hour)
	require.NoError(t, in.CompletePending(t.Context()))
	require.Equal(t, 2, servers.asked)
	require.Empty(t, d.dropped)

	servers.err = oauth.ErrGrantDead
	now.Add(2 * time.Hour)
	require.NoError(t, in.CompletePending(t.Context()))
	require.Equal(t, []string{"p"}, d.dropped)
	d.waiting = []portal.Pending{{ID: "garbage", Body: []byte("%zz"), Created: now.Now()}}
	require.NoError(t, in.CompletePending(t.Context()))
	require.Equal(t, []string{"p", "garbage"}, d.dropped)
}

func FuzzSession(f *testing.F) {
	now := func() time.Time { return time.Unix(1_780_000_000, 0) }
	s := portal.NewSessions([]byte(strings.Repeat("k", 32)), nil, now)
	good, err := s.Issue(portal.Session{Portal: "p", UserID: 1})
	require.NoError(f, err)
	for _, seed := range []string{good, "", "a.b.c", good + ".", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		v, err := s.Open(token)
		if err != nil {
			require.ErrorIs(t, err, portal.ErrSessionEnded)
			return
		}
		require.Equal(t, portal.ID("p"), v.Portal, "only what was issued opens")
	})
}
