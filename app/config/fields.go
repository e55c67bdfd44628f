package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is one setting: its tags and where it lives in Config.
type field struct {
	key, preset, shown, doc string
	keepEmpty, secret       bool
	index                   int
}

// fields lists the settings in the order of the struct, which is the order of the documentation.
func fields() []field {
	t := reflect.TypeFor[Config]()
	var all []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key, ok := sf.Tag.Lookup("env")
		if !ok {
			continue
		}
		preset := sf.Tag.Get("default")
		all = append(all, field{
			key: key, preset: preset, shown: sf.Tag.Get("shown"), doc: sf.Tag.Get("doc"),
			// Where the default is empty too, an empty value says something: it overrides the file.
			keepEmpty: sf.Tag.Get("empty") == "keep" || preset == "",
			secret:    sf.Type == reflect.TypeFor[Secret](),
			index:     i,
		})
	}
	return all
}

// set parses text into the setting's place. The error says what is expected and, a secret's text is never
// parsed here, may repeat what was given.
func (f field) set(c *Config, text string) error {
	place := reflect.ValueOf(c).Elem().Field(f.index)
	switch place.Interface().(type) {
	case []string:
		place.Set(reflect.ValueOf(splitList(text)))
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q must be a positive duration such as 15s", text)
		}
		place.SetInt(int64(d))
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q must be true or false", text)
		}
		place.SetBool(b)
	case slog.Level:
		level, ok := levels()[strings.ToLower(text)]
		if !ok {
			return fmt.Errorf("%q must be debug, info, warn or error", text)
		}
		place.SetInt(int64(level))
	default:
		place.SetString(text)
	}
	return nil
}

// levels names the log levels; slog's own parser would also take "info+2".
func levels() map[string]slog.Level {
	return map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
}

// splitList cuts a comma list; blanks and empty members drop out.
func splitList(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
