package diadoc

import "slices"

// Entity finds an entity of the message.
func (m Message) Entity(id EntityID) (Entity, bool) {
	i := slices.IndexFunc(m.Entities, func(e Entity) bool { return e.EntityID == id })
	if i < 0 {
		return Entity{}, false
	}
	return m.Entities[i], true
}

// Children lists the entities whose parent is the given one.
func (m Message) Children(parent EntityID) []Entity {
	return entitiesWhere(m.Entities, func(e Entity) bool { return e.ParentEntityID == parent })
}

// Documents lists the entities that are documents.
func (m Message) Documents() []Entity { return documents(m.Entities) }

// Documents lists the entities that are documents.
func (p MessagePatch) Documents() []Entity { return documents(p.Entities) }

func documents(entities []Entity) []Entity {
	return entitiesWhere(entities, func(e Entity) bool { return e.DocumentInfo != nil })
}

// Signatures lists the signatures of an entity: of a document, of a recipient's title, of a revocation
// request. An improved signature that hangs below an original one of the list is left out. Where the message
// has only improved ones, whose they are cannot be told: read it with MessageOptions.OriginalSignature.
func (m Message) Signatures(of EntityID) []Entity {
	return entitiesWhere(m.Entities, func(e Entity) bool {
		return e.EntityType == EntityTypeSignature && e.ParentEntityID == of
	})
}

// DeliveryFailed reports whether another operator or the service could not deliver something of the message.
func (m Message) DeliveryFailed() bool { return deliveryFailed(m.Entities) }

// DeliveryFailed reports whether the patch says that something was not delivered.
func (p MessagePatch) DeliveryFailed() bool {
	return p.NotDeliveredEventID != "" || deliveryFailed(p.Entities)
}

func deliveryFailed(entities []Entity) bool {
	return slices.ContainsFunc(entities, func(e Entity) bool { return e.AttachmentType == AttachmentDeliveryFailureNotification })
}

func entitiesWhere(entities []Entity, wanted func(Entity) bool) []Entity {
	var found []Entity
	for _, e := range entities {
		if wanted(e) {
			found = append(found, e)
		}
	}
	return found
}
