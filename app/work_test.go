package app

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// shelf is a table of portals that another process writes.
type shelf struct {
	portals []portal.Portal
	reads   int
	err     error
}

func (s *shelf) Portals(context.Context) ([]portal.Portal, error) { s.reads++; return s.portals, s.err }

func (s *shelf) PortalsVersion(context.Context) (string, error) {
	return strconv.Itoa(len(s.portals)), nil
}

// knower tells whether the directory knows the portal of a row.
type knower struct{ directory *portal.Directory }

func (k knower) Work(_ context.Context, row lane.Row) (lane.Result, error) {
	p, ok := k.directory.Get(portal.ID(row.Lane))
	return lane.Result{Note: strconv.FormatBool(ok) + " " + string(p.State)}, nil
}

func TestAcquainted(t *testing.T) {
	t.Parallel()
	stored := &shelf{}
	directory := portal.NewDirectory(stored, nil)
	work := acquainted{directory, knower{directory}}
	try := func(kind, name string) string {
		result, err := work.Work(t.Context(), lane.Row{Kind: kind, Lane: name})
		require.NoError(t, err)
		return result.Note
	}
	stored.portals = []portal.Portal{{ID: "p", State: portal.Active}, {ID: "gone", State: portal.Removed}}
	require.Equal(t, "true active", try(portal.KindSetup, "p"), "installed by another process a moment ago")
	require.Equal(t, "true active", try(portal.KindSetup, "p"))
	require.Equal(t, "false ", try(feed.KindNews, "news/p/main"))
	require.Equal(t, "false ", try(kindPrune, "bridge"))
	require.Equal(t, 1, stored.reads, "what is known is not read again, and other lanes are no portals")
	require.Equal(t, "true removed", try(inbox.KindOffline, "gone"))
	stored.portals[1].State = portal.Active
	require.Equal(t, "true active", try(inbox.KindOffline, "gone"), "installed anew")

	stored.err = errors.New("no database")
	_, err := work.Work(t.Context(), lane.Row{Kind: portal.KindSetup, Lane: "other"})
	require.ErrorIs(t, err, stored.err)
}
