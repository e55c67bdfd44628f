package app

import (
	"fmt"
	"strings"

	"konturbridge/realty"
)

// realtyOptions reads BRIDGE_REALTY_SWITCHES.
func realtyOptions(switches []string) ([]realty.Option, error) {
	choices := map[string]string{}
	for _, s := range switches {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("BRIDGE_REALTY_SWITCHES: %q is not name=value", s)
		}
		choices[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	options, err := realty.SwitchOptions(choices)
	if err != nil {
		return nil, fmt.Errorf("BRIDGE_REALTY_SWITCHES: %w", err)
	}
	return options, nil
}
