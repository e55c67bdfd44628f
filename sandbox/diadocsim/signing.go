package diadocsim

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
)

// signing is a server-side signature that waits for a person's confirmation.
type signing struct {
	task   *task
	files  [][]byte
	code   string // CloudSign: the code that was sent to the phone
	token  string
	status string // DssSign: DssOperationStatus
}

// Signing is a server-side signature as the person sees it on the phone.
type Signing struct {
	TaskID string `json:"taskId"`
	Kind   string `json:"kind"` // CloudSign or DssSign
	Files  int    `json:"files"`
	Code   string `json:"code,omitempty"` // the code in the message
	Status string `json:"status"`
}

type contentV2 struct {
	Content          []byte
	NameOnShelf      string
	PatchedContentId string
	DocumentId       any
}

func signingArea() map[string]behaviour {
	return map[string]behaviour{
		"CloudSign":              {body: jsonBody, serve: (*call).cloudSign},
		"CloudSignResult":        {serve: func(c *call) (reply, error) { return c.poll("CloudSign") }},
		"CloudSignConfirm":       {serve: (*call).cloudSignConfirm},
		"CloudSignConfirmResult": {serve: func(c *call) (reply, error) { return c.poll("CloudSignConfirm") }},
		"DssSign":                {body: jsonBody, box: "boxId", right: signDocuments, serve: (*call).dssSign},
		"DssSignV1":              {body: jsonBody, box: "boxId", right: signDocuments, serve: (*call).dssSignV1},
		"DssSignResult":          {box: "boxId", serve: (*call).dssSignResult},
		"GetSignatureInfo":       {box: "boxId", serve: (*call).getSignatureInfo},
	}
}

// AddCloudCertificate gives a user a certificate of the cloud or DSS by its thumbprint.
func (s *Server) AddCloudCertificate(login, thumbprint string) error {
	return s.lever(func() error {
		u := s.users[login]
		if u == nil {
			return errNotFound("user", login)
		}
		u.cloud[strings.ToUpper(thumbprint)] = true
		return nil
	})
}

// Signings lists the server-side signatures, oldest first.
func (s *Server) Signings() []Signing {
	s.mu.Lock()
	defer s.mu.Unlock()
	tasks := slices.SortedFunc(maps.Values(s.tasks), func(a, b *task) int { return cmp.Compare(a.at, b.at) })
	out := []Signing{}
	for _, t := range tasks {
		if sg, ok := t.data.(*signing); ok {
			out = append(out, Signing{t.id, t.kind, len(sg.files), sg.code, sg.status})
		}
	}
	return out
}

// ConfirmSigning is the person's consent to a DSS signature.
func (s *Server) ConfirmSigning(taskID string) error { return s.EndSigning(taskID, "Completed") }

// EndSigning ends a DSS signature with a DssOperationStatus; empty means Completed.
func (s *Server) EndSigning(taskID, status string) error {
	return s.lever(func() error {
		t := s.tasks[taskID]
		if t == nil {
			return errNotFound("task", taskID)
		}
		sg, ok := t.data.(*signing)
		if !ok || t.kind != "DssSign" {
			return errState("task %s is no DSS signature", taskID)
		}
		known := []string{"", "Completed", "CanceledByUser", "Timeout", "Crashed", "UserHasUnconfirmedOperation", "OperationRetryRequired"}
		if !containsFold(known, status) {
			return errState("status %q is unknown", status)
		}
		if sg.status = status; status == "" {
			sg.status = "Completed"
		}
		return nil
	})
}

// wantCertificate checks a thumbprint; without one the user must have some certificate.
func (c *call) wantCertificate(thumb string) error {
	if thumb == "" && len(c.user.cloud) > 0 || c.user.cloud[strings.ToUpper(thumb)] {
		return nil
	}
	return bad("User has no certificate %q", thumb)
}

func (c *call) cloudSign() (reply, error) {
	var body struct {
		Files []struct {
			Content  *contentV2
			FileName string
		}
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.wantCertificate(c.arg("certificateThumbprint")); err != nil {
		return reply{}, err
	}
	sg := &signing{code: code(), token: newGUID(), status: "InProgress"}
	for i, f := range body.Files {
		if f.Content == nil {
			return reply{}, bad("Files[%d].Content is required", i)
		}
		file, err := c.signable(f.Content.Content, f.Content.NameOnShelf, f.Content.PatchedContentId)
		if err != nil {
			return reply{}, err
		}
		sg.files = append(sg.files, file)
	}
	if len(sg.files) == 0 {
		return reply{}, bad("Files are required")
	}
	sg.task = c.addTask("CloudSign")
	sg.task.data, sg.task.result = sg, jsonReply(object{"Token": sg.token})
	return jsonReply(object{"TaskId": sg.task.id}), nil
}

func (c *call) signable(content []byte, onShelf, patchedID string) ([]byte, error) {
	if patchedID != "" && content == nil && onShelf == "" {
		if made := c.patched[patchedID]; made != nil {
			return made.content, nil
		}
		return nil, bad("PatchedContentId %s is unknown", patchedID)
	}
	return c.bytesOf("Files", content, strings.TrimPrefix(onShelf, "__userId__/"))
}

func code() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // crypto/rand does not fail
	return fmt.Sprintf("%06d", n)
}

func (c *call) cloudSignConfirm() (reply, error) {
	way := c.arg("return")
	if way != "" && way != "Content" && way != "Reference" {
		return reply{}, bad("return must be Content or Reference")
	}
	var sg *signing
	for _, t := range c.tasks {
		if one, ok := t.data.(*signing); ok && t.kind == "CloudSign" && one.token == c.arg("token") && t.user == c.user {
			sg = one
		}
	}
	if sg == nil {
		return reply{}, refuse(http.StatusNotFound, "token is unknown")
	}
	t := c.addTask("CloudSignConfirm")
	if sg.code != c.arg("confirmationCode") {
		t.err = conflict("The confirmation code is wrong")
		return jsonReply(object{"TaskId": t.id}), nil
	}
	sg.status = "Completed"
	list := []object{}
	for _, file := range sg.files {
		signature, err := c.signAs(c.ownBox(), c.user, file)
		if err != nil {
			return reply{}, err
		}
		if way == "Reference" {
			name := newGUID() + ".sig"
			c.putOnShelf(name, signature)
			list = append(list, object{"NameOnShelf": name})
			continue
		}
		list = append(list, object{"Content": signature})
	}
	t.result = jsonReply(object{"Signatures": list})
	return jsonReply(object{"TaskId": t.id}), nil
}

// ownBox is a box where the user works; a cloud signature names no box.
func (c *call) ownBox() *box {
	for _, b := range c.boxOrder {
		if b.staff[c.user.id] != nil {
			return b
		}
	}
	return &box{}
}

type dssFile struct {
	Content  *contentV3 `dia:"req"`
	FileName string
}

func (c *call) dssSign() (reply, error) {
	var body struct {
		Files           []dssFile
		SignDataSource  signDataSource `dia:"req"`
		CertificateData *struct {
			Thumbprint string `dia:"req"`
		}
		GosKeyData *struct{ Snils, Oid string }
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if (body.CertificateData == nil) == (body.GosKeyData == nil) || (body.SignDataSource == "GosKeySign") != (body.GosKeyData != nil) {
		return reply{}, bad("Exactly the data of SignDataSource is required")
	}
	if body.CertificateData != nil {
		if err := c.wantCertificate(body.CertificateData.Thumbprint); err != nil {
			return reply{}, err
		}
	}
	return c.startDss(body.Files)
}

func (c *call) dssSignV1() (reply, error) {
	var body struct{ Files []dssFile }
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.wantCertificate(c.arg("certificateThumbprint")); err != nil {
		return reply{}, err
	}
	return c.startDss(body.Files)
}

func (c *call) startDss(files []dssFile) (reply, error) {
	if len(files) == 0 {
		return reply{}, bad("Files are required")
	}
	sg := &signing{status: "InProgress"}
	for _, f := range files {
		if id := f.Content.EntityId; id != nil {
			d, err := c.document(id.MessageId, id.EntityId)
			if err != nil {
				return reply{}, err
			}
			sg.files = append(sg.files, d.e.content)
			continue
		}
		file, err := c.signable(f.Content.Content, f.Content.NameOnShelf, f.Content.PatchedContentId)
		if err != nil {
			return reply{}, err
		}
		sg.files = append(sg.files, file)
	}
	sg.task = c.addTask("DssSign")
	sg.task.data = sg
	return jsonReply(object{"TaskId": sg.task.id}), nil
}

// dssSignResult always answers 200; the person confirms by a lever.
func (c *call) dssSignResult() (reply, error) {
	t := c.tasks[c.arg("taskId")]
	if t == nil || t.kind != "DssSign" || t.box != c.box {
		return reply{}, refuse(http.StatusNotFound, "Task %s is not found", c.arg("taskId"))
	}
	sg := t.data.(*signing)
	out := object{"OperationStatus": sg.status, "ConfirmType": "MyDss", "Operator": "Kontur", "PhoneLastNumbers": "1234"}
	if sg.status == "Completed" {
		list := []object{}
		for _, file := range sg.files {
			signature, err := c.signAs(c.box, c.user, file)
			if err != nil {
				return reply{}, err
			}
			list = append(list, object{"FileSigningStatus": "SigningCompleted", "Signature": signature})
		}
		out[pick(c.sw.DssSampleName, "DssFileSigningResult", "FileSigningResults")] = list
	}
	return jsonReply(out), nil
}
