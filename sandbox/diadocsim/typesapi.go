package diadocsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func typesArea() map[string]behaviour {
	return map[string]behaviour{
		"GetDocumentTypes":            {box: "boxId", serve: (*call).getDocumentTypes},
		"DetectDocumentTypes":         {body: rawBody, box: "boxId", serve: func(c *call) (reply, error) { return c.detectTypes(c.body), nil }},
		"DetectDocumentTypesOnShelf":  {box: "boxId", serve: (*call).detectTypesOnShelf},
		"DetectDocumentTitles":        {body: rawBody, box: "boxId", serve: func(c *call) (reply, error) { return c.detect(c.body), nil }},
		"DetectDocumentTitlesOnShelf": {box: "boxId", serve: (*call).detectOnShelf},
		"GetContent":                  {answer: other, serve: (*call).getContent},
		"GetWorkflowsSettings":        {box: "boxId", serve: (*call).getWorkflowsSettings},
		"PrepareDocumentsToSign":      {body: jsonBody, serve: (*call).prepareDocumentsToSign},
	}
}

func (c *call) getDocumentTypes() (reply, error) {
	list := []object{}
	for _, t := range docTypes() {
		functions := []object{}
		for _, f := range t.functions {
			versions := []object{}
			for _, v := range f.versions {
				versions = append(versions, versionObject(t, f, v))
			}
			functions = append(functions, object{"Name": f.name, "Versions": versions})
		}
		list = append(list, object{"Name": t.name, "Title": t.title, "SupportedDocflows": []int{0, 1}, "Functions": functions,
			"RequiresFnsRegistration": strings.HasPrefix(t.name, "Invoice") || strings.HasPrefix(t.name, "Universal"), "UniversalMessagesStartDate": "03.04.2027"})
	}
	return jsonReply(object{"DocumentTypes": list}), nil
}

func versionObject(t docType, f docFunction, v docVersion) object {
	workflows := []object{}
	titles := 1
	for i, id := range v.workflows {
		workflows = append(workflows, object{"Id": id, "IsDefault": i == 0})
		if answerOf(id) == wantsTitle {
			titles = 2
		}
	}
	list := []object{}
	for index := range titles {
		list = append(list, titleObject(t, f, v, index))
	}
	return object{"Version": v.name, "SupportsContentPatching": v.formal, "SupportsEncrypting": false, "SupportsPredefinedRecipientTitle": false,
		"SupportsAmendmentRequest": v.formal, "IsActual": v.actual, "Workflows": workflows, "Titles": list, "RejectionType": "TypeSpecificRejection"}
}

func titleObject(t docType, f docFunction, v docVersion, index int) object {
	items := []object{}
	for _, m := range v.metadata {
		items = append(items, object{"Id": m.id, "Type": m.kind, "IsRequired": m.required, "Source": 1})
	}
	if v.formal {
		for _, m := range []docMetadata{{"DocumentNumber", 0, true}, {"DocumentDate", 3, true}, {"TotalSum", 2, false}} {
			items = append(items, object{"Id": m.id, "Type": m.kind, "IsRequired": m.required, "Source": 0})
		}
	}
	out := object{"Index": index, "IsFormal": v.formal, "MetadataItems": items, "EncryptedMetadataItems": []object{},
		"SignerInfo": object{"SignerType": 0, "ExtendedDocumentTitleType": -1}}
	if v.formal {
		link := func(content string) string {
			return address("/GetContent", "typeNamedId", t.name, "function", f.name, "version", v.name, "titleIndex", strconv.Itoa(index), "contentType", content)
		}
		out["XsdUrl"], out["UserDataXsdUrl"] = link("TitleXsd"), link("UserContractXsd")
		out["SignerInfo"] = object{"SignerType": 3, "ExtendedDocumentTitleType": -1, "SignerUserDataXsdUrl": link("SignerUserContractXsd")}
	}
	return out
}

// detect knows a formalized document by its root, and answers every type and function that the file may be.
func (c *call) detect(file []byte) reply {
	return jsonReply(object{"DocumentTitles": c.detected(file)})
}

// detectTypes is the obsolete form, without the title and its metadata.
func (c *call) detectTypes(file []byte) reply {
	list := c.detected(file)
	for _, one := range list {
		delete(one, "TitleIndex")
		delete(one, "Metadata")
	}
	return jsonReply(object{"DocumentTypes": list})
}

func (c *call) detectTypesOnShelf() (reply, error) {
	file, err := c.shelved(c.arg("nameOnShelf"), http.StatusNotFound)
	if err != nil {
		return reply{}, err
	}
	return c.detectTypes(file), nil
}

func (c *call) detected(file []byte) []object {
	read, err := parseTitle(file)
	list := []object{}
	for _, t := range docTypes() {
		for _, f := range t.functions {
			for _, v := range f.versions {
				if err == nil && v.formal && v.actual {
					list = append(list, object{"TypeNamedId": t.name, "Function": f.name, "Version": v.name, "TitleIndex": 0,
						"Metadata": pairs([][2]string{{"DocumentNumber", read.number}, {"DocumentDate", read.date}})})
				}
			}
		}
	}
	if err != nil {
		list = append(list, object{"TypeNamedId": "Nonformalized", "Function": "default", "Version": "v1", "TitleIndex": 0, "Metadata": []object{}})
	}
	return list
}

func (c *call) detectOnShelf() (reply, error) {
	file, err := c.shelved(c.arg("nameOnShelf"), http.StatusNotFound)
	if err != nil {
		return reply{}, err
	}
	return c.detect(file), nil
}

// theVersion finds the version of a formalized document by the parameters that begin with prefix.
func (c *call) theVersion(kind, function, version string) (docVersion, error) {
	t, ok := typeNamed(c.arg(kind))
	if !ok {
		return docVersion{}, bad("%s %q is unknown", kind, c.arg(kind))
	}
	_, v, err := t.pick(c.arg(function), c.arg(version))
	if err == nil && !v.formal {
		err = bad("%s is not formalized", t.name)
	}
	return v, err
}

// getContent gives a schema: but for what goes into titles of order 970, the simulator's says only what the root is.
func (c *call) getContent() (reply, error) {
	if _, err := c.theVersion("typeNamedId", "function", "version"); err != nil {
		return reply{}, err
	}
	if !slices.Contains([]string{"TitleXsd", "UserContractXsd", "SignerUserContractXsd"}, c.arg("contentType")) {
		return reply{}, bad("contentType %q is unknown", c.arg("contentType"))
	}
	if _, err := c.number("titleIndex", 0, 0, 1); err != nil {
		return reply{}, err
	}
	if schema, ok := contract(c.arg("version"), c.arg("titleIndex")); ok && c.arg("contentType") == "UserContractXsd" {
		return bytesReply("application/xml", []byte(schema)), nil
	}
	root := map[string]string{"TitleXsd": "Файл"}[c.arg("contentType")]
	if root == "" {
		root = "UserData"
	}
	return bytesReply("application/xml", []byte(`<?xml version="1.0" encoding="utf-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="`+root+`"/></xs:schema>`)), nil
}

// getWorkflowsSettings: the structure of the answer is not described; ids alone are given.
func (c *call) getWorkflowsSettings() (reply, error) {
	list := []object{}
	for id := 1; id <= 18; id++ {
		list = append(list, object{"Id": id})
	}
	return jsonReply(object{"WorkflowSettings": list}), nil
}

type signerForm struct {
	SignerCertificate           []byte
	SignerDetails               any
	SignerCertificateThumbprint string
}

// prepareRequest is PrepareDocumentsToSignRequest.
type prepareRequest struct {
	BoxId          string `dia:"req"`
	DraftDocuments []struct {
		DocumentId     *documentID `dia:"req"`
		ToBoxId        string
		Signer         *signerForm
		ExtendedSigner []any
		SignerContent  []byte
	}
	Documents []struct {
		DocumentId     *documentID `dia:"req"`
		Signer         *signerForm
		ExtendedSigner []any
		SignerContent  []byte
	}
	Contents []struct {
		TypeNamedId    string           `dia:"req"`
		Function       string           `dia:"req"`
		Version        string           `dia:"req"`
		Content        *unsignedContent `dia:"req"`
		ToBoxId        string
		Signer         *signerForm
		ExtendedSigner []any
		SignerContent  []byte
	}
}

// prepareDocumentsToSign writes the signer into first titles. What comes back is to be signed, byte for byte.
func (c *call) prepareDocumentsToSign() (reply, error) {
	var body prepareRequest
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.BoxId); err != nil {
		return reply{}, err
	}
	if err := c.need(signDocuments); err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, one := range body.DraftDocuments {
		made, err := c.prepare(*one.DocumentId, one.SignerContent, true)
		if err != nil {
			return reply{}, err
		}
		list = append(list, made)
	}
	for _, one := range body.Documents {
		made, err := c.prepare(*one.DocumentId, one.SignerContent, false)
		if err != nil {
			return reply{}, err
		}
		list = append(list, made)
	}
	for _, one := range body.Contents {
		file, err := c.unsigned("Contents", one.Content)
		if err != nil {
			return reply{}, err
		}
		t, ok := typeNamed(one.TypeNamedId)
		if !ok {
			return reply{}, bad("TypeNamedId %q is unknown", one.TypeNamedId)
		}
		if _, _, err := t.pick(one.Function, one.Version); err != nil {
			return reply{}, err
		}
		list = append(list, c.patchContent(object{"MessageId": "", "EntityId": ""}, file, one.SignerContent))
	}
	return jsonReply(object{"DocumentPatchedContents": list}), nil
}

// prepare patches a stored unsent document, of a draft or of a delayed send.
func (c *call) prepare(id documentID, signer []byte, draft bool) (object, error) {
	d, err := c.document(id.MessageId, id.EntityId)
	if err != nil {
		return nil, err
	}
	switch {
	case d.m.draft != draft || d.m.sentOn:
		return nil, bad("Document %s is not unsent in that way", d.e.id)
	case !d.version.formal:
		return nil, bad("Version %s does not support content patching", d.version.name)
	}
	return c.patchContent(d.ref(), d.e.content, signer), nil
}

// patchContent puts the signer's block before the end of the root.
func (c *call) patchContent(ref object, file, signer []byte) object {
	if len(signer) == 0 {
		signer = to1251("<Подписант/>")
	}
	end := strings.LastIndex(string(file), "</")
	if end < 0 {
		end = len(file)
	}
	made := slices.Concat(file[:end], signer, file[end:])
	id := newGUID()
	c.patched[id] = &patchedContent{c.box, made}
	out := object{"DocumentId": ref, "PatchedContentId": id}
	if !c.flag("excludeContent") {
		out["Content"] = made
	}
	return out
}
