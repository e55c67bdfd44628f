package config

import (
	"net/url"
	"path/filepath"
	"strings"
)

// Dialect names the kind of database.
type Dialect string

// The databases that the bridge knows.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Database is BRIDGE_DATABASE_URL taken apart.
type Database struct {
	Dialect Dialect
	// Path is the SQLite file, relative to the working directory unless it begins with a slash;
	// ":memory:" for a database that vanishes with the process.
	Path string
	// DSN is the whole postgres:// URL; it may hold a password.
	DSN Secret
	// Label names the database in logs and checks, without user, password and parameters.
	Label string
}

// Database takes BRIDGE_DATABASE_URL apart. A Config from Load always has a good one.
func (c Config) Database() Database {
	db, _ := parseDatabase(c.DatabaseURL)
	return db
}

// parseDatabase reads sqlite://path, sqlite:///absolute/path and postgres://…; the message is "" when it is good.
func parseDatabase(address Secret) (Database, string) {
	text := address.Reveal()
	if path, ok := strings.CutPrefix(text, "sqlite://"); ok {
		if path == "" || strings.HasSuffix(path, "/") || strings.ContainsAny(path, "?#") {
			return Database{}, "sqlite:// must be followed by a file's path alone, as in sqlite://data/bridge.db"
		}
		if path != ":memory:" {
			path = filepath.Clean(path)
		}
		return Database{Dialect: SQLite, Path: path, Label: "sqlite://" + path}, ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return Database{}, "must be sqlite://path or postgres://user:password@host/name"
	}
	label := &url.URL{Scheme: string(Postgres), Host: u.Host, Path: u.Path}
	return Database{Dialect: Postgres, DSN: address, Label: label.String()}, ""
}
