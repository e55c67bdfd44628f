package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/mapping/tree"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/diadoc"
)

// ErrStoredSettings is returned when a file leaves sections to stored settings that this bridge can't read.
var ErrStoredSettings = errors.New("the stored settings are of another version of the bridge")

// namedPortals is how many portals an error about an unknown one lists.
const namedPortals = 10

// ShowSettings prints a portal's settings as the file that ApplySettings takes: secrets as ***, except the
// hook secret, which is there to be copied. Stored settings of another version of the bridge, which can't
// be read, are printed as they are below comments that say what is not understood.
//
// Errors: wrapping portal.ErrUnknown; the database's.
func ShowSettings(ctx context.Context, st *store.Store, id portal.ID) ([]byte, error) {
	now, err := readManaged(ctx, st, id)
	if err != nil {
		return nil, err
	}
	if len(now.problems) == 0 {
		return settings.Show(now.settings), nil
	}
	var b bytes.Buffer
	b.WriteString("# Stored by another version of the bridge; this one does not understand:\n")
	for _, p := range now.problems {
		b.WriteString("# " + p.String() + "\n")
	}
	b.Write(now.portal.Settings)
	return b.Bytes(), nil
}

// Editor is who changes a portal's settings, and how.
type Editor struct {
	Author store.Author
	// Roles says that the editor may also change who may do what.
	Roles bool
	// Read is the version that the editor has seen; store.AnyVersion for who looks at nothing before.
	Read  int64
	Cause string // one of the store's
	undo  int64  // the version that is applied again
}

// CommandLine is the editor behind `bridge settings apply` and `bridge connect`.
func CommandLine(cause string) Editor {
	return Editor{Author: store.Author{Name: "command line"}, Roles: true, Read: store.AnyVersion, Cause: cause}
}

// ApplySettings makes a portal's settings those of a whole file: sections that it leaves out and secrets
// written as *** stay as they are stored. Everything changes in one transaction.
//
// Problems: everything wrong with the file, with line and key; then nothing was changed. Errors: wrapping
// portal.ErrUnknown, ErrStoredSettings or store.ErrSettingsChanged; the database's.
func ApplySettings(ctx context.Context, st *store.Store, id portal.ID, text []byte, by Editor) (settings.Problems, error) {
	now, err := readManaged(ctx, st, id)
	if err != nil {
		return nil, err
	}
	return now.apply(ctx, st, text, by, func(s *settings.Settings) {})
}

// apply makes the settings those of a file, after adjust has had a look at what it leaves out.
func (m managed) apply(ctx context.Context, st *store.Store, text []byte, by Editor, adjust func(*settings.Settings)) (settings.Problems, error) {
	file, problems := settings.Parse(text, Knowledge{})
	if len(problems) > 0 {
		return problems, nil
	}
	adjust(&file)
	if len(m.problems) > 0 && leavesOut(file) {
		return nil, fmt.Errorf("%w (%s): the file must have connections, triggers, mappings, reactions and files, empty ones too",
			ErrStoredSettings, m.problems[0])
	}
	next, problems := file.Merge(m.settings)
	next.HookSecret = m.hookSecret(next.HookSecret)
	if problems = append(problems, m.refuses(next, by)...); len(problems) > 0 {
		return withLines(text, problems), nil
	}
	return nil, save(ctx, st, m, next, by)
}

// refuses finds what is wrong with settings that are good by themselves.
func (m managed) refuses(next settings.Settings, by Editor) (problems settings.Problems) {
	if m.taken[next.HookSecret.Reveal()] {
		problems = append(problems, settings.Problem{Path: "hook_secret", RU: "этот секрет уже занят другим порталом",
			EN: "another portal has this secret"})
	}
	if !by.Roles && !next.Roles.Equal(m.settings.Roles) {
		problems = append(problems, settings.Problem{Path: "roles", RU: "кому что разрешено, меняет только администратор портала",
			EN: "only an administrator of the portal changes who may do what"})
	}
	return problems
}

// managed is a portal's settings as they are stored, with their secrets.
type managed struct {
	portal   portal.Portal
	settings settings.Settings
	problems settings.Problems // why the stored text can't be read; then settings is what could be
	taken    map[string]bool   // hook secrets of other portals
}

func readManaged(ctx context.Context, st *store.Store, id portal.ID) (managed, error) {
	all, err := st.Portals(ctx)
	if err != nil {
		return managed{}, err
	}
	m := managed{taken: map[string]bool{}}
	for _, p := range all {
		if p.ID == id {
			m.portal = p
		} else if p.HookSecret != "" {
			m.taken[p.HookSecret] = true
		}
	}
	switch {
	case m.portal.ID == "":
		return managed{}, unknownPortal(id, all)
	case m.portal.State == portal.Removed:
		return managed{}, fmt.Errorf("%w: the application was removed from portal %s, and its settings with it", portal.ErrUnknown, id)
	}
	conns, err := st.Connections(ctx, id)
	if err != nil {
		return managed{}, err
	}
	parsed, problems := settings.Parse(m.portal.Settings, Knowledge{})
	m.problems = problems
	parsed.HookSecret = config.Secret(m.portal.HookSecret)
	fillSecrets(parsed.Connections, conns)
	m.settings = parsed
	return m, nil
}

// unknownPortal names the portals that there are, so that a person can correct the id.
func unknownPortal(id portal.ID, all []portal.Portal) error {
	known := make([]string, 0, len(all))
	for _, p := range all {
		if p.State != portal.Removed {
			known = append(known, fmt.Sprintf("%s (%s)", p.ID, p.Domain))
		}
	}
	if len(known) > namedPortals {
		known = append(known[:namedPortals], fmt.Sprintf("and %d more", len(known)-namedPortals))
	}
	if len(known) == 0 {
		return fmt.Errorf("%w: %s; no portal is installed yet", portal.ErrUnknown, id)
	}
	return fmt.Errorf("%w: %s; known: %s", portal.ErrUnknown, id, strings.Join(known, ", "))
}

// secretsOf are the places of a connection's secrets by their keys in the file.
func secretsOf(c *settings.Connection) map[string]*config.Secret {
	return map[string]*config.Secret{"password": &c.Password, "clientKey": &c.ClientKey,
		"refreshToken": &c.RefreshToken, "clientSecret": &c.ClientSecret}
}

// fillSecrets puts the stored secrets where the stored text has ***. One that is missing becomes empty, so
// that *** can't keep what is not there.
func fillSecrets(shown []settings.Connection, stored []portal.Connection) {
	for i := range shown {
		at := slices.IndexFunc(stored, func(c portal.Connection) bool {
			return c.Name == shown[i].Name && string(c.Kind) == string(shown[i].Kind)
		})
		for key, place := range secretsOf(&shown[i]) {
			*place = ""
			if at >= 0 {
				*place = config.Secret(stored[at].Secrets[key])
			}
		}
	}
}

// hookSecret makes a fresh secret where one is asked for.
func (m managed) hookSecret(asked config.Secret) config.Secret {
	if asked == settings.NewSecret || asked == "" {
		return config.Secret(portal.NewHookSecret())
	}
	return asked
}

func leavesOut(s settings.Settings) bool {
	return s.Connections == nil || s.Triggers == nil || s.Mappings == nil || s.Reactions == nil || s.Files == nil
}

// withLines gives faults against the stored settings the line of the file that they come from.
func withLines(text []byte, problems settings.Problems) settings.Problems {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 { // Parse has read it before
		return problems
	}
	for i, p := range problems {
		if p.Line == 0 && p.Path != "" {
			problems[i].Line = tree.Find(doc.Content[0], p.Path).Line
		}
	}
	return problems
}

// save stores settings that are known to be good.
func save(ctx context.Context, st *store.Store, now managed, next settings.Settings, by Editor) error {
	id := now.portal.ID
	if by.Read != store.AnyVersion && by.Read != now.portal.Version {
		return store.ErrSettingsChanged
	}
	masked := next
	masked.HookSecret = "" // has a sealed place of its own
	var (
		conns []portal.Connection
		feeds []lane.NewRow // and the setup of smart processes that are named for the first time
	)
	for _, c := range next.Connections {
		conn := connection(id, c)
		conns = append(conns, conn)
		feeds = append(feeds, feed.Row(conn))
	}
	if slices.ContainsFunc(processes(next), func(id int) bool { return !slices.Contains(processes(now.settings), id) }) {
		feeds = append(feeds, portal.SettingsRow(id, now.portal.Version+1))
	}
	change := store.SettingsChange{Portal: id, Read: now.portal.Version, YAML: settings.Show(masked), Connections: conns,
		Since: watched(now.portal.Since, next.Triggers, time.Now()), Feeds: feeds, Author: by.Author, Cause: by.Cause, UndoOf: by.undo}
	if secret := next.HookSecret.Reveal(); secret != now.portal.HookSecret {
		change.HookSecret = secret
	}
	if err := st.ChangeSettings(ctx, change); err != nil {
		return fmt.Errorf("store the settings: %w", err)
	}
	return nil
}

// watched says since when cards of each kind are watched: those that were watched before stay so, the
// others begin now. A kind that no trigger names any more is forgotten.
func watched(before map[string]time.Time, triggers []settings.Trigger, now time.Time) map[string]time.Time {
	since := map[string]time.Time{}
	for _, t := range triggers {
		key := string(t.Entity)
		if t.Entity == settings.Item {
			key = docflow.Card{EntityType: t.EntityTypeID}.Key()
		}
		since[key] = now
		if at, ok := before[key]; ok {
			since[key] = at
		}
	}
	return since
}

func connection(id portal.ID, c settings.Connection) portal.Connection {
	out := portal.Connection{Portal: id, Name: c.Name, Kind: docflow.System(c.Kind), Default: c.Default, Login: c.Login,
		AccountID: c.AccountID, ClientID: c.ClientID, Secrets: map[string]string{}}
	if c.Kind == settings.Diadoc {
		out.AccountID = string(diadoc.BoxID(c.BoxID).GUID()) // one form, since connections to one box share its feed
	}
	for key, secret := range secretsOf(&c) {
		if *secret != "" {
			out.Secrets[key] = secret.Reveal()
		}
	}
	return out
}
