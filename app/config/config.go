package config

import (
	"log/slog"
	"time"
)

// Config is everything that the process is told from outside. The tags are the documentation: env is the
// key, default what holds when it is missing, doc its meaning, shown what documents print instead of the
// default, empty:"keep" that an empty value is an answer and not an absence.
type Config struct {
	Listen      string `env:"BRIDGE_LISTEN" default:":8080" doc:"public HTTP address"`
	OpsListen   string `env:"BRIDGE_OPS_LISTEN" default:"127.0.0.1:9090" empty:"keep" doc:"metrics, pprof; never public. Empty turns it off"`
	PublicURL   string `env:"BRIDGE_PUBLIC_URL" shown:"required by serve" doc:"HTTPS base URL under which Bitrix24 reaches the bridge"`
	DatabaseURL Secret `env:"BRIDGE_DATABASE_URL" default:"sqlite://data/bridge.db" doc:"embedded SQLite, or postgres://… when several nodes share the work"`
	RedisURL    Secret `env:"BRIDGE_REDIS_URL" doc:"redis://…: shared cache of tokens, sessions, locks and rate budgets. Empty: in-process cache, right for one node only; with postgres:// and no Redis, serve warns"`

	SecretKey    Secret `env:"BRIDGE_SECRET_KEY" shown:"generated beside an embedded database, mode 0600" doc:"base64 of 32 bytes: encrypts stored secrets, signs page sessions. Required with postgres://"`
	SecretKeyOld Secret `env:"BRIDGE_SECRET_KEY_OLD" doc:"the former key, accepted for reading while keys rotate"`

	BitrixClientID     string   `env:"BRIDGE_BITRIX_CLIENT_ID" doc:"the application's client_id. Without keys serve starts all the same and installations wait. Further applications: applications: in the YAML file, a list of client_id, client_secret"`
	BitrixClientSecret Secret   `env:"BRIDGE_BITRIX_CLIENT_SECRET" doc:"the application's client_secret"`
	BitrixOAuthURLs    []string `env:"BRIDGE_BITRIX_OAUTH_URL" default:"https://oauth.bitrix.info,https://oauth.bitrix24.tech" doc:"the authorization servers, separated by commas; no other host ever gets a client secret or is asked who a token belongs to"`

	RealtyURL          string   `env:"BRIDGE_REALTY_URL" default:"https://api.kontur.ru/realty/v1" doc:"Реестро"`
	RealtySwitches     []string `env:"BRIDGE_REALTY_SWITCHES" doc:"what to send where the documentation of Реестро contradicts itself, as name=value separated by commas (docs/realty-switches.md); needed only when the service refuses what it is sent"`
	DiadocURL          string   `env:"BRIDGE_DIADOC_URL" default:"https://diadoc-api.kontur.ru" doc:"Диадок"`
	DiadocIdentityURL  string   `env:"BRIDGE_DIADOC_IDENTITY_URL" default:"https://identity.kontur.ru" doc:"Kontur's OpenID provider"`
	DiadocClientID     string   `env:"BRIDGE_DIADOC_CLIENT_ID" doc:"the integrator's client id; a portal's own connection may override"`
	DiadocClientSecret Secret   `env:"BRIDGE_DIADOC_CLIENT_SECRET" doc:"the integrator's client secret; a portal's own connection may override"`

	NewsInterval    time.Duration `env:"BRIDGE_NEWS_INTERVAL" default:"15s" doc:"pause between polls of one Реестро account or Диадок box that had nothing new; a full page is followed at once"`
	OfflineInterval time.Duration `env:"BRIDGE_OFFLINE_INTERVAL" default:"60s" doc:"pause between reads of a portal's offline event queue"`

	AllowInsecureUpstreams bool `env:"BRIDGE_ALLOW_INSECURE_UPSTREAMS" default:"false" doc:"allows http:// and loopback upstreams and portals; demo sets it"`

	LogLevel  slog.Level `env:"BRIDGE_LOG_LEVEL" default:"info" doc:"debug, info, warn or error"`
	LogFormat string     `env:"BRIDGE_LOG_FORMAT" shown:"text on a terminal, else json" doc:"text or json"`

	// Extra holds the YAML file's applications; see Applications for all of them.
	Extra []Application
}

// Application is one Bitrix24 application's pair of keys.
type Application struct {
	ClientID     string
	ClientSecret Secret
}

// Applications lists every application whose keys are known, the environment's first; empty when none is.
func (c Config) Applications() []Application {
	var all []Application
	if c.BitrixClientID != "" {
		all = append(all, Application{ClientID: c.BitrixClientID, ClientSecret: c.BitrixClientSecret})
	}
	return append(all, c.Extra...)
}
