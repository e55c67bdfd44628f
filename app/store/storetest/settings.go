package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/app/store"
)

// settingsHistory proves that every version is kept with who made it, and that nobody's change is written over.
func settingsHistory(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	installed(t, st)
	change := store.SettingsChange{Portal: "p", YAML: []byte("a: 1"), Author: store.Author{UserID: 7, Name: "Анна"}, Cause: store.CausePage}
	require.NoError(t, st.ChangeSettings(t.Context(), change))
	first := clock.Now()
	clock.Move(time.Minute)
	change.YAML, change.HookSecret = []byte("a: 2"), "plain-fresh-secret"
	require.ErrorIs(t, st.ChangeSettings(t.Context(), change), store.ErrSettingsChanged, "it was read before the first change")
	require.Equal(t, "plain-hook-secret", onlyPortal(t, st).HookSecret, "a refused change changes nothing")
	change.Read, change.Cause, change.UndoOf, change.Author = 1, store.CauseUndo, 1, store.Author{Name: "command line"}
	require.NoError(t, st.ChangeSettings(t.Context(), change))
	require.Equal(t, "plain-fresh-secret", onlyPortal(t, st).HookSecret)
	require.Equal(t, "a: 2", string(onlyPortal(t, st).Settings))

	all, err := st.SettingsVersions(t.Context(), "p", 10)
	require.NoError(t, err)
	require.Equal(t, []store.Version{
		{Number: 2, At: clock.Now(), Author: store.Author{Name: "command line"}, Cause: store.CauseUndo, UndoOf: 1},
		{Number: 1, At: first, Author: store.Author{UserID: 7, Name: "Анна"}, Cause: store.CausePage},
	}, all)
	one, err := st.SettingsVersion(t.Context(), "p", 1)
	require.NoError(t, err)
	require.Equal(t, "a: 1", string(one.YAML))
	_, err = st.SettingsVersion(t.Context(), "p", 3)
	require.ErrorIs(t, err, store.ErrNoVersion)
	_, err = st.SettingsVersion(t.Context(), "other", 1)
	require.ErrorIs(t, err, store.ErrNoVersion, "another portal's")
	require.ErrorIs(t, st.ChangeSettings(t.Context(), store.SettingsChange{Portal: "nobody"}), portal.ErrUnknown)
	require.NotContains(t, dumpAll(t, db), "plain-")

	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app.1", false))
	all, err = st.SettingsVersions(t.Context(), "p", 10)
	require.NoError(t, err)
	require.Empty(t, all, "they go with the settings")
}

// settingsTogether: of changes that begin with the same version one is stored.
func settingsTogether(t *testing.T, db Opened) {
	st := db.Open(t)
	installed(t, st)
	var (
		wait   sync.WaitGroup
		stored = make([]error, 8)
	)
	for i := range stored {
		wait.Go(func() {
			stored[i] = st.ChangeSettings(t.Context(), store.SettingsChange{Portal: "p", YAML: fmt.Appendf(nil, "a: %d", i)})
		})
	}
	wait.Wait()
	won := 0
	for i, err := range stored {
		if err != nil {
			require.ErrorIs(t, err, store.ErrSettingsChanged)
			continue
		}
		won++
		require.Equal(t, fmt.Sprintf("a: %d", i), string(onlyPortal(t, st).Settings))
	}
	require.Equal(t, 1, won)
}
