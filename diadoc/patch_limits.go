package diadoc

import "fmt"

func (m MessagePatchToPostV2) check(operation string) error {
	r := rules{operation: operation}
	r.required(m.BoxID != "", "BoxId")
	r.required(m.MessageID != "", "MessageId")
	r.signatures(m.Signatures)
	r.answers("Receipts", len(m.Receipts), func(i int) (EntityID, SignedContent, []string) {
		return m.Receipts[i].ParentEntityID, m.Receipts[i].SignedContent, m.Receipts[i].Labels
	})
	r.answers("CorrectionRequests", len(m.CorrectionRequests), func(i int) (EntityID, SignedContent, []string) {
		return m.CorrectionRequests[i].ParentEntityID, m.CorrectionRequests[i].SignedContent, m.CorrectionRequests[i].Labels
	})
	r.answers("RecipientTitles", len(m.RecipientTitles), func(i int) (EntityID, SignedContent, []string) {
		return m.RecipientTitles[i].ParentEntityID, m.RecipientTitles[i].SignedContent, m.RecipientTitles[i].Labels
	})
	r.answers("XmlSignatureRejections", len(m.XMLSignatureRejections), func(i int) (EntityID, SignedContent, []string) {
		return m.XMLSignatureRejections[i].ParentEntityID, m.XMLSignatureRejections[i].SignedContent, m.XMLSignatureRejections[i].Labels
	})
	r.answers("RevocationRequests", len(m.RevocationRequests), func(i int) (EntityID, SignedContent, []string) {
		return m.RevocationRequests[i].ParentEntityID, m.RevocationRequests[i].SignedContent, m.RevocationRequests[i].Labels
	})
	r.resolutions(m)
	r.tags(m.CustomDataPatches)
	r.unsigned(m)
	return r.err
}

func (m MessagePatchToPost) check(operation string) error {
	r := rules{operation: operation}
	r.required(m.BoxID != "", "BoxId")
	r.required(m.MessageID != "", "MessageId")
	r.signatures(m.Signatures)
	r.tags(m.CustomDataPatches)
	return r.err
}

func (r *rules) signatures(signatures []DocumentSignature) {
	for i, s := range signatures {
		field := fmt.Sprintf("Signatures[%d]", i)
		r.required(s.ParentEntityID != "", field+".ParentEntityId")
		r.want(s.Signature == nil || s.SignatureNameOnShelf == "", field, Text{"заданы и Signature, и SignatureNameOnShelf: оставьте одно", "has both Signature and SignatureNameOnShelf"})
		r.labels(field, s.Labels)
		r.attorney(field, s.PowerOfAttorney)
	}
}

// answers checks the parts of a patch that hang a signed file on an entity.
func (r *rules) answers(list string, n int, at func(int) (EntityID, SignedContent, []string)) {
	for i := range n {
		parent, content, labels := at(i)
		field := fmt.Sprintf("%s[%d]", list, i)
		r.required(parent != "", field+".ParentEntityId")
		r.signed(field+".SignedContent", content)
		r.labels(field, labels)
	}
}

func (r *rules) resolutions(m MessagePatchToPostV2) {
	for i, one := range m.Resolutions {
		field := fmt.Sprintf("Resolutions[%d]", i)
		r.required(one.ResolutionType != "", field+".ResolutionType")
		r.text(field+".Comment", one.Comment, MaxComment)
		r.labels(field, one.Labels)
	}
	for i, one := range m.ResolutionRequests {
		field := fmt.Sprintf("ResolutionRequests[%d]", i)
		r.required(one.Type != "", field+".Type")
		r.want((one.TargetUserID == "") != (one.TargetDepartmentID == ""), field, Text{"нужно ровно одно из TargetUserId и TargetDepartmentId", "needs exactly one of TargetUserId and TargetDepartmentId"})
		r.text(field+".Comment", one.Comment, MaxRequestComment)
		r.labels(field, one.Labels)
	}
	for i, one := range m.ResolutionRequestCancellations {
		r.text(fmt.Sprintf("ResolutionRequestCancellations[%d].Comment", i), one.Comment, MaxCancelComment)
	}
	for i, one := range m.ResolutionRouteAssignments {
		r.text(fmt.Sprintf("ResolutionRouteAssignments[%d].Comment", i), one.Comment, MaxRequestComment)
	}
	for i, one := range m.ResolutionRouteRemovals { // 256 by a comment in the vendor's files, 500 by the page
		r.text(fmt.Sprintf("ResolutionRouteRemovals[%d].Comment", i), one.Comment, MaxRequestComment)
	}
}

func (r *rules) tags(patches []CustomDataPatch) {
	r.atMost("CustomDataPatches", len(patches), MaxTagPatches, Text{"тегов", "tags"})
	for i, tag := range patches {
		field := fmt.Sprintf("CustomDataPatches[%d]", i)
		r.required(tag.Operation != "", field+".Operation")
		r.tag(field, tag.Key, tag.Value)
	}
}

func (r *rules) unsigned(m MessagePatchToPostV2) {
	total := 0
	one := func(field string, content UnsignedContent) {
		r.want((content.Content == nil) != (content.NameOnShelf == ""), field, Text{"нужно ровно одно из Content и NameOnShelf", "needs exactly one of Content and NameOnShelf"})
		total += len(content.Content)
	}
	for i, edit := range m.EditingPatches {
		one(fmt.Sprintf("EditingPatches[%d].Content", i), edit.Content)
	}
	for i, message := range m.UniversalMessages {
		one(fmt.Sprintf("UniversalMessages[%d].UniversalMessageContent", i), message.UniversalMessageContent)
	}
	r.atMost("UniversalMessages", total, MaxUnsignedInline, Text{"байт без подписи", "bytes of unsigned content"})
}
