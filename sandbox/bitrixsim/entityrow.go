package bitrixsim

import (
	"slices"
	"strings"
	"time"
)

// entityRow is an item or a section of a storage.
type entityRow struct {
	id, parent       int
	fields           map[string]any // texts, and pictures as stored file ids
	props            map[string]any
	created, changed time.Time
	author, editor   int
}

// Names of the fields that may be posted.
const (
	itemTexts    = "NAME DATE_ACTIVE_FROM DATE_ACTIVE_TO PREVIEW_TEXT DETAIL_TEXT CODE SORT ACTIVE"
	sectionTexts = "NAME DESCRIPTION CODE SORT ACTIVE"
	itemFiles    = "PREVIEW_PICTURE DETAIL_PICTURE"
	sectionFiles = "PICTURE DETAIL_PICTURE"
)

// rowsOf is the list of items or of sections.
func (e *entity) rowsOf(sections bool) *[]*entityRow {
	if sections {
		return &e.sections
	}
	return &e.items
}

// refusals of rows: items and sections differ in the code only.
func noRow(sections bool) *restError {
	if sections {
		return bad("ERROR_SECTION_NOT_FOUND", "Section not found")
	}
	return bad("ERROR_ITEM_NOT_FOUND", "Item not found")
}

func rowAdd(sections bool) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		e, err := c.storageEntity("W")
		if err != nil {
			return nil, err
		}
		if sections && str(c.params.fold("NAME")) == "" {
			return nil, missing(400, "NAME")
		}
		row := &entityRow{
			fields: map[string]any{"ACTIVE": "Y", "SORT": "500", "NAME": ""}, props: map[string]any{}, created: c.s.now(), author: c.user.id,
		}
		if err := c.readRow(e, row, sections); err != nil {
			return nil, err
		}
		row.id = c.p.nextID("entity row", 671)
		list := e.rowsOf(sections)
		*list = append(*list, row)
		return row.id, nil
	}
}

// readRow takes posted fields over; only properties that the storage has are kept.
func (c *call) readRow(e *entity, row *entityRow, sections bool) *restError {
	texts, files := itemTexts, itemFiles
	if sections {
		texts, files = sectionTexts, sectionFiles
	}
	if v, given := c.params.lookup("SECTION"); given {
		row.parent = intOf(v)
		if row.parent != 0 && !slices.ContainsFunc(e.sections, func(s *entityRow) bool { return s.id == row.parent }) {
			return bad("ERROR_CORE", "Invalid parent section!")
		}
	}
	for _, name := range strings.Fields(texts) {
		if v, given := c.params.lookup(name); given {
			row.fields[name] = str(v)
		}
	}
	for _, name := range strings.Fields(files) {
		if v, given := c.params.lookup(name); given {
			row.fields[name] = c.storePicture(v)
		}
	}
	for _, name := range c.params.keys {
		if strings.HasPrefix(name, "UF_") {
			row.fields[name] = toGo(c.params.vals[name])
		}
	}
	values := asArray(c.params.fold("PROPERTY_VALUES"))
	for _, p := range e.props {
		if v, given := values.lookup(p.code); given && p.kind == "F" {
			row.props[p.code] = c.storePicture(v)
		} else if given {
			row.props[p.code] = toGo(v)
		}
	}
	row.changed, row.editor = c.s.now(), c.user.id
	return nil
}

// storePicture stores ["name","base64"] and gives its address; false and nothing give none.
func (c *call) storePicture(v any) any {
	a := asArray(v)
	if a.len() < 2 {
		return nil
	}
	id := c.p.addFile(str(a.get("0")), decodeBase64(str(a.get("1"))))
	return c.p.root() + "/bitrix/tools/entity.php?fileId=" + itoa(id)
}

// render shows a row: numbers are strings.
func (row *entityRow) render(e *entity, sections bool) map[string]any {
	var parent any
	if row.parent != 0 {
		parent = itoa(row.parent)
	}
	out := map[string]any{
		"ID": itoa(row.id), "TIMESTAMP_X": row.changed.Format(isoTime), "MODIFIED_BY": itoa(row.editor), "DATE_CREATE": row.created.Format(isoTime),
		"CREATED_BY": itoa(row.author), "CODE": nil, "ENTITY": e.code, "SECTION": parent, "DETAIL_PICTURE": nil,
	}
	if sections {
		out["PICTURE"], out["DESCRIPTION"] = nil, nil
	} else {
		out["PREVIEW_PICTURE"], out["PREVIEW_TEXT"], out["DETAIL_TEXT"] = nil, nil, nil
		out["DATE_ACTIVE_FROM"], out["DATE_ACTIVE_TO"] = "", ""
	}
	for name, v := range row.fields {
		out[name] = v
	}
	if !sections && len(e.props) > 0 {
		values := map[string]any{}
		for _, p := range e.props {
			values[p.code] = row.props[p.code]
		}
		out["PROPERTY_VALUES"] = values
	}
	return out
}

func rowList(sections bool) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		e, err := c.storageEntity("")
		if err != nil {
			return nil, err
		}
		kept := []map[string]any{}
		for _, row := range *e.rowsOf(sections) {
			shown := row.render(e, sections)
			ok, unknown := matches(asArray(c.params.fold("FILTER")), func(name string) (any, bool) {
				if code, ok := strings.CutPrefix(name, "PROPERTY_"); ok && !sections {
					return fromGo(row.props[code]), e.prop(code) != nil
				}
				v, known := shown[name]
				return v, known
			})
			if unknown != "" {
				return nil, bad("ERROR_ARGUMENT", "Unknown field "+unknown)
			}
			if ok {
				kept = append(kept, shown)
			}
		}
		by := asArray(c.params.fold("SORT"))
		if by.len() == 0 {
			by = pairs("ID", "ASC")
		}
		sortRows(kept, by, func(row map[string]any, name string) any { return row[name] })
		return page(c, kept), nil
	}
}

// storedRow finds the row of the ID parameter that the caller may write.
func (c *call) storedRow(sections bool) (*entity, *entityRow, *restError) {
	e, err := c.storageEntity("W")
	if err != nil {
		return nil, nil, err
	}
	id := intOf(c.params.fold("ID"))
	if id <= 0 {
		return nil, nil, missing(400, "ID")
	}
	for _, row := range *e.rowsOf(sections) {
		if row.id == id {
			return e, row, nil
		}
	}
	return nil, nil, noRow(sections)
}

func rowUpdate(sections bool) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		e, row, err := c.storedRow(sections)
		if err != nil {
			return nil, err
		}
		return true, c.readRow(e, row, sections)
	}
}

func rowDelete(sections bool) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		e, row, err := c.storedRow(sections)
		if err != nil {
			return nil, err
		}
		list := e.rowsOf(sections)
		*list = slices.DeleteFunc(*list, func(have *entityRow) bool { return have == row })
		return true, nil
	}
}
