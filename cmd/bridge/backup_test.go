package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBackup does what the installer's guide says of backups: a copy of the embedded database is taken beside the
// running service, is of no use without its key, and is the same bridge with it; then the key is replaced.
func TestBackup(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	s.env = append(s.env, "BRIDGE_LISTEN="+freeAddress(t), "BRIDGE_OPS_LISTEN=")
	want := s.done("portals", "show", member, "--secret")
	r := s.start("serve")
	answers(t, "http://"+strings.TrimPrefix(s.env[len(s.env)-2], "BRIDGE_LISTEN=")+"/readyz")

	restored := newShell(t)
	restored.env = []string{"BRIDGE_DATABASE_URL=sqlite://" + filepath.Join(restored.folder, "b.db"), "BRIDGE_PUBLIC_URL=https://bridge.example.ru"}
	db, err := sql.Open("sqlite", filepath.Join(s.folder, "b.db"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "VACUUM INTO ?", filepath.Join(restored.folder, "b.db"))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, _ = r.stop(syscall.SIGTERM)

	require.Contains(t, restored.run("doctor").out, "failed  secret key: the database is there but its key")
	key, err := os.ReadFile(filepath.Join(s.folder, "b.key"))
	require.NoError(t, err)
	restored.file("b.key", string(key))
	require.Equal(t, want, restored.done("portals", "show", member, "--secret"))

	rotated := append(restored.env, "BRIDGE_SECRET_KEY="+strings.TrimSpace(restored.done("keygen")), "BRIDGE_SECRET_KEY_OLD="+strings.TrimSpace(string(key)))
	restored.env = rotated
	require.Equal(t, want, restored.done("portals", "show", member, "--secret"))
}
