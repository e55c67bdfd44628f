package bitrixsim

import (
	"slices"
	"strings"
)

func notifyMethods() map[string]method {
	return map[string]method{
		"im.notify":              {scope: "im", run: notify("")},
		"im.notify.personal.add": {scope: "im", run: notify("USER")},
		"im.notify.system.add":   {scope: "im", run: notify("SYSTEM")},
		"im.notify.delete":       {scope: "im", run: notifyDelete},
	}
}

// notifier is within what tags are unique: an application, or a webhook's CLIENT_ID.
func (c *call) notifier() string {
	if c.in != nil {
		return c.in.app.ClientID
	}
	return str(c.params.fold("CLIENT_ID"))
}

// notify is im.notify and its two shorthands; a repeated TAG of the same application replaces the notice.
func notify(kind string) func(c *call) (any, *restError) {
	return func(c *call) (any, *restError) {
		get := c.params.fold
		userID := intOf(get("USER_ID"))
		switch {
		case userID == 0:
			return nil, bad("USER_ID_EMPTY", "User id can't be empty")
		case str(get("MESSAGE")) == "":
			return nil, bad("MESSAGE_EMPTY", "Message can't be empty")
		case len(str(get("ATTACH"))) > 60000:
			return nil, bad("ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")
		case c.p.users[userID] == nil:
			return false, nil
		}
		n := Notification{
			ID: c.p.nextID("notice", 3001), UserID: userID, Message: str(get("MESSAGE")), Type: kind, Tag: str(get("TAG")),
			SubTag: str(get("SUB_TAG")), Created: c.s.now(), from: c.notifier(),
		}
		if n.Type == "" {
			n.Type = "USER"
			if strings.EqualFold(str(get("TYPE")), "SYSTEM") {
				n.Type = "SYSTEM"
			}
		}
		if n.Tag != "" {
			c.p.notices = slices.DeleteFunc(c.p.notices, func(old Notification) bool { return old.Tag == n.Tag && old.from == n.from && old.UserID == n.UserID })
		}
		c.p.notices = append(c.p.notices, n)
		return n.ID, nil
	}
}

// notifyDelete is im.notify.delete: by ID, by TAG or by SUB_TAG; false says that there was nothing to delete.
func notifyDelete(c *call) (any, *restError) {
	id, tag, sub := intOf(c.params.fold("ID")), str(c.params.fold("TAG")), str(c.params.fold("SUB_TAG"))
	if id == 0 && tag == "" && sub == "" {
		return nil, bad("PARAMS_ERROR", "Incorrect params")
	}
	before := len(c.p.notices)
	c.p.notices = slices.DeleteFunc(c.p.notices, func(n Notification) bool {
		return n.from == c.notifier() && (id != 0 && n.ID == id || id == 0 && (tag != "" && n.Tag == tag || tag == "" && n.SubTag == sub))
	})
	return len(c.p.notices) < before, nil
}
