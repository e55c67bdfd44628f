package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/internal/seal"
	"konturbridge/oauth"
)

func box(t *testing.T, key, old string) *seal.Box {
	t.Helper()
	current, err := seal.ParseKey(key)
	require.NoError(t, err)
	var former []byte
	if old != "" {
		former, err = seal.ParseKey(old)
		require.NoError(t, err)
	}
	b, err := seal.New(current, former)
	require.NoError(t, err)
	return b
}

// TestKeyRotation takes a database from one key to the next: a foreign key is refused, the old one
// beside the new one opens everything, and after resealing the old one is needed no more.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	first, second := seal.NewKey(), seal.NewKey()
	url := "sqlite://" + filepath.Join(t.TempDir(), "bridge.db")
	open := func(key, old string) (*store.Store, error) {
		return store.Open(t.Context(), store.Options{URL: url, Sealer: box(t, key, old), Exclusive: true})
	}
	ctx := t.Context()

	st, err := open(first, "")
	require.NoError(t, err)
	p := portal.Portal{ID: "m1", State: portal.Active, HookSecret: "hook", Installed: time.Now()}
	require.NoError(t, st.SavePortal(ctx, p, portal.Application{ClientID: "c1", Token: "apptoken", State: portal.Active}))
	key := portal.PairKey("m1", "c1", 1)
	_, err = st.SavePair(ctx, key, 0, oauth.Pair{Access: "a", Refresh: "r", Expires: time.Now()})
	require.NoError(t, err)
	require.NoError(t, st.SaveSettings(ctx, "m1", nil, []portal.Connection{{Portal: "m1", Name: "main", Kind: docflow.Realty,
		Secrets: map[string]string{"password": "pw"}}}, nil, nil))
	require.NoError(t, st.Close())

	_, err = open(second, "")
	require.ErrorIs(t, err, store.ErrWrongKey)

	st, err = open(second, first)
	require.NoError(t, err)
	n, err := st.Reseal(ctx)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.NoError(t, st.Close())

	st, err = open(second, "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	portals, err := st.Portals(ctx)
	require.NoError(t, err)
	require.Equal(t, "hook", portals[0].HookSecret)
	require.Equal(t, "apptoken", portals[0].Apps[0].Token)
	conns, err := st.Connections(context.WithoutCancel(ctx), "m1")
	require.NoError(t, err)
	require.Equal(t, "pw", conns[0].Secrets["password"])
	pair, err := st.LoadPair(ctx, key)
	require.NoError(t, err)
	require.Equal(t, "r", pair.Refresh)
}
