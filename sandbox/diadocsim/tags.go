package diadocsim

import (
	"strings"
)

// tag applies the changes of tags, which every side sees. The service counts the edits of a document.
func (p *patching) tag(list []customDataPatch) error {
	if len(list) > maxTagPatches {
		return bad("A patch may have no more than %d CustomDataPatches", maxTagPatches)
	}
	edited := map[*document]bool{}
	for _, one := range list {
		e, d, err := p.parent(one.ParentEntityId)
		if err != nil {
			return err
		}
		if e != d.e {
			return bad("Tags belong to documents")
		}
		if err := checkTag(one.Key, one.Value); err != nil {
			return err
		}
		if !edited[d] && d.tagEdits >= maxTagEdits {
			return conflict("Tags of document %s have been edited %d times", d.e.id, maxTagEdits)
		}
		if one.Operation == "Set" && len(d.tags) >= maxTags && !d.hasTag(one.Key) {
			return conflict("A document may have no more than %d tags", maxTags)
		}
		edited[d] = true
		p.put(&entity{kind: "CustomData", parent: d.e.id})
		p.change(d, "", func() { d.setTag(one) })
	}
	for d := range edited {
		p.after = append(p.after, func() { d.tagEdits++ })
	}
	return nil
}

// maxTagEdits: whether a patch or each of its items counts is open; a patch counts here.
const maxTagEdits = 10

func (d *document) hasTag(key string) bool {
	for _, one := range d.tags {
		if strings.EqualFold(one[0], key) {
			return true
		}
	}
	return false
}

func (d *document) setTag(one customDataPatch) {
	var rest [][2]string
	for _, tag := range d.tags {
		if !strings.EqualFold(tag[0], one.Key) {
			rest = append(rest, tag)
		}
	}
	if one.Operation == "Set" {
		rest = append(rest, [2]string{one.Key, one.Value})
	}
	d.tags = rest
}

// repack moves documents of the box into the packet of another, or out of it.
func (p *patching) repack(part *editPacket) error {
	_, d, err := p.parent(part.DocumentId)
	if err != nil {
		return err
	}
	if p.m.lock == "Full" {
		return conflict("The packet is closed")
	}
	for _, id := range append(append([]documentID{}, part.AddDocumentsToPacket...), part.RemoveDocumentsFromPacket...) {
		if _, err := p.document(id.MessageId, id.EntityId); err != nil {
			return err
		}
	}
	p.change(d, "", func() {
		for _, id := range part.AddDocumentsToPacket {
			other, _ := p.document(id.MessageId, id.EntityId)
			other.packet = d.packet
		}
		for _, id := range part.RemoveDocumentsFromPacket {
			other, _ := p.document(id.MessageId, id.EntityId)
			other.packet = newGUID()
		}
	})
	return nil
}
