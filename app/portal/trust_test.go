package portal_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
)

// shelf is a store of portals that counts its readings.
type shelf struct {
	mu       sync.Mutex
	version  int
	list     []portal.Portal
	readings int
	looks    int // at the version
	err      error
}

func (s *shelf) Portals(context.Context) ([]portal.Portal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readings++
	return s.list, s.err
}

func (s *shelf) PortalsVersion(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return strconv.Itoa(s.version), s.err
}

func (s *shelf) put(list []portal.Portal, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.list, s.err = list, err
}

func (s *shelf) read() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readings
}

func TestDirectoryFollows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{list: []portal.Portal{{ID: "a"}}}
		d := portal.NewDirectory(s, nil)
		require.Empty(t, d.All())
		require.NoError(t, d.Reload(t.Context()))
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { require.NoError(t, d.Run(ctx)) })

		time.Sleep(10 * time.Second) // of the bubble's clock
		synctest.Wait()
		require.Equal(t, 1, s.read(), "nothing changed, so nothing is read")

		s.put([]portal.Portal{{ID: "a"}, {ID: "b"}}, nil)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		_, known := d.Get("b")
		require.True(t, known)

		s.put(nil, errors.New("down"))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		_, known = d.Get("a")
		require.True(t, known, "a database that is away takes nobody's trust")
		s.put(nil, nil)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		require.Empty(t, d.All())
		stop()
		ended.Wait()
	})
}

func directory(t *testing.T, list ...portal.Portal) *portal.Directory {
	t.Helper()
	d := portal.NewDirectory(&shelf{list: list}, nil)
	require.NoError(t, d.Reload(t.Context()))
	return d
}

// TestARefusalLooksAgain: what another node stored a moment ago is taken in before a request is refused,
// and a flood of forged requests shares few looks at the database.
func TestARefusalLooksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		d := portal.NewDirectory(s, nil)
		require.NoError(t, d.Reload(t.Context()))
		s.put([]portal.Portal{{ID: "new", State: portal.Active, HookSecret: "hook",
			Apps: []portal.Application{{ClientID: "one", Token: "token", State: portal.Active}}}}, nil)
		p, a, err := d.Trusted("new", "token")
		require.NoError(t, err)
		require.Equal(t, portal.ID("new"), p.ID)
		require.Equal(t, "one", a.ClientID)
		_, err = d.TrustedHook("hook", "new")
		require.NoError(t, err)

		before, began := s.looks, time.Now()
		var flood sync.WaitGroup
		for range 200 {
			flood.Go(func() {
				_, _, err := d.Trusted("new", "forged")
				require.ErrorIs(t, err, portal.ErrDenied)
			})
		}
		flood.Wait()
		require.LessOrEqual(t, s.looks-before, 2, "they share a look")
		require.LessOrEqual(t, time.Since(began), time.Second)
	})
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	apps := []portal.Application{
		{ClientID: "gone", Token: "old", State: portal.Removed},
		{ClientID: "one", Token: "token-1", State: portal.Active},
		{ClientID: "two", Token: "token-2", State: portal.Active},
		{ClientID: "missed", Token: "token-3", State: portal.Gone},
		{ClientID: "mute", State: portal.Active},
	}
	d := directory(t,
		portal.Portal{ID: "active", State: portal.Active, Apps: apps},
		portal.Portal{ID: "paused", State: portal.Paused, Apps: apps},
		portal.Portal{ID: "removed", State: portal.Removed, Apps: apps},
		portal.Portal{ID: "mute", State: portal.Active, Apps: apps[4:]},
	)
	for name, tc := range map[string]struct {
		member, token string
		want          string // the application; "" is refused
	}{
		"first application":    {"active", "token-1", "one"},
		"second application":   {"active", "token-2", "two"},
		"removed application":  {"active", "old", ""},
		"application not seen": {"active", "token-3", "missed"},
		"missing token":        {"active", "", ""},
		"longer token":         {"active", "token-1x", ""},
		"shorter token":        {"active", "token-", ""},
		"token never told":     {"mute", "", ""},
		"unknown portal":       {"nobody", "token-1", ""},
		"needs reconnecting":   {"paused", "token-1", "one"},
		"removed":              {"removed", "token-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, a, err := d.Trusted(tc.member, tc.token)
			if tc.want == "" {
				require.ErrorIs(t, err, portal.ErrDenied)
				require.Empty(t, p.ID)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, a.ClientID)
		})
	}
}

func TestTrustedHook(t *testing.T) {
	t.Parallel()
	d := directory(t,
		portal.Portal{ID: "a", State: portal.Active, HookSecret: "secret-a"},
		portal.Portal{ID: "b", State: portal.Paused, HookSecret: "secret-b"},
		portal.Portal{ID: "c", State: portal.Active},
		portal.Portal{ID: "d", State: portal.Removed, HookSecret: "secret-d"},
	)
	for name, tc := range map[string]struct {
		secret, member string
		ok             bool
	}{
		"right":              {"secret-a", "a", true},
		"another portal":     {"secret-a", "c", false},
		"needs reconnecting": {"secret-b", "b", true},
		"removed":            {"secret-d", "d", false},
		"wrong":              {"secret-x", "a", false},
		"no secret at all":   {"", "c", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := d.TrustedHook(tc.secret, tc.member)
			if !tc.ok {
				require.ErrorIs(t, err, portal.ErrDenied)
				return
			}
			require.NoError(t, err)
			require.EqualValues(t, tc.member, p.ID)
		})
	}
	require.NotEqual(t, portal.NewHookSecret(), portal.NewHookSecret())
	require.Len(t, portal.NewHookSecret(), 32)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	now := &clock{now: time.Unix(1_780_000_000, 0)}
	secret, next := []byte(strings.Repeat("k", 32)), []byte(strings.Repeat("n", 32))
	s := portal.NewSessions(secret, nil, now.Now)
	want := portal.Session{Portal: "p", UserID: 7, Admin: true, Card: docflow.Card{EntityType: 2, ID: 57}}
	token, err := s.Issue(want)
	require.NoError(t, err)
	require.NotContains(t, token, "=", "it fits into a header as it is")

	got, err := s.Open(token)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = portal.NewSessions(next, secret, now.Now).Open(token)
	require.NoError(t, err, "keys rotate under open pages")
	require.Equal(t, want, got)

	none := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"portal": "p", "sub": "7", "aud": "page", "exp": now.Now().Unix() + 60})
	unsigned, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	raw := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"portal": "p", "sub": "7", "aud": "page", "exp": now.Now().Unix() + 60})
	underSecret, err := raw.SignedString(secret)
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"empty": "", "garbage": "a.b.c", "unsigned": unsigned, "signed with the bare key": underSecret,
		"changed": token[:len(token)-4] + "AAAA",
	} {
		_, err := s.Open(bad)
		require.ErrorIs(t, err, portal.ErrSessionEnded, name)
	}
	_, err = portal.NewSessions(next, nil, now.Now).Open(token)
	require.ErrorIs(t, err, portal.ErrSessionEnded)
	now.Add(portal.SessionLife + time.Second)
	_, err = s.Open(token)
	require.ErrorIs(t, err, portal.ErrSessionEnded, "it ends")
	_, err = portal.NewSessions(nil, nil, nil).Issue(want)
	require.Error(t, err)
}
