package diadocsim

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
)

func printingArea() map[string]behaviour {
	return map[string]behaviour{
		"GeneratePrintForm":               {answer: other, box: "boxId", serve: (*call).printForm},
		"GeneratePrintFormFromAttachment": {body: textBody, answer: other, box: "fromBoxId", serve: (*call).printAttachment},
		"GetGeneratedPrintForm":           {answer: other, serve: (*call).generatedForm},
		"GenerateDocumentProtocol":        {box: "boxId", serve: (*call).protocol},
		"GenerateDocumentZip":             {box: "boxId", serve: (*call).documentZip},
		"DetectCustomPrintForms":          {body: jsonBody, box: "boxId", serve: (*call).detectForms},
	}
}

// unfinished answers with Retry-After while a job is not ready. Nothing but the document identifies it.
func (c *call) unfinished(key string, empty reply) (reply, bool) {
	n := c.jobs[key]
	ready := c.ripe(&n)
	c.jobs[key] = n
	if ready {
		return reply{}, false
	}
	empty.status = either(c.sw.NotReady, http.StatusNoContent)
	if empty.status == http.StatusNoContent {
		empty.body, empty.media = nil, ""
	}
	empty.header = laterReply(0, c.cfg.RetryAfter).header
	return empty, true
}

func (c *call) wanted() (*document, error) {
	return c.document(c.arg("messageId"), c.arg("documentId"))
}

func pdf(text string) []byte { return []byte("%PDF-1.4\n% " + text + "\n%%EOF\n") }

// partial is what an unfinished form may look like under the status 200: the header alone tells.
func partial() reply { return bytesReply("application/pdf", []byte("%PDF-1.4\n")) }

func (c *call) printForm() (reply, error) {
	d, err := c.wanted()
	if err != nil {
		return reply{}, err
	}
	return c.printFormOf(d)
}

func (c *call) printFormOf(d *document) (reply, error) {
	if d.encrypted || d.invitation {
		return reply{}, conflict("Generating print form for this type of document is not supported")
	}
	if later, yes := c.unfinished("print "+c.box.id+d.e.id, partial()); yes {
		return later, nil
	}
	return fileReply("application/pdf", d.kind.title+".pdf", pdf(d.e.id)), nil
}

func (c *call) printAttachment() (reply, error) {
	if t, ok := typeNamed(c.arg("documentType")); !ok || !t.old {
		return reply{}, bad("documentType %q is unknown", c.arg("documentType"))
	}
	if len(c.body) == 0 {
		return reply{}, bad("The body is empty")
	}
	id := newGUID()
	c.forms[id] = pdf(id)
	return textReply(id), nil
}

func (c *call) generatedForm() (reply, error) {
	id := c.arg("printFormId")
	if c.forms[id] == nil {
		return reply{}, conflict("Print form %s is unknown or has expired", id)
	}
	if later, yes := c.unfinished("form "+id, partial()); yes {
		return later, nil
	}
	return fileReply("application/pdf", "Печатная форма.pdf", c.forms[id]), nil
}

func (c *call) protocol() (reply, error) {
	d, err := c.wanted()
	if err != nil {
		return reply{}, err
	}
	return c.protocolOf(d)
}

// protocolOf is as of now: a change of the document starts it anew.
func (c *call) protocolOf(d *document) (reply, error) {
	if !d.m.sentOn {
		return reply{}, conflict("There is no protocol of an unsent document")
	}
	if later, yes := c.unfinished(fmt.Sprint("protocol ", c.box.id, d.e.id, d.modified), jsonReply(object{})); yes {
		return later, nil
	}
	file := pdf("protocol of " + d.e.id)
	signature, err := c.signAs(&box{Organization: Organization{FullName: "Оператор (песочница)", ShortName: "Оператор"}}, nil, file)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(object{"PrintForm": file, "Signature": signature}), nil
}

func (c *call) documentZip() (reply, error) {
	if full := c.arg("fullDocflow"); full != "true" && full != "false" {
		return reply{}, bad("fullDocflow must be true or false")
	}
	d, err := c.wanted()
	if err != nil {
		return reply{}, err
	}
	if !d.m.sentOn {
		return reply{}, conflict("There is no archive of an unsent document")
	}
	key := fmt.Sprint("zip ", c.arg("fullDocflow"), c.box.id, d.e.id, d.modified)
	if later, yes := c.unfinished(key, jsonReply(object{})); yes {
		return later, nil
	}
	data, err := c.pack(d, c.arg("fullDocflow") == "true")
	if err != nil {
		return reply{}, err
	}
	name := d.e.id + ".zip"
	c.putOnShelf(name, data)
	return jsonReply(object{"ZipFileNameOnShelf": name}), nil
}

func (c *call) pack(d *document, full bool) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, e := range d.m.entities {
		if e != d.e && !full || d.m.documentOf(e) != d || !e.visible(c.box) || !e.hasContent {
			continue
		}
		name := e.id + "_" + e.file
		if e.signature {
			name = e.id + ".sig"
		}
		w, err := archive.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return out.Bytes(), err
}

// detectForms: the pages read do not describe the request; ids are taken by the names of their siblings.
func (c *call) detectForms() (reply, error) {
	var body struct{ DocumentIds []documentID }
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if len(body.DocumentIds) > 100 {
		return reply{}, bad("No more than 100 documents are allowed")
	}
	items := []object{}
	for _, id := range body.DocumentIds {
		if _, err := c.document(id.MessageId, id.EntityId); err != nil {
			return reply{}, err
		}
		items = append(items, object{"DocumentId": object{"MessageId": id.MessageId, "EntityId": id.EntityId}, "HasCustomPrintForm": false})
	}
	return jsonReply(object{"Items": items}), nil
}
