package bitrixsim

import (
	"slices"
	"strconv"
	"strings"
)

// Classes of documents outside the CRM.
const (
	diskEntity = `Bitrix\Disk\BizProcDocument`
	feedEntity = "BizprocDocument"
	listEntity = `Bitrix\Lists\BizprocDocumentLists`
)

// document is what a workflow works on: a card, an element of a list or a file of the drive.
type document struct {
	id, kind [3]string // DOCUMENT_ID and DOCUMENT_TYPE
	t        *cardType // nil outside the CRM
	item     int
}

// listElement is an element of a list; feed marks the processes of the news feed.
type listElement struct {
	iblock int
	feed   bool
	name   string
}

// AddListElement makes an element of a list, for workflows on it; feed makes it a process of the news feed. It
// returns the element's id.
func (p *Portal) AddListElement(iblock int, feed bool, name string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	id := p.nextID("list element", 2237)
	p.elements[id] = listElement{iblock: iblock, feed: feed, name: name}
	return id
}

// cardDocument is the document of a card.
func cardDocument(t *cardType, item int) document {
	entity, prefix := t.document()
	return document{
		id: [3]string{"crm", entity, prefix + "_" + itoa(item)}, kind: [3]string{"crm", entity, prefix}, t: t, item: item,
	}
}

// document resolves DOCUMENT_ID: module, entity class and element id must belong together.
func (p *Portal) document(raw any) (document, *restError) {
	parts := asArray(raw).values()
	if len(parts) != 3 {
		return document{}, bad("", "Wrong DOCUMENT_ID!")
	}
	module, entity, element := str(parts[0]), str(parts[1]), str(parts[2])
	if module == "crm" {
		return p.crmDocument(entity, element)
	}
	doc := document{id: [3]string{module, entity, element}}
	id, err := strconv.Atoi(element)
	el, found := p.elements[id]
	switch {
	case module == "disk" && entity == diskEntity:
		obj := p.drive[id]
		if err != nil || obj == nil || obj.folder {
			return document{}, bad("", "Wrong DOCUMENT_ID!")
		}
		doc.kind = [3]string{module, entity, "STORAGE_" + itoa(obj.storage)}
	case module == "lists" && (entity == feedEntity || entity == listEntity):
		if err != nil || !found || el.feed != (entity == feedEntity) {
			return document{}, bad("", "Wrong DOCUMENT_ID!")
		}
		doc.kind = [3]string{module, entity, "iblock_" + itoa(el.iblock)}
	default:
		return document{}, bad("", "Incorrect document type!")
	}
	return doc, nil
}

func (p *Portal) crmDocument(entity, element string) (document, *restError) {
	known := false
	for _, t := range p.types {
		class, prefix := t.document()
		if class != entity {
			continue
		}
		known = true
		number, ok := strings.CutPrefix(element, prefix+"_")
		id, err := strconv.Atoi(number)
		if ok && err == nil && t.items[id] != nil {
			return cardDocument(t, id), nil
		}
	}
	if known {
		return document{}, bad("", "Wrong DOCUMENT_ID!")
	}
	return document{}, bad("", "Incorrect document type!")
}

// knownKind reports whether DOCUMENT_TYPE names a kind of document of this portal.
func (p *Portal) knownKind(kind [3]string) bool {
	switch kind[0] {
	case "disk":
		return kind[1] == diskEntity && strings.HasPrefix(kind[2], "STORAGE_")
	case "lists":
		return (kind[1] == feedEntity || kind[1] == listEntity) && strings.HasPrefix(kind[2], "iblock_")
	case "crm":
		for _, t := range p.types {
			if entity, prefix := t.document(); entity == kind[1] && prefix == kind[2] {
				return true
			}
		}
	}
	return false
}

// kindOf reads a posted DOCUMENT_TYPE.
func kindOf(raw any) (kind [3]string, ok bool) {
	parts := asArray(raw).values()
	if len(parts) != 3 {
		return kind, false
	}
	for i, part := range parts {
		kind[i] = str(part)
	}
	return kind, true
}

// title is the name of the document that people see.
func (p *Portal) documentTitle(d document) string {
	if d.t != nil && d.t.items[d.item] != nil {
		return text(d.t.items[d.item].vals["TITLE"])
	}
	return p.elements[intOf(d.id[2])].name
}

// allows reports whether the registration's FILTER lets the robot onto a kind of document. A rule is a full or
// partial DOCUMENT_TYPE, or b24 for the cloud, which a simulated portal is.
func (r *robot) allows(kind [3]string) bool {
	hit := func(rules []any) bool {
		return slices.ContainsFunc(rules, func(rule any) bool {
			parts := asArray(rule).values()
			if asArray(rule) == nil {
				return str(rule) == "b24"
			}
			for i, part := range parts {
				if i > 2 || str(part) != kind[i] {
					return false
				}
			}
			return len(parts) > 0
		})
	}
	include, exclude := list(r.filter.fold("INCLUDE")), list(r.filter.fold("EXCLUDE"))
	return (len(include) == 0 || hit(include)) && !hit(exclude)
}
