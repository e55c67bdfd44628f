package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"konturbridge/app/config"
)

const goodKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bridge.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load([]string{"PATH=/bin", "HOME=/root"}, "")
	require.NoError(t, err)
	require.Equal(t, config.Config{
		Listen: ":8080", OpsListen: "127.0.0.1:9090", DatabaseURL: "sqlite://data/bridge.db",
		BitrixOAuthURLs: []string{"https://oauth.bitrix.info", "https://oauth.bitrix24.tech"},
		RealtyURL:       "https://api.kontur.ru/realty/v1", DiadocURL: "https://diadoc-api.kontur.ru", DiadocIdentityURL: "https://identity.kontur.ru",
		NewsInterval: 15 * time.Second, OfflineInterval: time.Minute, LogLevel: slog.LevelInfo,
	}, cfg)
	require.Empty(t, cfg.Applications())
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	t.Parallel()
	file := writeFile(t, `
# a comment
BRIDGE_LISTEN: ":1"
BRIDGE_OPS_LISTEN: ""
BRIDGE_REDIS_URL: redis://file:6379/0
BRIDGE_NEWS_INTERVAL: 1m
BRIDGE_ALLOW_INSECURE_UPSTREAMS: true
BRIDGE_REALTY_URL: http://127.0.0.1:9/realty/
BRIDGE_LOG_LEVEL: DEBUG
BRIDGE_BITRIX_CLIENT_ID: local.1
BRIDGE_BITRIX_CLIENT_SECRET: one
applications:
  - {client_id: local.2, client_secret: two}
`)
	cfg, err := config.Load([]string{"BRIDGE_LISTEN=:2", "BRIDGE_NEWS_INTERVAL=", "BRIDGE_REDIS_URL=", "BRIDGE_OFFLINE_INTERVAL= 5s "}, file)
	require.NoError(t, err)
	require.Equal(t, ":2", cfg.Listen)
	require.Empty(t, cfg.OpsListen)
	require.Empty(t, cfg.RedisURL, "empty means something for this key, so it overrides the file")
	require.Equal(t, time.Minute, cfg.NewsInterval, "empty means nothing for this key, so the file stays")
	require.Equal(t, 5*time.Second, cfg.OfflineInterval)
	require.Equal(t, "http://127.0.0.1:9/realty", cfg.RealtyURL)
	require.Equal(t, slog.LevelDebug, cfg.LogLevel)
	require.Equal(t, []config.Application{{ClientID: "local.1", ClientSecret: "one"}, {ClientID: "local.2", ClientSecret: "two"}}, cfg.Applications())
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "BRIDGE_LISTN: x\nlisten: y\nBRIDGE_LOG_FORMAT: [a]\nBRIDGE_LOG_LEVEL: info\nBRIDGE_LOG_LEVEL: warn\n"+
		"applications:\n  - {client_id: a, secret: b}\n  - {client_id: a}\n  - x\n  - {client_id: [1], client_secret: s}\n")
	_, err := config.Load([]string{
		"BRIDGE_NEWS_INTERVAL=soon", "BRIDGE_OFFLINE_INTERVAL=-1s", "BRIDGE_ALLOW_INSECURE_UPSTREAMS=maybe",
		"BRIDGE_SECRET_KEY=topsecretvalue", "BRIDGE_SECRET_KEY_OLD=AAAA", "BRIDGE_DATABASE_URL=mysql://root:hunter2@h/x",
		"BRIDGE_REDIS_URL=http://:hunter2@h", "BRIDGE_LISTEN=nowhere", "BRIDGE_PUBLIC_URL=https://u:hunter2@h",
		"BRIDGE_REALTY_URL=http://example.ru", "BRIDGE_DIADOC_URL=https://localhost", "BRIDGE_DIADOC_IDENTITY_URL=https://h/?q",
		"BRIDGE_BITRIX_OAUTH_URL= , ", "BRIDGE_BITRIX_CLIENT_ID=local.1", "BRIDGE_UNHEARD=1", "BRIDGE_LISTEN_FILE=x", "BRIDGE_OPS_LISTEN=:http:",
	}, file)
	var faults config.Faults
	require.ErrorAs(t, err, &faults)
	messages := map[string]string{}
	for _, f := range faults {
		messages[f.Key] = f.Message
	}
	for _, key := range []string{
		"BRIDGE_LISTN", "listen", "BRIDGE_LOG_FORMAT", "BRIDGE_LOG_LEVEL", "applications[0].secret", "applications[1]", "applications[2]",
		"applications[3].client_id", "BRIDGE_NEWS_INTERVAL", "BRIDGE_OFFLINE_INTERVAL", "BRIDGE_ALLOW_INSECURE_UPSTREAMS", "BRIDGE_SECRET_KEY",
		"BRIDGE_SECRET_KEY_OLD", "BRIDGE_DATABASE_URL", "BRIDGE_REDIS_URL", "BRIDGE_LISTEN", "BRIDGE_PUBLIC_URL", "BRIDGE_REALTY_URL",
		"BRIDGE_DIADOC_URL", "BRIDGE_DIADOC_IDENTITY_URL", "BRIDGE_BITRIX_OAUTH_URL", "BRIDGE_BITRIX_CLIENT_SECRET", "BRIDGE_UNHEARD",
		"BRIDGE_LISTEN_FILE", "BRIDGE_OPS_LISTEN",
	} {
		require.Contains(t, messages, key)
	}
	require.Contains(t, messages["BRIDGE_LISTN"], "did you mean BRIDGE_LISTEN?")
	require.NotContains(t, err.Error(), "hunter2")
	require.NotContains(t, err.Error(), "topsecretvalue")
	require.NotContains(t, err.Error(), "\n", "one line")
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"no YAML":         {"a: [", "--config"},
		"a list":          {"- a", "must be a map"},
		"two documents":   {"BRIDGE_LISTEN: ':1'\n---\nBRIDGE_LISTEN: ':2'", "one YAML document"},
		"no list of apps": {"applications: {}", "applications"},
		"given twice":     {"applications:\n- {client_id: a, client_secret: b}\n- {client_id: a, client_secret: c}", "applications[1].client_id"},
		"too large":       {"# " + strings.Repeat("x", 1<<20), "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(nil, writeFile(t, tc.text))
			require.ErrorContains(t, err, tc.want)
		})
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "null"} {
		_, err := config.Load(nil, writeFile(t, empty))
		require.NoError(t, err, "%q", empty)
	}
	_, err := config.Load(nil, filepath.Join(t.TempDir(), "missing.yaml"))
	require.ErrorContains(t, err, "--config")
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	path := writeFile(t, goodKey+"\n")
	cfg, err := config.Load([]string{"BRIDGE_SECRET_KEY_FILE=" + path, "BRIDGE_SECRET_KEY_OLD_FILE="}, "")
	require.NoError(t, err)
	require.Equal(t, goodKey, cfg.SecretKey.Reveal())

	cfg, err = config.Load([]string{"BRIDGE_SECRET_KEY=" + goodKey}, writeFile(t, "BRIDGE_SECRET_KEY_FILE: /nowhere/at/all\n"))
	require.ErrorContains(t, err, "BRIDGE_SECRET_KEY_FILE", "a file that is named must be there")
	require.Equal(t, goodKey, cfg.SecretKey.Reveal())

	for name, environ := range map[string][]string{
		"both":  {"BRIDGE_SECRET_KEY_FILE=" + path, "BRIDGE_SECRET_KEY=" + goodKey},
		"empty": {"BRIDGE_SECRET_KEY_FILE=" + writeFile(t, " \n")},
		"wrong": {"BRIDGE_SECRET_KEY_FILE=" + t.TempDir()},
	} {
		_, err := config.Load(environ, "")
		require.ErrorContains(t, err, "BRIDGE_SECRET_KEY_FILE", name)
	}
}

func TestValidateServe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		environ []string
		want    []string
	}{
		"nothing set":      {nil, []string{"BRIDGE_PUBLIC_URL"}},
		"embedded":         {[]string{"BRIDGE_PUBLIC_URL=https://b.example.ru/"}, nil},
		"postgres, no key": {[]string{"BRIDGE_DATABASE_URL=postgres://u:p@db/b"}, []string{"BRIDGE_PUBLIC_URL", "BRIDGE_SECRET_KEY"}},
		"postgres":         {[]string{"BRIDGE_DATABASE_URL=postgresql://u:p@db/b", "BRIDGE_PUBLIC_URL=https://b.example.ru", "BRIDGE_SECRET_KEY=" + goodKey}, nil},
		"a trial":          {[]string{"BRIDGE_PUBLIC_URL=http://localhost:8080", "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(tc.environ, "")
			require.NoError(t, err)
			err = cfg.ValidateServe()
			if tc.want == nil {
				require.NoError(t, err)
				return
			}
			var faults config.Faults
			require.ErrorAs(t, err, &faults)
			var keys []string
			for _, f := range faults {
				keys = append(keys, f.Key)
			}
			require.Equal(t, tc.want, keys)
		})
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]config.Database{
		"sqlite://data/bridge.db":  {Dialect: config.SQLite, Path: "data/bridge.db", Label: "sqlite://data/bridge.db"},
		"sqlite:///var/lib/b/x.db": {Dialect: config.SQLite, Path: "/var/lib/b/x.db", Label: "sqlite:///var/lib/b/x.db"},
		"sqlite://:memory:":        {Dialect: config.SQLite, Path: ":memory:", Label: "sqlite://:memory:"},
		"postgres://u:p@h:5/b?a=1": {Dialect: config.Postgres, DSN: "postgres://u:p@h:5/b?a=1", Label: "postgres://h:5/b"},
		"postgresql://u:p@h/b":     {Dialect: config.Postgres, DSN: "postgresql://u:p@h/b", Label: "postgres://h/b"},
	} {
		require.Equal(t, want, config.Config{DatabaseURL: config.Secret(url)}.Database())
	}
	for _, bad := range []string{"sqlite://", "sqlite://dir/", "sqlite://a?b", "postgres:///x", "file.db", "postgres://%zz"} {
		_, err := config.Load([]string{"BRIDGE_DATABASE_URL=" + bad}, "")
		require.ErrorContains(t, err, "BRIDGE_DATABASE_URL", bad)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg := config.Config{SecretKey: "hunter2", Extra: []config.Application{{ClientID: "a", ClientSecret: "hunter2"}}, DatabaseURL: "postgres://u:hunter2@h/b"}
	asJSON, err := json.Marshal(cfg)
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(cfg)
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "cfg", cfg, "key", cfg.SecretKey)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "cfg", cfg, "key", cfg.SecretKey)
	for _, printed := range []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%s %v %q %x", cfg.SecretKey, cfg.SecretKey, cfg.SecretKey, cfg.SecretKey),
		string(asJSON), string(asYAML), logged.String(), fmt.Sprint(&cfg.Extra[0]),
	} {
		require.NotContains(t, printed, "hunter2")
		require.NotContains(t, printed, "68756e74657232", "nor in hexadecimal")
	}
	require.Equal(t, "***", cfg.SecretKey.String())
	require.Empty(t, config.Secret("").String())
	require.Equal(t, "hunter2", cfg.SecretKey.Reveal())
}

// FuzzFile: a settings file is read or refused by key, never half read in silence and never with a panic.
func FuzzFile(f *testing.F) {
	f.Add([]byte("BRIDGE_LISTEN: ':1'\napplications:\n- {client_id: a, client_secret: b}\n"))
	f.Add([]byte("BRIDGE_LOG_LEVEL: &a warn\nBRIDGE_LOG_FORMAT: *a\n"))
	f.Add([]byte("---\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "f.yaml")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		_, err := config.Load(nil, path)
		var faults config.Faults
		if err != nil {
			require.ErrorAs(t, err, &faults)
			require.NotEmpty(t, faults)
		}
	})
}
