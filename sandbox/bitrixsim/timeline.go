package bitrixsim

import (
	"slices"
	"strings"
)

// timelineRow is a stored line of a card's timeline.
type timelineRow struct {
	TimelineEntry
	entityTypeID, owner int
	title, icon         string
	app                 string // who wrote a log line; empty: no application
	unbound             bool   // no longer shown in the card that it was made for
	disk                []int  // disk objects of the files
}

// Timeline lists the entries of a card, oldest first.
func (p *Portal) Timeline(entityTypeID, id int) []TimelineEntry {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []TimelineEntry
	for _, r := range p.timelines {
		if slices.Contains(r.cards(p), [2]int{entityTypeID, id}) {
			e := r.TimelineEntry
			e.Files = slices.Clone(e.Files)
			out = append(out, e)
		}
	}
	return out
}

// ownerOf resolves a card by type and id, or answers OWNER_NOT_FOUND.
func (c *call) ownerOf(entityTypeID, id int) *restError {
	if t := c.p.types[entityTypeID]; t == nil || t.items[id] == nil {
		return bad("OWNER_NOT_FOUND", "Owner was not found")
	}
	if !c.user.changes(entityTypeID, id) {
		return bad("ACCESS_DENIED", "Access denied")
	}
	return nil
}

// ownerType reads ENTITY_TYPE of comments: deal, lead, contact, company, dynamic_177.
func (p *Portal) ownerType(name string) int {
	for id, t := range p.types {
		if strings.EqualFold(t.name(), name) {
			return id
		}
	}
	return 0
}

// commentAdd is crm.timeline.comment.add; the key fields is lower case only.
func commentAdd(c *call) (any, *restError) {
	fields := asArray(c.params.get("fields"))
	if fields == nil {
		return nil, bad("100", "Could not find value for parameter {fields}")
	}
	owner, id := c.p.ownerType(str(fields.get("ENTITY_TYPE"))), intOf(fields.get("ENTITY_ID"))
	if err := c.ownerOf(owner, id); err != nil {
		return nil, err
	}
	if str(fields.get("COMMENT")) == "" {
		return nil, bad("INVALID_ARG_VALUE", "Empty comment message")
	}
	row := c.p.addTimeline(KindComment, owner, id, str(fields.get("COMMENT")), c.user.id)
	if author, ok := num(fields.get("AUTHOR_ID")); ok && c.user.admin {
		row.Author = author
	}
	c.p.attach(row, fields.get("FILES"))
	c.p.fire("ONCRMTIMELINECOMMENTADD", itoa(row.ID), pairs("ID", itoa(row.ID)), c.actor())
	return row.ID, nil
}

func (p *Portal) addTimeline(kind string, entityTypeID, owner int, text string, author int) *timelineRow {
	row := &timelineRow{entityTypeID: entityTypeID, owner: owner, TimelineEntry: TimelineEntry{
		ID: p.nextID("timeline", 901), Kind: kind, Text: text, Author: author, Created: p.s.now(),
	}}
	p.timelines = append(p.timelines, row)
	p.s.notify()
	return row
}

// attach stores posted files [["name","base64"],…] and makes disk objects of them.
func (p *Portal) attach(row *timelineRow, files any) {
	for _, e := range fileEntries(files) {
		a := asArray(e)
		if a == nil || a.len() < 2 {
			continue
		}
		id := p.addFile(str(a.get("0")), decodeBase64(str(a.get("1"))))
		row.Files = append(row.Files, *p.files[id])
		row.disk = append(row.disk, p.attachment(id, row.Author))
	}
}

// comment finds a comment by id.
func (c *call) comment() (*timelineRow, *restError) {
	if !c.params.has("id") {
		return nil, bad("100", "Could not find value for parameter {id}")
	}
	for _, r := range c.p.timelines {
		if r.Kind != KindComment || r.ID != intOf(c.params.get("id")) {
			continue
		}
		if !c.user.sees(r.entityTypeID, r.owner) {
			return nil, bad("ACCESS_DENIED", "Access denied")
		}
		return r, nil
	}
	return nil, notFound("Not found")
}

func (r *timelineRow) render(p *Portal) map[string]any {
	files := map[string]any{}
	for i, f := range r.Files {
		id := r.disk[i]
		files[itoa(id)] = map[string]any{
			"id": id, "date": r.Created.Format(isoTime), "type": "file", "name": f.Name, "size": len(f.Data), "image": false,
			"authorId": r.Author, "authorName": p.userName(r.Author), "urlPreview": nil,
			"urlShow": "/bitrix/tools/disk/uf.php?action=show&id=" + itoa(id), "urlDownload": "/bitrix/tools/disk/uf.php?action=download&id=" + itoa(id),
		}
	}
	return map[string]any{
		"ID": itoa(r.ID), "ENTITY_ID": r.owner, "ENTITY_TYPE": strings.ToLower(p.types[r.entityTypeID].name()),
		"CREATED": r.Created.Format(isoTime), "COMMENT": r.Text, "AUTHOR_ID": itoa(r.Author), "FILES": phpMap(files),
	}
}

func commentGet(c *call) (any, *restError) {
	row, err := c.comment()
	if err != nil {
		return nil, err
	}
	return row.render(c.p), nil
}

func commentList(c *call) (any, *restError) {
	filter := asArray(c.params.get("filter"))
	if str(filter.get("ENTITY_ID")) == "" || str(filter.get("ENTITY_TYPE")) == "" {
		return nil, bad("100", "ENTITY_ID and ENTITY_TYPE are required in filter")
	}
	var rows []map[string]any
	for _, r := range c.p.timelines {
		if r.Kind == KindComment {
			rows = append(rows, r.render(c.p))
		}
	}
	return selectRows(c, rows, "ID")
}

// commentUpdate replaces the text; FILES, when given, replace the old files.
func commentUpdate(c *call) (any, *restError) {
	row, err := c.comment()
	if err != nil {
		return nil, err
	}
	fields := asArray(c.params.get("fields"))
	if fields.has("COMMENT") {
		row.Text = str(fields.get("COMMENT"))
	}
	if fields.has("FILES") {
		row.Files, row.disk = nil, nil
		c.p.attach(row, fields.get("FILES"))
	}
	c.p.fire("ONCRMTIMELINECOMMENTUPDATE", itoa(row.ID), pairs("ID", itoa(row.ID)), c.actor())
	return true, nil
}

func commentDelete(c *call) (any, *restError) {
	row, err := c.comment()
	if err != nil {
		return nil, err
	}
	c.p.timelines = slices.DeleteFunc(c.p.timelines, func(r *timelineRow) bool { return r == row })
	c.p.fire("ONCRMTIMELINECOMMENTDELETE", itoa(row.ID), pairs("ID", itoa(row.ID)), c.actor())
	return true, nil
}

func (r *timelineRow) renderLog() map[string]any {
	return map[string]any{
		"id": r.ID, "created": r.Created.Format(isoTime), "authorId": r.Author, "title": r.title,
		"text": strings.TrimPrefix(r.Text, r.title+": "), "iconCode": r.icon,
	}
}

// logAdd is crm.timeline.logmessage.add.
func logAdd(c *call) (any, *restError) {
	fields := asArray(c.params.get("fields"))
	for _, name := range []string{"entityTypeId", "entityId", "title", "text", "iconCode"} {
		if str(fields.get(name)) == "" {
			return nil, bad("100", "Could not find value for parameter {"+name+"}")
		}
	}
	owner, id := intOf(fields.get("entityTypeId")), intOf(fields.get("entityId"))
	if err := c.ownerOf(owner, id); err != nil {
		return nil, err
	}
	title := str(fields.get("title"))
	row := c.p.addTimeline(KindLog, owner, id, title+": "+str(fields.get("text")), c.user.id)
	row.title, row.icon, row.app = title, str(fields.get("iconCode")), c.appID()
	return map[string]any{"logMessage": row.renderLog()}, nil
}

func logList(c *call) (any, *restError) {
	owner, id := intOf(c.params.get("entityTypeId")), intOf(c.params.get("entityId"))
	rows := []any{}
	for _, r := range c.p.timelines {
		if r.Kind == KindLog && r.entityTypeID == owner && r.owner == id {
			rows = append(rows, r.renderLog())
		}
	}
	return map[string]any{"logMessages": page(c, rows)}, nil
}

func logGet(c *call) (any, *restError) {
	for _, r := range c.p.timelines {
		if r.Kind == KindLog && r.ID == intOf(c.params.get("id")) {
			return map[string]any{"logMessage": r.renderLog()}, nil
		}
	}
	return nil, notFound("Not found")
}

func (p *Portal) userName(id int) string {
	if u := p.users[id]; u != nil {
		return strings.TrimSpace(u.name + " " + u.lastName)
	}
	return ""
}
