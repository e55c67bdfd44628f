package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints what was built from what by what.
func (versionCommand) Run(p *process) error {
	b := buildVersion()
	_, err := fmt.Fprintf(p.out, "bridge %s\ncommit %s\n%s\n", b.version, b.commit, b.goVersion)
	return err
}

// built is what the binary knows of its making.
type built struct{ version, commit, goVersion string }

func buildVersion() built {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	return builtFrom(info)
}

// builtFrom reads what the Go tool stamped; a build without the repository (go run, a source archive) has
// neither commit nor version.
func builtFrom(info *debug.BuildInfo) built {
	b := built{version: info.Main.Version, commit: "unknown", goVersion: info.GoVersion}
	if b.version == "" {
		b.version = "(devel)"
	}
	changed := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	if changed {
		b.commit += " with changes"
	}
	return b
}
