package app

import (
	"context"
	"fmt"
	"slices"

	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
)

// CurrentSettings is a portal's settings as pages show them.
type CurrentSettings struct {
	Settings settings.Settings // secrets of accounts are ***
	Version  int64
	Problems settings.Problems // why the stored text can't be read; then nothing can be changed but by a whole file
}

// ReadSettings reads a portal's settings for a page.
//
// Errors: wrapping portal.ErrUnknown; the database's.
func ReadSettings(ctx context.Context, st *store.Store, id portal.ID) (CurrentSettings, error) {
	now, err := readManaged(ctx, st, id)
	if err != nil {
		return CurrentSettings{}, err
	}
	conns := slices.Clone(now.settings.Connections)
	for i := range conns {
		for _, place := range secretsOf(&conns[i]) {
			if *place != "" {
				*place = settings.Masked
			}
		}
	}
	now.settings.Connections = conns
	return CurrentSettings{now.settings, now.portal.Version, now.problems}, nil
}

// EditSettings changes one thing in a portal's settings. What comes out is checked as a file would be. edit is
// given the settings with their secrets; it must replace what it changes and not write into it, and its error is
// given back as it is.
//
// Problems: everything wrong with the outcome, by its path in the file; then nothing was changed. Errors: wrapping
// portal.ErrUnknown, ErrStoredSettings or store.ErrSettingsChanged; the database's.
func EditSettings(ctx context.Context, st *store.Store, id portal.ID, by Editor, edit func(*settings.Settings) error) (settings.Problems, error) {
	now, err := readManaged(ctx, st, id)
	if err != nil {
		return nil, err
	}
	if len(now.problems) > 0 {
		return nil, fmt.Errorf("%w (%s): apply settings that this one understands first", ErrStoredSettings, now.problems[0])
	}
	if by.Read != store.AnyVersion && by.Read != now.portal.Version {
		return nil, store.ErrSettingsChanged
	}
	next := now.settings
	if err := edit(&next); err != nil {
		return nil, err
	}
	next.HookSecret = now.hookSecret(next.HookSecret)
	if problems := append(now.checked(next), now.refuses(next, by)...); len(problems) > 0 {
		return problems, nil
	}
	return nil, save(ctx, st, now, next, by)
}

// checked has settings read as a file, since that finds everything. What is the only account of its service is
// the default one without saying so.
func (m managed) checked(next settings.Settings) settings.Problems {
	read, problems := settings.Parse(settings.Show(next), Knowledge{})
	for i := range problems {
		problems[i].Line = 0 // of a text that nobody has seen
	}
	if len(problems) == 0 {
		for i := range next.Connections {
			next.Connections[i].Default = read.Connections[i].Default
		}
	}
	return problems
}

// UndoSettings applies an older version of a portal's settings as a new change. Secrets stay as they are stored;
// keepAccounts leaves the accounts alone, for a version whose accounts are gone with their secrets.
//
// Problems: what of the version can't be had again, by its path in the file; then nothing was changed. Errors:
// wrapping portal.ErrUnknown, store.ErrNoVersion or store.ErrSettingsChanged; the database's.
func UndoSettings(ctx context.Context, st *store.Store, id portal.ID, by Editor, version int64, keepAccounts bool) (settings.Problems, error) {
	now, err := readManaged(ctx, st, id)
	if err != nil {
		return nil, err
	}
	old, err := st.SettingsVersion(ctx, id, version)
	if err != nil {
		return nil, err
	}
	by.Cause, by.undo = store.CauseUndo, version
	return now.apply(ctx, st, old.YAML, by, func(s *settings.Settings) {
		// What a version leaves out was not there, while a file that leaves it out asks for what is stored.
		if s.Files == nil {
			s.Files = map[string]string{}
		}
		if s.Roles == nil && now.settings.Roles != nil {
			s.Roles = &settings.Roles{}
		}
		s.Connections, s.Triggers = orEmpty(s.Connections), orEmpty(s.Triggers)
		s.Mappings, s.Reactions, s.Incoming = orEmpty(s.Mappings), orEmpty(s.Reactions), orEmpty(s.Incoming)
		if keepAccounts {
			s.Connections = nil
		}
	})
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
