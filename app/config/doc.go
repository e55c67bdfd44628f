// Package config loads the settings of the process: environment variables, and the same keys in a YAML
// file; the environment wins.
//
// It is read once, in cmd/bridge, and passed down: no other package looks at the environment. Everything
// wrong is reported at once, by the key's name, and never with the value of a secret.
package config
