package action

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/xsd"
)

// documentMapping finds the mapping of a call to Диадок: the named one, the settings' own for the type, the ready one.
// nil: there is none, and none was asked for.
func (r *runner) documentMapping(ctx context.Context, c *call, kind string) (*mapping.Mapping, error) {
	set, err := r.Portals.Settings(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(c.Properties.First("mapping"))
	for _, m := range set.Mappings {
		if m.DocumentType != "" && (name == m.Name || name == "" && strings.EqualFold(m.DocumentType, kind)) {
			if !strings.EqualFold(m.DocumentType, kind) {
				return nil, &docflow.Refusal{Code: "wrong_mapping",
					CRMText: fmt.Sprintf("Сопоставление «%s» сделано для типа «%s», а документ типа «%s». Исправьте параметр mapping или document_type.", name, m.DocumentType, kind),
					TextEN:  fmt.Sprintf("The mapping %q makes a %s, not a %s.", name, m.DocumentType, kind)}
			}
			return r.mappings.compiled(m.Options)
		}
	}
	ready, err := mapping.DocumentPresets()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(ready, func(p mapping.DocumentPreset) bool {
		return strings.EqualFold(p.DocumentType, kind) && (name == "" || name == p.Name)
	})
	if at >= 0 {
		return r.mappings.compiled(ready[at].Options)
	}
	if name == "" {
		return nil, nil
	}
	return nil, &docflow.Refusal{Code: "no_mapping",
		CRMText: fmt.Sprintf("Нет сопоставления «%s» для типа документа «%s». Добавьте его в раздел mappings настроек моста (с ключом document_type) или исправьте параметр mapping.", name, kind),
		TextEN:  fmt.Sprintf("There is no mapping %q for %s. Add one to the settings.", name, kind)}
}

// rendered is what a mapping makes for a document.
type rendered struct {
	options map[string]any
	result  mapping.Result
}

// text gives one of the options as a text; "" when it is not there.
func (o rendered) text(key string) string {
	if v, ok := o.options[key]; ok {
		return strings.TrimSpace(fmt.Sprint(v))
	}
	return ""
}

// tree gives one of the options as a tree; nil when it is not there.
func (o rendered) tree(key string) map[string]any {
	tree, _ := o.options[key].(map[string]any)
	return tree
}

// render fills a mapping for the card and for the document that is asked for. Problems of expressions are lines.
func (r *runner) render(ctx context.Context, c *call, m *mapping.Mapping, document map[string]any) (rendered, []string, error) {
	if m == nil {
		return rendered{}, nil, nil
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return rendered{}, nil, err
	}
	card, err := r.readCard(ctx, b24, c, m.Reads())
	if err != nil {
		return rendered{}, nil, err
	}
	card.Document = document
	if slices.ContainsFunc(m.Reads(), func(s string) bool {
		return s == "products" || strings.HasPrefix(s, "products.") || strings.HasPrefix(s, "document.total")
	}) {
		if card.Products, err = readProducts(ctx, b24, c, document); err != nil {
			return rendered{}, nil, err
		}
	}
	result, problems := m.Render(card)
	var bad []string
	for _, p := range problems {
		bad = append(bad, p.Text())
	}
	options, _ := result.Options.(map[string]any)
	return rendered{options, result}, bad, nil
}

// about is what expressions see as document.
func (r *runner) about(ctx context.Context, c *call, at office, counteragent diadoc.BoxID) (map[string]any, error) {
	how, err := r.signer(ctx, c, at)
	if err != nil {
		return nil, err
	}
	about := map[string]any{"type": c.Properties.First("document_type"), "box": string(at.box.GUID()), "counteragent": string(counteragent.GUID()),
		"today": r.Now().In(moscow()).Format(diadoc.DateLayout)}
	for key, value := range map[string]string{"number": c.Properties.First("number"), "date": c.Properties.First("date"), "amount": c.Properties.First("amount"),
		"function": c.Properties.First("function"), "certificate": how.certificate} {
		if value != "" {
			about[key] = value
		}
	}
	if how.certificate != "" {
		return about, nil
	}
	me, err := at.client.GetMyEmployee(ctx, at.box) // who signs where no certificate says it
	if err != nil {
		return nil, err
	}
	if me.User.FullName != nil {
		about["surname"], about["name"], about["patronymic"] = me.User.FullName.LastName, me.User.FullName.FirstName, me.User.FullName.MiddleName
	}
	about["position"] = me.Position
	return about, nil
}

// moscow is the zone in which a document's date is meant. It has had no other offset since 2014.
func moscow() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// productRows bounds the rows of a document.
const productRows = 5000

// readProducts reads the card's product rows, each with its sums, and adds their totals to what is said of the
// document.
func readProducts(ctx context.Context, b24 *bitrix.Client, c *call, document map[string]any) ([]any, error) {
	var rows []any
	var total, net, vat kopecks
	taxed := false
	for row, err := range b24.ProductRows(ctx, bitrix.EntityTypeID(c.Card.EntityType), bitrix.ID(c.Card.ID), bitrix.ScanOptions{}) {
		if err != nil {
			return nil, err
		}
		if len(rows) == productRows {
			return nil, invalid([]string{fmt.Sprintf("products: товаров в карточке больше %d. Разделите их на несколько документов", productRows)})
		}
		fields := plain(row)
		s := sumsOf(fields)
		s.add(fields)
		rows = append(rows, fields)
		total, net, vat, taxed = total+s.total, net+s.net, vat+s.vat, taxed || s.taxed
	}
	document["total"], document["total_net"] = total.String(), net.String()
	if taxed {
		document["total_vat"] = vat.String()
	}
	return rows, nil
}

// said reads parameters and mapping, and finds what they are sent as.
func (r *runner) said(ctx context.Context, c *call, at office, to diadoc.BoxID) (form, said, []string, error) {
	kind := orID(strings.TrimSpace(c.Properties.First("document_type")), "Nonformalized")
	types, err := r.formOf(ctx, at, kind, anyFunction, "") // the type alone: a mapping may know the function
	if err != nil {
		return form{}, said{}, nil, err
	}
	m, err := r.documentMapping(ctx, c, types.kind.Name)
	if err != nil {
		return form{}, said{}, nil, err
	}
	about := map[string]any{}
	if m != nil {
		if about, err = r.about(ctx, c, at, to); err != nil {
			return form{}, said{}, nil, err
		}
	}
	made, bad, err := r.render(ctx, c, m, about)
	if err != nil {
		return form{}, said{}, nil, err
	}
	f, err := r.formOf(ctx, at, types.kind.Name, orID(strings.TrimSpace(c.Properties.First("function")), made.text("function")), made.text("version"))
	if err != nil {
		return form{}, said{}, nil, err
	}
	s := said{properties: newProperties(), comment: orID(strings.TrimSpace(c.Properties.First("comment")), made.text("comment")), title: made.tree("title"), from: made.result}
	if n := made.text("workflow"); n != "" {
		if _, err := fmt.Sscanf(n, "%d", &s.workflow); err != nil {
			bad = append(bad, fmt.Sprintf("workflow: «%s» не номер", n))
		}
	}
	for key, value := range made.tree("metadata") {
		s.properties.set(key, fmt.Sprint(value), "metadata сопоставления")
	}
	pairs, wrong := lines(c, "metadata")
	bad = append(bad, wrong...)
	for _, pair := range pairs {
		s.properties.set(pair[0], pair[1], "metadata")
	}
	s.properties.set("DocumentNumber", c.Properties.First("number"), "параметр number")
	s.properties.set("DocumentDate", c.Properties.First("date"), "параметр date")
	if sum := c.Properties.First("amount"); sum != "" {
		s.properties.set(f.sumKey(), sum, "параметр amount")
	}
	own, wrong := lines(c, "custom_data")
	bad = append(bad, wrong...)
	for key, value := range made.tree("custom_data") {
		own = append(own, [2]string{key, fmt.Sprint(value)})
	}
	s.tags, wrong = tags(string(c.portal), c.Card, own)
	bad = append(bad, wrong...)
	if n := len([]rune(s.comment)); n > diadoc.MaxComment {
		bad = append(bad, fmt.Sprintf("comment: %d знаков, допускается не больше %d", n, diadoc.MaxComment))
	}
	return f, s, bad, nil
}

// sumKey is the property of the type that holds the document's sum.
func (f form) sumKey() string {
	title, _ := f.title(0)
	for _, key := range sumKeys() {
		if slices.ContainsFunc(title.MetadataItems, func(m diadoc.DocumentMetadataItemV2) bool { return m.ID == key && m.Source == diadoc.SourceUser }) {
			return key
		}
	}
	return sumKeys()[0]
}

// userData writes the data of a title in the order of its schema, or tells everything that the schema refuses.
func (o office) userData(ctx context.Context, title diadoc.Title, made rendered, key string) ([]byte, error) {
	file, err := o.client.GetContent(ctx, title, diadoc.UserContractXSD)
	if err != nil {
		return nil, err
	}
	schema, err := xsd.Parse(file.Body)
	if err != nil {
		return nil, err
	}
	data, problems := schema.Write(made.tree(key))
	var bad []string
	for _, p := range problems {
		line := p.Path + ": " + p.RU
		if from := made.result.FieldsOf(key + "." + p.Path); len(from) > 0 {
			line += " (" + strings.Join(from, ", ") + ")"
		}
		bad = append(bad, line)
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	return data, nil
}

// makeTitle has the service make a title of its data and puts it on the shelf. The file is signed as it is.
func (o office) makeTitle(ctx context.Context, title diadoc.Title, data []byte, options diadoc.TitleOptions) (diadoc.ShelfName, string, error) {
	file, err := o.client.GenerateTitleXml(ctx, title, data, options)
	if err != nil {
		return "", "", err
	}
	shelf, err := o.client.UploadToShelf(ctx, bytes.NewReader(file.Body), ".xml")
	return shelf, orID(file.Name, title.TypeNamedID+".xml"), err
}

// answerTitle makes our answer to a document that is answered with a title.
func (r *runner) answerTitle(ctx context.Context, c *call, l letter, message diadoc.Message, e diadoc.Entity, files bool) (*docflow.SignPart, error) {
	info := *e.DocumentInfo
	if files {
		return nil, &docflow.Refusal{Code: "title_needed",
			CRMText: fmt.Sprintf("На «%s» отвечают титулом, а не подписью: файл титула создаёт Диадок, и готовая подпись к нему не подойдёт. Укажите в sign_with сертификат, которым подпишет Диадок, или ответьте в Диадоке.", info.Title),
			TextEN:  "The document is answered with a title that Diadoc makes: a ready signature does not fit. Name a certificate in sign_with."}
	}
	m, err := r.documentMapping(ctx, c, info.TypeNamedID)
	if err != nil {
		return nil, err
	}
	sender := message.FromBoxID
	about, err := r.about(ctx, c, l.office, sender)
	if err != nil {
		return nil, err
	}
	made, bad, err := r.render(ctx, c, m, about)
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	if made.tree("answer") == nil {
		return nil, &docflow.Refusal{Code: "no_mapping",
			CRMText: fmt.Sprintf("На «%s» отвечают титулом, а как его составить, не сказано. Добавьте в раздел mappings сопоставление с document_type: %s и ключом answer или ответьте в Диадоке.", info.Title, info.TypeNamedID),
			TextEN:  "The document is answered with a title, and no mapping says how to make it."}
	}
	title := diadoc.Title{Box: l.box, TypeNamedID: info.TypeNamedID, Function: info.Function, Version: info.Version, Index: 1}
	data, err := l.userData(ctx, title, made, "answer")
	if err != nil {
		return nil, err
	}
	shelf, name, err := l.makeTitle(ctx, title, data, diadoc.TitleOptions{LetterID: l.message(), DocumentID: e.EntityID})
	return &docflow.SignPart{As: docflow.AsTitle, Entity: string(e.EntityID), Shelf: string(shelf), Name: name}, err
}

// receiptOf makes our receipt of a document, or of what came after it.
func (r *runner) receiptOf(ctx context.Context, l letter, e diadoc.Entity, target diadoc.EntityID, files bool) (*docflow.SignPart, error) {
	if files {
		return nil, &docflow.Refusal{Code: "receipt_needed",
			CRMText: fmt.Sprintf("По документу «%s» нужно извещение о получении. Его создаёт Диадок, и готовая подпись к нему не подойдёт: укажите в sign_with сертификат, которым подпишет Диадок.", e.DocumentInfo.Title),
			TextEN:  "A receipt is due, which Diadoc makes: name a certificate in sign_with."}
	}
	who, err := r.signerOf(ctx, l.office)
	if err != nil {
		return nil, err
	}
	file, err := l.client.GenerateReceiptXml(ctx, l.box, diadoc.ReceiptGenerationRequestV2{MessageID: l.message(), AttachmentID: target, SignerContent: who})
	if err != nil {
		return nil, err
	}
	shelf, err := l.client.UploadToShelf(ctx, bytes.NewReader(file.Body), ".xml")
	return &docflow.SignPart{As: docflow.AsReceipt, Entity: string(target), Shelf: string(shelf), Name: orID(file.Name, "receipt.xml")}, err
}
