package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/bitrix"
)

// portalSettings reads portals' settings, parsed once per version.
type portalSettings struct {
	portals *portal.Directory
	store   *store.Store
	check   settings.Checker
	log     *slog.Logger
	mu      sync.Mutex
	parsed  map[portal.ID]parsedSettings
}

type parsedSettings struct {
	version  int64
	settings settings.Settings
}

// Settings gives a portal's triggers, mappings and reactions; its secrets are masked.
func (p *portalSettings) Settings(_ context.Context, id portal.ID) (settings.Settings, error) {
	at, ok := p.portals.Get(id)
	if !ok {
		return settings.Settings{}, fmt.Errorf("%w: %s", portal.ErrUnknown, id)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.parsed[id]; ok && known.version == at.Version {
		return known.settings, nil
	}
	parsed, problems := settings.Parse(at.Settings, p.check)
	if len(problems) > 0 { // stored by another version of the bridge, whose language it does not share
		return settings.Settings{}, fmt.Errorf("the stored settings: %w", settings.Problems(problems))
	}
	p.parsed[id] = parsedSettings{at.Version, parsed}
	return parsed, nil
}

// now is Settings for the planner, which runs inside transactions and has nobody to tell of an error:
// without readable settings the built-in reactions remain.
func (p *portalSettings) now(id portal.ID) settings.Settings {
	set, err := p.Settings(context.Background(), id)
	if err != nil {
		p.log.Error("settings cannot be read; only the built-in reactions run", "portal", string(id), "error", err)
		return settings.Settings{}
	}
	return set
}

// Processes lists the smart processes that a portal's settings name, by entityTypeId.
func (p *portalSettings) Processes(ctx context.Context, id portal.ID) ([]int, error) {
	set, err := p.Settings(ctx, id)
	return processes(set), err
}

// processes lists the smart processes that settings name: in triggers, reactions or as the place of files.
func processes(set settings.Settings) []int {
	named := map[int]bool{}
	for _, t := range set.Triggers {
		named[t.EntityTypeID] = true
	}
	for _, r := range set.Reactions {
		named[r.EntityTypeID] = true
	}
	for kind := range set.Files {
		if _, number, isItem := strings.Cut(kind, ":"); isItem {
			if n, err := strconv.Atoi(number); err == nil {
				named[n] = true
			}
		}
	}
	ids := slices.Sorted(maps.Keys(named))
	return slices.DeleteFunc(ids, func(id int) bool { return !bitrix.EntityTypeID(id).IsSmartProcess() })
}

// Connections reads a portal's accounts with their secrets and positions.
func (p *portalSettings) Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error) {
	return p.store.Connections(ctx, id)
}

// Since is the moment from which entered stages of such cards run actions.
func (p *portalSettings) Since(id portal.ID, card docflow.Card) time.Time {
	at, _ := p.portals.Get(id)
	return at.Since[card.Key()]
}
