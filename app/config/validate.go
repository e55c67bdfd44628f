package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// keyBytes is the length of a secret key: AES-256.
const keyBytes = 32

// check finds what is malformed whatever the command, and puts addresses into one form (no slash at the end).
func (c *Config) check() Faults {
	var faults Faults
	add := func(key, message string) {
		if message != "" {
			faults = append(faults, Fault{key, message})
		}
	}
	add("BRIDGE_LISTEN", checkListen(c.Listen))
	if c.OpsListen != "" {
		add("BRIDGE_OPS_LISTEN", checkListen(c.OpsListen))
	}
	if c.PublicURL != "" {
		add("BRIDGE_PUBLIC_URL", checkURL(&c.PublicURL, c.AllowInsecureUpstreams))
	}
	for i := range c.BitrixOAuthURLs {
		add("BRIDGE_BITRIX_OAUTH_URL", checkURL(&c.BitrixOAuthURLs[i], c.AllowInsecureUpstreams))
	}
	if len(c.BitrixOAuthURLs) == 0 {
		add("BRIDGE_BITRIX_OAUTH_URL", "names no authorization server")
	}
	add("BRIDGE_REALTY_URL", checkURL(&c.RealtyURL, c.AllowInsecureUpstreams))
	add("BRIDGE_DIADOC_URL", checkURL(&c.DiadocURL, c.AllowInsecureUpstreams))
	add("BRIDGE_DIADOC_IDENTITY_URL", checkURL(&c.DiadocIdentityURL, c.AllowInsecureUpstreams))
	_, message := parseDatabase(c.DatabaseURL)
	add("BRIDGE_DATABASE_URL", message)
	add("BRIDGE_REDIS_URL", checkRedis(c.RedisURL))
	add("BRIDGE_SECRET_KEY", checkKey(c.SecretKey))
	add("BRIDGE_SECRET_KEY_OLD", checkKey(c.SecretKeyOld))
	if !slices.Contains([]string{"", "text", "json"}, c.LogFormat) {
		add("BRIDGE_LOG_FORMAT", fmt.Sprintf("%q must be text or json", c.LogFormat))
	}
	return append(faults, c.checkPairs()...)
}

// checkPairs finds keys that make sense only together, and applications named twice.
func (c *Config) checkPairs() Faults {
	var faults Faults
	pair := func(id string, secret Secret, idKey, secretKey string) {
		switch {
		case id == "" && secret != "":
			faults = append(faults, Fault{idKey, "missing beside " + secretKey})
		case id != "" && secret == "":
			faults = append(faults, Fault{secretKey, "missing beside " + idKey})
		}
	}
	pair(c.BitrixClientID, c.BitrixClientSecret, "BRIDGE_BITRIX_CLIENT_ID", "BRIDGE_BITRIX_CLIENT_SECRET")
	seen := map[string]bool{}
	for i, app := range c.Applications() {
		if seen[app.ClientID] {
			key := fmt.Sprintf("applications[%d].client_id", i-(len(c.Applications())-len(c.Extra)))
			faults = append(faults, Fault{key, "the same client_id is given twice"})
		}
		seen[app.ClientID] = true
	}
	return faults
}

// ValidateServe finds what keeps `serve` from working although every key is well formed: it needs an address
// that Bitrix24 reaches, and a key of its own when nodes share a database.
//
// Errors: Faults.
func (c Config) ValidateServe() error {
	var faults Faults
	if c.PublicURL == "" {
		faults = append(faults, Fault{"BRIDGE_PUBLIC_URL", "required: the HTTPS address under which Bitrix24 reaches the bridge, such as https://bridge.example.ru"})
	}
	if db, message := parseDatabase(c.DatabaseURL); message == "" && db.Dialect == Postgres && c.SecretKey == "" {
		faults = append(faults, Fault{"BRIDGE_SECRET_KEY", "required with postgres://: every node needs the same key; `bridge keygen` prints one"})
	}
	return faults.err()
}

// checkListen wants host:port; the host may be empty.
func checkListen(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Sprintf("%q must be host:port or :port", address)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Sprintf("%q has no valid port", address)
	}
	return ""
}

// checkURL wants an absolute address without credentials; http and loopback only where that is allowed.
// The address is not repeated in the message when it carries credentials.
func checkURL(address *string, insecure bool) string {
	u, err := url.Parse(*address)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return "must be an absolute https:// URL"
	case u.User != nil:
		return "must not hold a user or a password"
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Sprintf("%q must have neither query nor fragment", *address)
	case u.Scheme == "http" && !insecure:
		return fmt.Sprintf("%q must be https:// (BRIDGE_ALLOW_INSECURE_UPSTREAMS=true allows http:// for trials)", *address)
	case isLoopback(u.Hostname()) && !insecure:
		return fmt.Sprintf("%q is this machine itself (BRIDGE_ALLOW_INSECURE_UPSTREAMS=true allows it for trials)", *address)
	}
	*address = strings.TrimRight(*address, "/")
	return ""
}

// isLoopback knows this machine by its usual names, without asking DNS.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.Unmap().IsLoopback() || addr.IsUnspecified())
}

// checkRedis wants redis:// or rediss://; the text may hold a password and is never repeated.
func checkRedis(address Secret) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address.Reveal())
	if err != nil || u.Host == "" || (u.Scheme != "redis" && u.Scheme != "rediss") {
		return "must be redis://host:port/db or rediss://…"
	}
	return ""
}

// checkKey wants base64 of 32 bytes; the text is never repeated.
func checkKey(key Secret) string {
	if key == "" {
		return ""
	}
	if _, err := DecodeKey(key); err != nil {
		return err.Error()
	}
	return ""
}

// DecodeKey gives the 32 bytes of a secret key. Standard and URL alphabets are both taken, padded or not.
func DecodeKey(key Secret) ([]byte, error) {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(key.Reveal(), "="))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) != keyBytes {
		return nil, fmt.Errorf("must be base64 of %d bytes; `bridge keygen` prints one", keyBytes)
	}
	return raw, nil
}
