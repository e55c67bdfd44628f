package settings

import "konturbridge/app/config"

// Merge gives the settings that a parsed file asks for: sections that it leaves out are the stored ones,
// secrets written as *** are those of the stored connection of the same name and kind.
//
// Problems: a *** with nothing stored behind it.
func (s Settings) Merge(stored Settings) (Settings, []Problem) {
	var problems []Problem
	if s.HookSecret == "" || s.HookSecret == Masked {
		s.HookSecret = stored.HookSecret
	}
	if s.Triggers == nil {
		s.Triggers = stored.Triggers
	}
	if s.Mappings == nil {
		s.Mappings = stored.Mappings
	}
	if s.Reactions == nil {
		s.Reactions = stored.Reactions
	}
	if s.Files == nil {
		s.Files = stored.Files
	}
	if s.Incoming == nil {
		s.Incoming = stored.Incoming
	}
	if s.Roles == nil {
		s.Roles = stored.Roles
	}
	if s.Connections == nil {
		s.Connections = stored.Connections
		return s, nil
	}
	merged := make([]Connection, len(s.Connections))
	for i, c := range s.Connections {
		old := find(stored.Connections, c.Name, c.Kind)
		for key, pair := range c.secrets(&old) {
			if *pair.now != Masked {
				continue
			}
			if *pair.stored == "" {
				problems = append(problems, Problem{Path: path(i, key),
					RU: "*** оставляет сохранённое значение, но у подключения «" + c.Name + "» оно не сохранено: укажите само значение",
					EN: "*** keeps what is stored, and nothing is stored for connection " + c.Name + ": give the value itself"})
			}
			*pair.now = *pair.stored
		}
		merged[i] = c
	}
	s.Connections = merged
	sortProblems(problems)
	return s, problems
}

type secretPair struct{ now, stored *config.Secret }

// secrets pairs a connection's secrets with those of another, by key.
func (c *Connection) secrets(old *Connection) map[string]secretPair {
	return map[string]secretPair{
		"password":     {&c.Password, &old.Password},
		"clientKey":    {&c.ClientKey, &old.ClientKey},
		"refreshToken": {&c.RefreshToken, &old.RefreshToken},
		"clientSecret": {&c.ClientSecret, &old.ClientSecret},
	}
}

func find(all []Connection, name string, kind Kind) Connection {
	for _, c := range all {
		if c.Name == name && c.Kind == kind {
			return c
		}
	}
	return Connection{}
}
