package oauth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

func TestGivingUpDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.entered, b.exchange.gate = make(chan struct{}, 1), make(chan struct{})
	k := b.keeper()
	ctx, cancel := context.WithCancel(t.Context())
	impatient, patient := make(chan error, 1), make(chan error, 1)
	go func() { _, _, err := k.Token(ctx); impatient <- err }()
	<-b.exchange.entered
	go func() { _, _, err := k.Token(t.Context()); patient <- err }()
	cancel()
	err := <-impatient
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	close(b.exchange.gate)
	require.NoError(t, <-patient)
	require.Equal(t, 1, b.exchange.count())
	require.Equal(t, "refresh-1", b.table.stored().Refresh)
}

func TestNothingIsUsedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		away := errors.New("the database is away")
		b.exchange.answer = func(*oauth.Pair) error { b.table.fail = away; return nil }
		k := b.keeper()
		_, _, err := k.Token(t.Context())
		require.ErrorIs(t, err, away)
		require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		_, _, err = k.Token(t.Context())
		require.ErrorIs(t, err, away)
		require.Equal(t, 1, b.exchange.count())
		_, found, err := b.cache.Get(t.Context(), "pair:"+pairKey)
		require.NoError(t, err)
		require.False(t, found)

		// When it is back, the pair that was got before is stored first.
		b.table.setFail(nil)
		requireToken(t, k, "access-1")
		require.Equal(t, 1, b.exchange.count())
		require.Equal(t, "refresh-1", b.table.stored().Refresh)
	})
}

func TestShortOutageOfTheDatabaseIsWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.exchange.answer = func(*oauth.Pair) error {
			b.table.setFail(errors.New("the database is away"))
			time.AfterFunc(2*time.Second, func() { b.table.setFail(nil) })
			return nil
		}
		requireToken(t, b.keeper(), "access-1")
		require.Equal(t, 1, b.table.saves)
	})
}

func TestLostSwapUsesWhatIsStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error {
		b.table.put(func(p *oauth.Pair) {
			p.Access, p.Refresh, p.Version, p.Expires = "access-theirs", "refresh-theirs", 9, time.Now().Add(time.Hour)
		})
		return nil
	}
	requireToken(t, b.keeper(), "access-theirs")
	require.Equal(t, "refresh-theirs", b.table.stored().Refresh)
}

func TestRemovedWhileRefreshed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error { b.table.put(func(p *oauth.Pair) { *p = oauth.Pair{} }); return nil }
	_, _, err := b.keeper().Token(t.Context())
	require.ErrorIs(t, err, oauth.ErrNoPair)
	require.Zero(t, b.table.stored())
}

// TestRefusedGrantOfALoser is two nodes that both went without the lock: the loser's token was used up.
func TestRefusedGrantOfALoser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error {
		b.table.put(func(p *oauth.Pair) {
			p.Access, p.Refresh, p.Version, p.Expires = "access-theirs", "refresh-theirs", 4, time.Now().Add(time.Hour)
		})
		return grantDead
	}
	requireToken(t, b.keeper(), "access-theirs")
}

func TestDeadPairIsNotShownAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.exchange.refresh = "another"
		k := b.keeper()
		for range 5 {
			_, _, err := k.Token(t.Context())
			require.ErrorIs(t, err, oauth.ErrGrantDead)
			require.Equal(t, upstream.Refused, upstream.ClassOf(err))
		}
		require.Equal(t, 1, b.exchange.count())
		<-time.After(10 * time.Minute)
		_, _, err := k.Token(t.Context())
		require.ErrorIs(t, err, oauth.ErrGrantDead)
		require.Equal(t, 2, b.exchange.count(), "asked again, rarely")

		b.table.put(func(p *oauth.Pair) { p.Refresh = "another" }) // authorised again
		requireToken(t, k, "access-3")
	})
}

func TestUnpaidPortalIsAskedAgainWhenToldTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		unpaid := classified{error: oauth.ErrPayment, class: upstream.Wait, at: time.Now().Add(time.Hour)}
		b.exchange.answer = func(*oauth.Pair) error { return unpaid }
		k := b.keeper()
		for range 2 {
			_, _, err := k.Token(t.Context())
			require.ErrorIs(t, err, oauth.ErrPayment)
			require.Equal(t, unpaid.at, upstream.RetryAt(err))
		}
		require.Equal(t, 1, b.exchange.count())
		b.exchange.answer = nil
		<-time.After(time.Hour)
		requireToken(t, k, "access-2")
	})
}

func TestPassingFaultIsTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error { return classified{error: oauth.ErrBadAnswer, class: upstream.Retry} }
	k := b.keeper()
	_, _, err := k.Token(t.Context())
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	b.exchange.answer = nil
	requireToken(t, k, "access-2")
}

func TestAnswerAboutAnotherPortalIsNotStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(p *oauth.Pair) error { p.MemberID = "another"; return nil }
	_, _, err := b.keeper().Token(t.Context())
	require.Equal(t, upstream.Broken, upstream.ClassOf(err))
	require.Equal(t, "refresh-0", b.table.stored().Refresh)
}

func TestNoPairAndNoDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.table.put(func(p *oauth.Pair) { *p = oauth.Pair{} })
	_, _, err := b.keeper().Token(t.Context())
	require.ErrorIs(t, err, oauth.ErrNoPair)
	require.Equal(t, upstream.Refused, upstream.ClassOf(err))

	away := errors.New("the database is away")
	b.table.setFail(away)
	_, _, err = b.keeper().Refresh(t.Context(), "x")
	require.ErrorIs(t, err, away)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.Zero(t, b.exchange.count())
}

func TestLockOfAnotherNodeIsWaitedForAndGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		_, err := b.cache.Lock(t.Context(), "renew:pair:"+pairKey, time.Hour)
		require.NoError(t, err)
		started := time.Now()
		_, _, err = b.keeper().Token(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		require.Equal(t, 45*time.Second, time.Since(started))
		require.Zero(t, b.exchange.count())
	})
}

// TestDifferentStaleTokensRunOneAfterTheOther: the gate of the process holds even without the lock.
func TestDifferentStaleTokensRunOneAfterTheOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.node(brokenCache{})
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			stale := []string{"", "access-0", "of-another-time"}[i%3]
			if access, _, err := k.Refresh(t.Context(), stale); err != nil || access != "access-1" {
				t.Errorf("got %q, %v", access, err)
			}
		})
	}
	group.Wait()
	require.Equal(t, 1, b.exchange.count())
}

func TestWithoutACacheOneNodeMakesOneExchange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.node(brokenCache{})
	hammer(t, 100, "access-1", k)
	require.Equal(t, 1, b.exchange.count())
	k.Forget(t.Context())
	requireToken(t, k, "access-1")
	requireNoPairSecret(t, b.logs.String())
}
