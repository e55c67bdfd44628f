package bitrix

import (
	"context"
	"encoding/json"
	"iter"
)

// User is an employee or a guest of the portal. What is filled depends on the scope: user_brief shows
// names and positions, user_basic adds contacts, user shows everything. doc: api-reference/user/*.md
type User struct {
	ID          ID        `json:"ID"`
	Active      Flag      `json:"ACTIVE"`
	Name        Text      `json:"NAME"`
	SecondName  Text      `json:"SECOND_NAME"`
	LastName    Text      `json:"LAST_NAME"`
	Email       Text      `json:"EMAIL"`
	Position    Text      `json:"WORK_POSITION"`
	Departments Multi[ID] `json:"UF_DEPARTMENT"`
	TimeZone    Text      `json:"TIME_ZONE"` // may be empty
	Online      Flag      `json:"IS_ONLINE"`
	Type        Text      `json:"USER_TYPE"`   // UserEmployee …
	Changed     Text      `json:"TIMESTAMP_X"` // in the portal's regional format: see ParseLocal
}

// Types of a user.
const (
	UserEmployee = "employee"
	UserExtranet = "extranet"
	UserEmail    = "email"
)

// UserCurrent is the token's user. doc: api-reference/user/*.md
func (c *Client) UserCurrent(ctx context.Context) (User, error) {
	return Call[User](ctx, c, "user.current", nil)
}

// Users walks the portal's users in the order of their ids; Select is ignored. doc: api-reference/user/*.md
func (c *Client) Users(ctx context.Context, opts ScanOptions) iter.Seq2[User, error] {
	return byID("user.get", "ID", opts, func(list ListOptions) (ListAnswer[[]User], error) {
		return rows[User](ctx, c, "user.get", struct {
			Filter map[string]any `json:"FILTER"`
			Sort   string         `json:"sort"`
			Order  string         `json:"order"`
			Start  int            `json:"start"`
		}{list.Filter, "ID", "ASC", list.Start})
	}, func(u User) ID { return u.ID })
}

// UserAdmin reports whether the token's user is an administrator of the portal.
// doc: api-reference/common/users/*.md
func (c *Client) UserAdmin(ctx context.Context) (bool, error) {
	admin, err := Call[Flag](ctx, c, "user.admin", nil)
	return bool(admin), err
}

// UserAccess reports whether the token's user has one of the access codes, such as U1, G2 or AU. It is
// always so for who may change the application's settings. doc: api-reference/common/users/*.md
func (c *Client) UserAccess(ctx context.Context, codes ...string) (bool, error) {
	has, err := Call[Flag](ctx, c, "user.access", map[string]any{"ACCESS": codes})
	return bool(has), err
}

// AccessNames names access codes for people, by code. The page shows neither parameters nor an answer:
// the codes go as user.access takes them, a name is read as a text or as an object that has one.
// doc: api-reference/common/users/*.md
func (c *Client) AccessNames(ctx context.Context, codes ...string) (map[string]string, error) {
	found, err := Call[Map[accessName]](ctx, c, "access.name", map[string]any{"ACCESS": codes})
	names := make(map[string]string, len(found))
	for code, name := range found {
		names[code] = string(name)
	}
	return names, err
}

type accessName string

// UnmarshalJSON implements json.Unmarshaler.
func (n *accessName) UnmarshalJSON(data []byte) error {
	var frame struct {
		Name Text `json:"name"`
	}
	if json.Unmarshal(data, &frame) == nil {
		*n = accessName(frame.Name)
		return nil
	}
	return (*Text)(n).UnmarshalJSON(data)
}
