package schema

import (
	"regexp"
	"strconv"
	"strings"
)

// pathToken is a field or an index of a path such as seller.sharedOwnership.shares[0].owner.
var pathToken = regexp.MustCompile(`[^.\[\]]+`)

// Label names the field at a path of a docflow type's options as a form does: «СНИЛС представителя покупателя».
// "" when the schema does not know it.
func (s *Set) Label(kind, path string) string {
	known, ok := s.kinds[kind]
	if !ok || path == "" {
		return ""
	}
	at := place{node: known.root}
	for _, token := range pathToken.FindAllString(path, -1) {
		if index, err := strconv.Atoi(strings.TrimSpace(token)); err == nil {
			at = at.item(index, nil)
		} else {
			at = at.child(token, nil)
		}
		if at.node == nil {
			return ""
		}
	}
	return at.label()
}
