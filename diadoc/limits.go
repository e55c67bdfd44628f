package diadoc

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// Limits of the service. What is over one of them is refused without a call.
//
// Doc: Диадок API, "Лимиты".
const (
	MaxDocuments       = 40        // in one message
	MaxDocument        = 70 << 20  // bytes of one document
	MaxUnsignedInline  = 5 << 20   // bytes of unsigned content in one request
	MaxShelfPart       = 3 << 20   // bytes of one part on the shelf
	MaxShelfFile       = 400 << 20 // bytes of one file on the shelf
	MaxPage            = 100       // items on a page
	MaxDocflowRequests = 100       // docflows in one request
	MaxTagPatches      = 15        // tags changed by one patch
	MaxTags            = 30        // of one document
	MaxLabels          = 30        // of one entity
	MaxMessageText     = 2000      // characters of an invitation
	MaxComment         = 5000      // characters of a document's comment, a break, a resolution, a refusal
	MaxRequestComment  = 500       // characters of a request for a resolution or a route
	MaxCancelComment   = 256       // characters of a cancellation
	MaxRevokeComment   = 2000      // characters of a revocation request
	MaxGroupName       = 1024      // characters
	MaxGroupDepartment = 419       // departments of a group

	// InlineContent is the size in bytes up to which content should go inside a message; larger content
	// belongs on the shelf. It is advice, not a limit.
	InlineContent = 500 << 10
)

// rules collects the first broken rule of a structure.
type rules struct {
	operation string
	err       error
}

func (r *rules) want(ok bool, field string, rule Text) {
	if !ok && r.err == nil {
		r.err = &CallError{r.operation, field, rule}
	}
}

func (r *rules) required(ok bool, field string) { r.want(ok, field, isRequired) }

func (r *rules) atMost(field string, got, limit int, unit Text) {
	if got > limit {
		r.want(false, field, tooMuch(got, limit, unit))
	}
}

var (
	isRequired = Text{"обязательно", "is required"}
	unitBytes  = Text{"байт", "bytes"}
)

func tooMuch(got, limit int, unit Text) Text {
	return Text{fmt.Sprintf("%d %s, допускается не больше %d", got, unit.RU, limit),
		fmt.Sprintf("has %d %s, at most %d are allowed", got, unit.EN, limit)}
}

func (r *rules) text(field, text string, limit int) {
	r.atMost(field, utf8.RuneCountInString(text), limit, Text{"знаков", "characters"})
}

func (r *rules) page(field string, size int) {
	r.want(size >= 0 && size <= MaxPage, field, Text{fmt.Sprintf("%d, допускается от 1 до %d", size, MaxPage),
		fmt.Sprintf("is %d, from 1 to %d are allowed", size, MaxPage)})
}

var (
	tagKey = regexp.MustCompile(`^[A-Za-zА-Яа-яЁё0-9_-]{1,60}$`)
	label  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,20}$`)
)

func (r *rules) tag(field, key, value string) {
	r.want(tagKey.MatchString(key), field+".Key", Text{"нужно от 1 до 60 букв, цифр, дефисов и подчёркиваний", "is not 1 to 60 letters, digits, hyphens and underscores"})
	r.text(field+".Value", value, 200)
}

// CheckTag says what is wrong with a tag of a document, nil when nothing is.
func CheckTag(key, value string) *CallError {
	r := rules{operation: "CustomData"}
	r.tag("", key, value)
	wrong, _ := r.err.(*CallError)
	return wrong
}

func (r *rules) labels(field string, labels []string) {
	r.atMost(field+".Labels", len(labels), MaxLabels, Text{"меток", "labels"})
	for i, one := range labels {
		// A leading underscore is reserved, but the service's own labels have it.
		r.want(label.MatchString(one), fmt.Sprintf("%s.Labels[%d]", field, i), Text{"нужно от 1 до 20 латинских букв, цифр и дефисов", "is not 1 to 20 Latin letters, digits and hyphens"})
	}
}

func (r *rules) signed(field string, content SignedContent) {
	r.want(content.Content == nil || content.NameOnShelf == "", field, Text{"заданы и Content, и NameOnShelf: оставьте одно", "has both Content and NameOnShelf"})
	r.want(content.Signature == nil || content.SignatureNameOnShelf == "", field, Text{"заданы и Signature, и SignatureNameOnShelf: оставьте одно", "has both Signature and SignatureNameOnShelf"})
	r.atMost(field+".Content", len(content.Content), MaxDocument, unitBytes)
	r.attorney(field, content.PowerOfAttorney)
}

// attorney counts the sources of a power of attorney.
func (r *rules) attorney(field string, p *PowerOfAttorneyToPost) {
	if p == nil {
		return
	}
	sources := 0
	for _, given := range []bool{p.FullID != nil, p.UseDefault, p.Content != nil, len(p.Contents) > 0, p.UseDocumentContent} {
		if given {
			sources++
		}
	}
	r.want(sources == 1 || sources == 0 && len(p.Extra) > 0, field+".PowerOfAttorney", Text{"нужен ровно один источник доверенности", "needs exactly one source"})
}

func (m MessageToPost) check(operation string) error {
	r := rules{operation: operation}
	r.required(m.FromBoxID != "", "FromBoxId")
	r.want(m.ToBoxID == "" || !m.ToBoxID.Same(m.FromBoxID), "ToBoxId", Text{"это ящик самого отправителя", "is the sender's own box"})
	r.atMost("DocumentAttachments", len(m.DocumentAttachments), MaxDocuments, Text{"документов", "documents"})
	total, custom := 0, map[string]bool{}
	for i, d := range m.DocumentAttachments {
		field := fmt.Sprintf("DocumentAttachments[%d]", i)
		r.required(d.TypeNamedID != "", field+".TypeNamedId")
		r.signed(field+".SignedContent", d.SignedContent)
		r.want(m.IsDraft || m.DelaySend || isSigned(d.SignedContent), field+".SignedContent.Signature",
			Text{"обязательно, если это не черновик и не отложенная отправка", "is required unless the message is a draft or a delayed one"})
		r.text(field+".Comment", d.Comment, MaxComment)
		r.atMost(field+".CustomData", len(d.CustomData), MaxTags, Text{"тегов", "tags"})
		for j, tag := range d.CustomData {
			r.tag(fmt.Sprintf("%s.CustomData[%d]", field, j), tag.Key, tag.Value)
		}
		r.want(d.CustomDocumentID == "" || !custom[d.CustomDocumentID], field+".CustomDocumentId", Text{"повторяется в сообщении", "is not unique in the message"})
		custom[d.CustomDocumentID] = true
		total += len(d.SignedContent.Content) + len(d.SignedContent.Signature)
	}
	r.atMost("DocumentAttachments", total, maxRequest, Text{"байт всего", "bytes in all"})
	return r.err
}

func isSigned(content SignedContent) bool {
	return content.Signature != nil || content.SignatureNameOnShelf != "" || content.SignWithTestSignature || len(content.Extra) > 0
}

func (d DraftToSend) check(operation string) error {
	r := rules{operation: operation}
	r.required(d.BoxID != "", "BoxId")
	r.required(d.DraftID != "", "DraftId")
	for i, signature := range d.DocumentSignatures {
		field := fmt.Sprintf("DocumentSignatures[%d]", i)
		r.required(signature.ParentEntityID != "", field+".ParentEntityId")
		r.attorney(field, signature.PowerOfAttorney)
	}
	return r.err
}

func (q AcquireCounteragentRequest) check(operation string) error {
	r := rules{operation: operation}
	given := 0
	for _, id := range []string{string(q.BoxID), string(q.OrgID), q.INN} {
		if id != "" {
			given++
		}
	}
	r.want(given == 1, "BoxId", Text{"нужно ровно одно из BoxId, OrgId и Inn", "needs exactly one of BoxId, OrgId and Inn"})
	r.text("MessageToCounteragent", q.MessageToCounteragent, MaxMessageText)
	if q.InvitationDocument != nil {
		r.signed("InvitationDocument.SignedContent", q.InvitationDocument.SignedContent)
		r.required(q.InvitationDocument.FileName != "", "InvitationDocument.FileName")
	}
	return r.err
}

func (g CounteragentGroupToCreate) check(operation string) error {
	r := rules{operation: operation}
	r.required(g.Name != "", "Name")
	r.text("Name", g.Name, MaxGroupName)
	r.departments("Departments", g.Departments)
	return r.err
}

func (r *rules) departments(field string, d *DepartmentsInGroup) {
	if d == nil {
		return
	}
	// An empty list means "any department" on one page and nothing on another: leave the block out.
	r.want(len(d.DepartmentIDs) > 0, field+".DepartmentIds", Text{"пусто: не задавайте " + field + " вовсе", "is empty; leave " + field + " out instead"})
	r.atMost(field+".DepartmentIds", len(d.DepartmentIDs), MaxGroupDepartment, Text{"подразделений", "departments"})
}

func (g CounteragentGroupToUpdate) check(operation string) error {
	r := rules{operation: operation}
	r.text("Name", g.Name, MaxGroupName)
	if patch := g.GroupDepartments; patch != nil {
		r.want(patch.AnyDepartment == (patch.Departments == nil), "GroupDepartments", Text{"нужно либо AnyDepartment, либо Departments", "needs either AnyDepartment or Departments"})
		r.departments("GroupDepartments.Departments", patch.Departments)
	}
	return r.err
}

func (q GetDocflowBatchRequest) check(operation string) error {
	r := rules{operation: operation}
	r.atMost("Requests", len(q.Requests), MaxDocflowRequests, Text{"документооборотов", "docflows"})
	return r.err
}

func (q GetDocflowEventsRequest) check(operation string) error {
	r := rules{operation: operation}
	r.page("Limit", q.Limit)
	return r.err
}

func (q SearchDocflowsRequest) check(operation string) error {
	r := rules{operation: operation}
	r.page("Count", q.Count)
	return r.err
}

func (q GetDocflowsByPacketIDRequest) check(operation string) error {
	r := rules{operation: operation}
	r.required(q.PacketID != "", "PacketId")
	r.page("Count", q.Count)
	return r.err
}

func (q GetDocumentsV4Request) check(operation string) error {
	r := rules{operation: operation}
	r.required(q.DocumentCategory != "", "DocumentCategory")
	r.page("Count", q.Count)
	return r.err
}

func (q RevocationRequestToGenerate) check(operation string) error {
	r := rules{operation: operation}
	r.text("Comment", q.Comment, MaxRevokeComment)
	return r.err
}

func (q SignatureRejectionGenerationRequestV2) check(operation string) error {
	r := rules{operation: operation}
	r.text("ErrorMessage", q.ErrorMessage, MaxComment)
	return r.err
}
