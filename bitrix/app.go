package bitrix

import (
	"context"
	"time"
)

// AppInfo is the portal's own view of the application. The authorization server's answer to a method
// of the same name is another one, and the one to trust. doc: api-reference/common/system/*.md
type AppInfo struct {
	ID             ID   `json:"ID"`
	Code           Text `json:"CODE"`
	Version        ID   `json:"VERSION"`
	Status         Text `json:"STATUS"`
	Installed      Flag `json:"INSTALLED"` // false until the installer page finished
	PaymentExpired Flag `json:"PAYMENT_EXPIRED"`
	Days           ID   `json:"DAYS"`
	LanguageID     Text `json:"LANGUAGE_ID"`
	License        Text `json:"LICENSE"`
	LicenseType    Text `json:"LICENSE_TYPE"`
	LicenseFamily  Text `json:"LICENSE_FAMILY"` // "ent" has the higher request rate
}

// AppInfo asks for the application's state on the portal.
// Errors: ErrAuthKind for a webhook. doc: api-reference/common/system/*.md
func (c *Client) AppInfo(ctx context.Context) (AppInfo, error) {
	return Call[AppInfo](ctx, c, "app.info", nil)
}

// Profile is the user whose token it is. doc: api-reference/common/users/*.md
type Profile struct {
	ID       ID   `json:"ID"`
	Admin    Flag `json:"ADMIN"`
	Name     Text `json:"NAME"`
	LastName Text `json:"LAST_NAME"`
	Gender   Text `json:"PERSONAL_GENDER"`
	TimeZone Text `json:"TIME_ZONE"` // may be empty
}

// Profile asks who the token's user is. doc: api-reference/common/users/*.md
func (c *Client) Profile(ctx context.Context) (Profile, error) {
	return Call[Profile](ctx, c, "profile", nil)
}

// Scope lists the scopes that the application was given. doc: api-reference/common/system/*.md
func (c *Client) Scope(ctx context.Context) ([]string, error) {
	return Call[List[string]](ctx, c, "scope", nil)
}

// ScopeAll lists all scopes that the portal knows. doc: api-reference/common/system/*.md
func (c *Client) ScopeAll(ctx context.Context) ([]string, error) {
	return Call[List[string]](ctx, c, "scope", map[string]bool{"full": true})
}

// Features of a portal that [Client.Feature] may be asked for.
const (
	FeatureOfflineExtended = "rest_offline_extended" // offline events can be confirmed after reading
	FeatureAuthConnector   = "rest_auth_connector"   // own changes can be kept out of the queue
)

// Feature reports whether the portal's plan has a feature. doc: api-reference/common/system/*.md
func (c *Client) Feature(ctx context.Context, code string) (bool, error) {
	feature, err := Call[struct {
		Value Flag `json:"value"`
	}](ctx, c, "feature.get", map[string]string{"CODE": code})
	return bool(feature.Value), err
}

// MethodInfo tells about a method. doc: api-reference/common/system/*.md
type MethodInfo struct {
	Exists    Flag `json:"isExisting"`
	Available Flag `json:"isAvailable"` // to this token
}

// MethodGet asks whether a method exists on this portal. doc: api-reference/common/system/*.md
func (c *Client) MethodGet(ctx context.Context, name string) (MethodInfo, error) {
	return Call[MethodInfo](ctx, c, "method.get", map[string]string{"name": name})
}

// ServerTime is the portal's clock. doc: api-reference/common/system/*.md
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	now, err := Call[Time](ctx, c, "server.time", nil)
	return now.Time, err
}
