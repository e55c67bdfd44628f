package diadocsim

import "strings"

type searchScope string

func (searchScope) names() map[int]string {
	return map[int]string{0: "SearchScopeAny", 1: "SearchScopeIncoming", 2: "SearchScopeOutgoing", 3: "SearchScopeDeleted", 4: "SearchScopeInternal"}
}

// searchDocflows finds letters whose number, date, name, tags or counteragent have every word of the query: what the
// service searches is not described. Deleted documents are found in their scope alone.
func (c *call) searchDocflows() (reply, error) {
	var body struct {
		QueryString         string `dia:"req"`
		Count               *int32
		FirstIndex          int32
		Scope               searchScope
		InjectEntityContent bool
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	count := 100
	if body.Count != nil {
		count = int(*body.Count)
	}
	if count < 1 || count > 100 || body.FirstIndex < 0 {
		return reply{}, bad("Count must be from 1 to 100 and FirstIndex not negative")
	}
	var found []*document
	for _, d := range c.allDocs(c.box) {
		if d.m.kind() == "Letter" && d.inScope(c.box, body.Scope) && d.hasWords(c.box, body.QueryString) &&
			(c.sw.SearchCountsHidden || c.mayEnter(d.place(c.box).department)) {
			found = append(found, d)
		}
	}
	first := min(int(body.FirstIndex), len(found))
	last := min(first+count, len(found))
	list, budget := []object{}, maxInjected
	for _, d := range found[first:last] {
		if c.mayEnter(d.place(c.box).department) {
			list = append(list, c.withDocflow(d, c.injecting(body.InjectEntityContent, &budget)))
		}
	}
	return jsonReply(object{"Documents": list, "HaveMoreDocuments": last < len(found)}), nil
}

func (d *document) inScope(b *box, scope searchScope) bool {
	if deleted := d.place(b).deleted || d.m.deletedIn[b.id]; deleted || scope == "SearchScopeDeleted" {
		return deleted && scope == "SearchScopeDeleted"
	}
	direction := map[searchScope]string{"SearchScopeIncoming": "Inbound", "SearchScopeOutgoing": "Outbound", "SearchScopeInternal": "Internal"}[scope]
	return direction == "" || d.direction(b) == direction
}

func (d *document) hasWords(b *box, query string) bool {
	var text strings.Builder
	text.WriteString(d.title() + " " + d.e.file + " " + d.customID)
	for _, list := range [][][2]string{d.metadata, d.tags} {
		for _, pair := range list {
			text.WriteString(" " + pair[1])
		}
	}
	if other := d.m.counteragent(b); other != nil {
		text.WriteString(" " + other.FullName + " " + other.ShortName + " " + other.INN)
	}
	all := strings.ToLower(text.String())
	for _, word := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return strings.TrimSpace(query) != ""
}
