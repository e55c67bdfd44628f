package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// module is the path that all our imports begin with.
const module = "konturbridge/"

// mayImport is who may import whom of ours. A package that is not listed may import nothing of ours; a
// name ending in /... stands for the package and everything below it.
var mayImport = map[string][]string{
	"internal/upstream":    {},
	"internal/seal":        {},
	"internal/spool":       {"internal/upstream"},
	"internal/xsd":         {},
	"cache":                {},
	"app/docflow":          {},
	"app/config":           {},
	"sandbox/bitrixsim":    {},
	"sandbox/cmssim":       {},
	"sandbox/diadocsim":    {"sandbox/cmssim"},
	"sandbox/realtysim":    {"sandbox/cmssim"},
	"sandbox":              {"sandbox/bitrixsim", "sandbox/diadocsim", "sandbox/realtysim"},
	"bitrix":               {"internal/upstream"},
	"realty":               {"internal/upstream"},
	"realty/schema":        {"realty"},
	"diadoc":               {"internal/upstream"},
	"diadoc/internal/gen":  {},
	"realty/cms":           {"realty/cms/streebog"},
	"realty/cms/streebog":  {},
	"realty/archive":       {},
	"realty/extract":       {},
	"oauth":                {"cache", "internal/upstream"},
	"app/lane":             {"internal/upstream"},
	"app/journal":          {"app/docflow"},
	"app/mapping/tree":     {},
	"app/mapping":          {"app/docflow", "app/mapping/tree", "bitrix", "realty"},
	"app/settings":         {"app/config", "app/mapping/tree"},
	"app/portal":           {"app/docflow", "app/lane", "bitrix", "oauth", "internal/upstream"},
	"app/inbox":            {"app/docflow", "app/lane", "bitrix"},
	"app/trigger":          {"app/docflow", "app/inbox", "app/lane", "app/mapping", "app/portal", "app/settings", "bitrix", "internal/upstream"},
	"app/feed":             {"app/docflow", "app/inbox", "app/lane", "app/portal", "bitrix", "diadoc", "realty", "realty/schema", "internal/upstream"},
	"app/reaction":         {"app/docflow", "app/lane", "app/mapping", "app/portal", "app/settings", "bitrix", "diadoc", "realty", "realty/archive", "realty/extract", "internal/spool", "internal/upstream"},
	"app/action":           {"app/docflow", "app/feed", "app/inbox", "app/lane", "app/mapping", "app/portal", "app/reaction", "app/settings", "bitrix", "diadoc", "realty", "realty/cms", "internal/spool", "internal/upstream", "internal/xsd"},
	"app/incoming":         {"app/docflow", "app/feed", "app/lane", "app/portal", "app/settings", "bitrix", "diadoc"},
	"app/watchdog":         {"app/lane", "app/portal", "bitrix", "internal/upstream"},
	"app/page":             {"app/docflow"},
	"app/page/home":        {"app/docflow", "app/page"},
	"app/page/tab":         {"app/docflow", "app/page"},
	"app/page/journal":     {"app/docflow", "app/journal", "app/page"},
	"app/page/setup":       {"app/action", "app/config", "app/mapping", "app/mapping/tree", "app/page", "app/settings", "realty", "realty/schema"},
	"app/web":              {"app/docflow", "app/page", "app/portal", "app/inbox", "bitrix", "internal/upstream"},
	"app/store":            {"app/docflow", "app/feed", "app/inbox", "app/journal", "app/lane", "app/portal", "app/reaction", "app/watchdog", "oauth"},
	"app":                  {"app/...", "bitrix", "cache", "diadoc", "internal/seal", "internal/spool", "internal/upstream", "oauth", "realty", "realty/schema"},
	"app/demo":             {"app", "app/...", "sandbox", "sandbox/...", "diadoc", "realty"},
	"app/apptest":          {"app/store", "bitrix", "internal/seal", "internal/upstream", "sandbox/bitrixsim"},
	"app/bench":            {},
	"cmd/bridge":           {"app", "app/...", "bitrix", "cache", "diadoc", "internal/...", "oauth", "realty", "realty/schema", "sandbox", "sandbox/..."},
	"cmd/bridge/chaos":     {},
	"internal/testservers": {},
	"internal/testbrowser": {},
	"cache/cachetest":      {"cache"},
	"app/store/storetest":  {"app/...", "oauth", "internal/..."},
	"app/store/lanetest":   {"app/...", "internal/..."},
}

// onlyIn says which outside packages are named in which of ours alone.
var onlyIn = map[string][]string{
	"github.com/gofiber/fiber/v2":  {"app", "app/web"},
	"modernc.org/sqlite":           {"app/store"},
	"github.com/jackc/pgx/v5":      {"app/store", "internal/testservers"},
	"github.com/redis/go-redis/v9": {"cache"},
	"github.com/golang-jwt/jwt/v5": {"app/portal"},
	"github.com/expr-lang/expr":    {"app/mapping"},
	"github.com/alecthomas/kong":   {"cmd/bridge"},
}

// testOnly may stand in nothing that cmd/bridge reaches. (Fiber's own utils import testing; ours must not.)
var testOnly = []string{"github.com/stretchr/testify", "github.com/chromedp/chromedp", module + "internal/testservers", module + "internal/testbrowser"}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

func allowed(rules []string, path string) bool {
	return slices.ContainsFunc(rules, func(rule string) bool {
		below, ok := strings.CutSuffix(rule, "/...")
		return rule == path || ok && strings.HasPrefix(path, below+"/")
	})
}

func under(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

// TestImports keeps the import table: a shortcut between packages shows here before it becomes a habit.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		own := strings.TrimPrefix(p.ImportPath, module)
		rules, known := mayImport[own]
		require.True(t, known, "package %s is not in the import table", own)
		for _, imported := range p.Imports {
			if path, ours := strings.CutPrefix(imported, module); ours {
				require.True(t, allowed(rules, path), "%s imports %s", own, path)
				continue
			}
			for outside, where := range onlyIn {
				if under(imported, outside) {
					require.Contains(t, where, own, "%s imports %s", own, imported)
				}
			}
		}
	}
}

// TestBinary keeps test code out of what users run.
func TestBinary(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "-deps", "./cmd/bridge") {
		if strings.HasPrefix(p.ImportPath, module) {
			require.NotContains(t, p.Imports, "testing", p.ImportPath)
		}
	}
	for _, p := range list(t, "./cmd/bridge") {
		for _, dep := range p.Deps {
			for _, banned := range testOnly {
				require.False(t, under(dep, banned), "cmd/bridge reaches %s", dep)
			}
		}
	}
}
