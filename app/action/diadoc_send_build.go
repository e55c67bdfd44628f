package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// packet is what a call sends: its documents, what is said of them, and how they are signed.
type packet struct {
	form
	said
	all  sheets
	data []byte // of the title that is made where there are no files
	how  signer
}

// outgoing makes the message of a call. Everything that can be known beforehand is checked before the first file goes
// to the service, and told together.
func (r *runner) outgoing(ctx context.Context, c *call, at office, id docflow.ID) (outgoing, error) {
	to, err := r.addressee(ctx, c, at)
	if err != nil {
		return outgoing{}, err
	}
	p, bad, err := r.packet(ctx, c, at, to.box)
	defer p.all.close()
	if err != nil {
		return outgoing{}, err
	}
	documents, wrong := p.documents(c, id)
	if bad = append(bad, wrong...); len(bad) > 0 {
		return outgoing{}, invalid(slices.Compact(bad))
	}
	out := outgoing{kind: p.kind.Name, message: diadoc.MessageToPost{FromBoxID: at.box, ToBoxID: to.box, IsDraft: c.Properties.First("draft") == "Y", DocumentAttachments: documents}}
	if !p.all.signed() && !out.message.IsDraft {
		out.certificate = p.how.certificate
		out.message.DelaySend = !p.how.test
	}
	if out.certificate != "" {
		if _, err := r.certificate(ctx, at, out.certificate); err != nil {
			return outgoing{}, err
		}
	}
	if out.message.DelaySend { // before anybody is asked to sign it
		if err := at.dryRun(ctx, out.message); err != nil {
			return outgoing{}, err
		}
	}
	return out, p.upload(ctx, at, out.message)
}

// packet gathers what a call sends, and what is wrong with it. The caller closes its files, with an error too.
func (r *runner) packet(ctx context.Context, c *call, at office, to diadoc.BoxID) (p packet, bad []string, err error) {
	if p.form, p.said, bad, err = r.said(ctx, c, at, to); err != nil {
		return p, nil, err
	}
	var wrong []string
	if p.all, wrong, err = r.sheets(ctx, c, "files"); err != nil {
		return p, nil, err
	}
	bad = append(bad, wrong...)
	if p.how, err = r.signer(ctx, c, at); err != nil {
		return p, nil, err
	}
	bad = append(bad, conflicts(c, p.all, p.how)...)
	switch {
	case len(p.all) > 0:
	case p.said.title == nil:
		bad = append(bad, "files: нет ни одного файла. Приложите документы к полю, которое указано в роботе"+orTitle(p.form))
	default:
		p.data, err = at.userData(ctx, p.named(at.box, 0), rendered{options: map[string]any{"title": p.said.title}, result: p.from}, "title")
		if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
			_, text, _ := strings.Cut(refusal.CRMText, "\n")
			return p, append(bad, text), nil
		}
	}
	return p, bad, err
}

// documents are the documents of a packet without their contents.
func (p packet) documents(c *call, id docflow.ID) (documents []diadoc.DocumentAttachment, bad []string) {
	for i := range max(len(p.all), 1) {
		name := "" // of a generated title the service knows it
		if len(p.all) > 0 {
			name = p.all[i].name
			bad = append(bad, p.wrongFile(p.all[i])...)
		}
		metadata, wrong := p.metadata(p.properties, name)
		if len(p.all) == 0 && p.formal() {
			wrong = nil // they stand in the XML, which its schema checks
		}
		bad = append(bad, wrong...)
		documents = append(documents, diadoc.DocumentAttachment{TypeNamedID: p.kind.Name, Function: p.function, Version: p.version.Version, Metadata: metadata,
			NeedRecipientSignature: c.Properties.First("need_signature") == "Y", Comment: p.comment, CustomDocumentID: string(id) + "/" + strconv.Itoa(i+1),
			CustomData: p.tags, WorkflowID: p.workflow})
	}
	return documents, bad
}

// upload puts the contents of a message's documents on the shelf.
func (p packet) upload(ctx context.Context, at office, m diadoc.MessageToPost) (err error) {
	for i := range m.DocumentAttachments {
		d := &m.DocumentAttachments[i]
		if p.data != nil {
			d.SignedContent.NameOnShelf, _, err = at.makeTitle(ctx, p.named(at.box, 0), p.data, diadoc.TitleOptions{})
		} else {
			err = at.fill(ctx, p.all[i], d)
		}
		if err != nil {
			return err
		}
		signed := &d.SignedContent
		signed.SignWithTestSignature = p.how.test && !p.all.signed() && !m.IsDraft
		if signed.SignWithTestSignature || signed.Signature != nil {
			signed.PowerOfAttorney = p.how.attorney
		}
	}
	return nil
}

func orTitle(f form) string {
	if !f.formal() {
		return ""
	}
	return ", или задайте сопоставление, которое составит документ из данных карточки (раздел mappings, document_type: " + f.kind.Name + ")"
}

// conflicts are parameters that say different things.
func conflicts(c *call, all sheets, how signer) []string {
	var bad []string
	draft := c.Properties.First("draft") == "Y"
	named := strings.TrimSpace(c.Properties.First("sign_with")) != ""
	switch {
	case draft && (all.signed() || named):
		bad = append(bad, "draft: черновик подписывают при отправке. Уберите подписи и sign_with и укажите их в роботе «Диадок: отправить черновик»")
	case all.signed() && named:
		bad = append(bad, "sign_with: документы уже подписаны приложенными файлами. Уберите файлы подписей или очистите sign_with")
	}
	if draft && c.Properties.First("wait") != "none" && c.Properties.First("wait") != "" {
		bad = append(bad, "wait: черновик никто не подпишет, пока он не отправлен. Ждите в роботе «Диадок: дождаться статуса» после отправки")
	}
	if how.attorney != nil && how.none() && !all.signed() {
		bad = append(bad, "power_of_attorney: документы не подписываются, доверенность прикладывать не к чему")
	}
	return bad
}

// wrongFile tells what is wrong with a file for its type.
func (f form) wrongFile(s sheet) []string {
	if !f.formal() {
		return nil
	}
	kind, _ := contentOf(s.file.Head())
	switch {
	case kind != "xml":
		return []string{fmt.Sprintf("files: «%s» не XML, а тип «%s» отправляется только по своей схеме. Приложите XML титула или выберите другой document_type", s.name, f.kind.Title)}
	case s.file.Size() > maxFormal:
		return []string{fmt.Sprintf("files: «%s» больше %d МБ, допустимых для XML-документа", s.name, maxFormal>>20)}
	}
	return nil
}

// fill puts a document's content on the shelf.
func (o office) fill(ctx context.Context, s sheet, d *diadoc.DocumentAttachment) error {
	shelf, err := o.client.UploadToShelf(ctx, s.file.Reader(), orID(path.Ext(s.name), ".bin"))
	d.SignedContent = diadoc.SignedContent{NameOnShelf: shelf, Signature: s.signature}
	return err
}

// dryRun asks the service what is wrong with a message before anybody is asked to sign it. What the request looks
// like is documented in outline only, so a service that does not take it is no reason to stop.
func (o office) dryRun(ctx context.Context, m diadoc.MessageToPost) error {
	type document struct {
		TypeNamedID      string `json:"TypeNamedId"`
		Function         string `json:"Function,omitempty"`
		Version          string `json:"Version,omitempty"`
		CustomDocumentID string `json:"CustomDocumentId,omitempty"`
		WorkflowID       int    `json:"WorkflowId,omitempty"`
	}
	var documents []document
	for _, d := range m.DocumentAttachments {
		documents = append(documents, document{d.TypeNamedID, d.Function, d.Version, d.CustomDocumentID, d.WorkflowID})
	}
	raw, err := json.Marshal(map[string]any{"FromBoxId": m.FromBoxID, "ToBoxId": m.ToBoxID, "DocumentAttachments": documents})
	if err != nil {
		return err
	}
	answer, err := o.client.CanPostMessage(ctx, raw)
	if err != nil {
		if errors.Is(err, diadoc.ErrNoSubscription) || errors.Is(err, diadoc.ErrNoAccess) || upstream.ClassOf(err) != upstream.Refused && upstream.ClassOf(err) != upstream.Broken {
			return err
		}
		return nil
	}
	var bad []string
	for _, one := range answer.Errors {
		if one.Severity == diadoc.ValidationError {
			bad = append(bad, orID(one.UserMessage, one.APIMessage))
		}
	}
	if len(bad) > 0 {
		return &docflow.Refusal{Code: "service_refused", CRMText: "Диадок не примет это сообщение:\n" + strings.Join(slices.Compact(bad), "\n"),
			TextEN: "Diadoc would refuse the message:\n" + strings.Join(bad, "\n")}
	}
	return nil
}

// said is what call and mapping say of the documents beside their files.
type said struct {
	properties properties
	tags       []diadoc.CustomDataItem
	comment    string
	workflow   int
	title      map[string]any // the tree of the sender's title; nil: none
	from       mapping.Result // what it was made of
}
