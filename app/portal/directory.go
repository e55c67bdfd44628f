package portal

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// followPause is how often the directory asks whether anything changed: what another process stores is
// followed within two seconds.
const followPause = time.Second

// Reader reads the stored portals.
type Reader interface {
	Portals(ctx context.Context) ([]Portal, error)
	// PortalsVersion changes whenever any portal or application does.
	PortalsVersion(ctx context.Context) (string, error)
}

// Directory is the portals as they are stored, in memory: requests are checked against it without a
// database read. Safe for concurrent use. What it hands out is shared and must not be changed.
type Directory struct {
	store   Reader
	log     *slog.Logger
	loading sync.Mutex
	now     atomic.Pointer[snapshot]
	resumed func(ID)

	look   chan struct{} // holds one: taken by whoever looks again
	looked time.Time     // when the last look of lookAgain began
}

// lookPause is the least time between two looks at the database for the sake of refused requests: a flood
// of forged ones costs no more than that.
const lookPause = 200 * time.Millisecond

// lookAgain takes in what another process stored a moment ago, before a request is refused: a portal that
// was just installed through one node calls all of them, and never repeats a call. Requests that wait at
// the same time share one look.
func (d *Directory) lookAgain() {
	arrived := time.Now()
	d.look <- struct{}{}
	defer func() { <-d.look }()
	if d.looked.After(arrived) {
		return
	}
	if wait := lookPause - time.Since(d.looked); wait > 0 {
		<-time.After(wait)
	}
	d.looked = time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := d.follow(ctx); err != nil {
		d.log.LogAttrs(ctx, slog.LevelWarn, "the portals cannot be read before a request is refused", slog.String("error", err.Error()))
	}
}

// snapshot is one consistent reading of all portals.
type snapshot struct {
	version string
	list    []Portal
	byID    map[ID]int
	byHook  map[[sha256.Size]byte]int
}

// NewDirectory returns an empty directory: call Reload before the first request is taken.
func NewDirectory(store Reader, log *slog.Logger) *Directory {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &Directory{store: store, log: log, look: make(chan struct{}, 1), resumed: func(ID) {}}
	d.now.Store(&snapshot{})
	return d
}

// OnResume has fn told of every portal that is found at work again after it needed reconnecting. It is set
// before the first Reload; fn must not block.
func (d *Directory) OnResume(fn func(ID)) { d.resumed = fn }

// Run follows changes that other processes make, until ctx ends. A database that does not answer leaves
// the last reading in place.
func (d *Directory) Run(ctx context.Context) error {
	tick := time.NewTicker(followPause)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := d.follow(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			d.log.LogAttrs(ctx, slog.LevelWarn, "the portals cannot be read; the last reading is used",
				slog.String("error", err.Error()))
		}
		failing = err != nil
	}
}

func (d *Directory) follow(ctx context.Context) error {
	version, err := d.store.PortalsVersion(ctx)
	if err != nil || version == d.now.Load().version {
		return err
	}
	return d.Reload(ctx)
}

// Reload reads the portals now. The version is read first: a change in between is then read once more
// instead of never.
func (d *Directory) Reload(ctx context.Context) error {
	d.loading.Lock()
	defer d.loading.Unlock()
	version, err := d.store.PortalsVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the portals' version: %w", err)
	}
	list, err := d.store.Portals(ctx)
	if err != nil {
		return fmt.Errorf("read the portals: %w", err)
	}
	s := &snapshot{
		version: version, list: list,
		byID: make(map[ID]int, len(list)), byHook: make(map[[sha256.Size]byte]int, len(list)),
	}
	for i, p := range list {
		s.byID[p.ID] = i
		if p.HookSecret != "" {
			s.byHook[sha256.Sum256([]byte(p.HookSecret))] = i
		}
	}
	before := d.now.Swap(s)
	for _, p := range s.list {
		if i, known := before.byID[p.ID]; known && p.State == Active && before.list[i].State == Paused {
			d.resumed(p.ID)
		}
	}
	return nil
}

// Get finds a portal in whatever state; ok is false when it was never installed.
func (d *Directory) Get(id ID) (p Portal, ok bool) {
	s := d.now.Load()
	i, ok := s.byID[id]
	if !ok {
		return Portal{}, false
	}
	return s.list[i], true
}

// ByHookSecret finds the portal that a webhook address belongs to. The secret is looked up by its hash,
// so the time that it takes tells nothing about how much of a guess is right.
func (d *Directory) ByHookSecret(secret string) (p Portal, ok bool) {
	s := d.now.Load()
	i, ok := s.byHook[sha256.Sum256([]byte(secret))]
	if !ok || subtle.ConstantTimeCompare([]byte(s.list[i].HookSecret), []byte(secret)) != 1 {
		return Portal{}, false
	}
	return s.list[i], true
}

// All lists the portals in the order in which they were installed, removed ones too.
func (d *Directory) All() []Portal { return d.now.Load().list }
