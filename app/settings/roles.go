package settings

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

func (r *reader) roles(place **Roles) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		var roles Roles
		*place = &roles
		if !isNull(node) {
			r.object(node, path, keys{"act": r.users(&roles.Act), "journal": r.users(&roles.Journal), "settings": r.users(&roles.Settings)})
		}
	}
}

// users reads a list of users' numbers, each once and in their order.
func (r *reader) users(place *[]int64) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		var ids []int64
		r.list(node, path, func(node *yaml.Node, path string) {
			id, err := strconv.ParseInt(node.Value, 10, 64)
			if node.Kind != yaml.ScalarNode || err != nil || id <= 0 {
				r.fail(node, path, "нужен номер пользователя портала, например 12", "must be the number of a user of the portal, such as 12")
				return
			}
			ids = append(ids, id)
		})
		slices.Sort(ids)
		*place = slices.Compact(ids)
	}
}

// The rights that Roles give.
const (
	RoleAct      = "act"
	RoleJournal  = "journal"
	RoleSettings = "settings"
)

// May reports whether a user who is no administrator has a right. Nil gives what is so without any setting.
func (r *Roles) May(user int64, right string) bool {
	if r == nil {
		r = &Roles{}
	}
	switch right {
	case RoleAct:
		return len(r.Act) == 0 || slices.Contains(r.Act, user)
	case RoleJournal:
		return slices.Contains(r.Journal, user)
	case RoleSettings:
		return slices.Contains(r.Settings, user)
	}
	return false
}

// Equal reports whether both give the same rights.
func (r *Roles) Equal(other *Roles) bool {
	var a, b Roles
	if r != nil {
		a = *r
	}
	if other != nil {
		b = *other
	}
	return slices.Equal(a.Act, b.Act) && slices.Equal(a.Journal, b.Journal) && slices.Equal(a.Settings, b.Settings)
}
