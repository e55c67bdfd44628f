package config

import "log/slog"

// mask is what every way of printing a secret gives.
const mask = "***"

// Secret is text that must never be printed: every formatter, logger and encoder sees *** (or nothing,
// when it is empty). Reveal is the only way to the text, so that each use can be found by name.
type Secret string

// Reveal returns the secret itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String gives *** for a secret that is set and "" for one that isn't.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for JSON, XML and every other encoder that asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML is String, for YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
