package bitrixsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// AddFile stores a file and returns its id, for file fields of CreateItem and UpdateItem.
func (p *Portal) AddFile(name string, data []byte) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.addFile(name, slices.Clone(data))
}

// File reads a stored file by its id (not by a disk object id).
func (p *Portal) File(id int) (name string, data []byte, ok bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	f := p.files[id]
	if f == nil {
		return "", nil, false
	}
	return f.Name, slices.Clone(f.Data), true
}

// signature protects the query of a download link.
func (p *Portal) signature(what string) string {
	mac := hmac.New(sha256.New, []byte(p.memberID))
	mac.Write([]byte(what))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// renderFiles shows a file field of crm.item.*: urlMachine holds the caller's own token.
func (c *call) renderFiles(t *cardType, it *item, f *fieldDef) any {
	all := []any{}
	for _, id := range idsOf(it.vals[f.upper]) {
		query := "entityTypeId=" + itoa(t.id) + "&id=" + itoa(it.id) + "&fieldName=" + f.upper + "&fileId=" + itoa(id)
		all = append(all, map[string]any{
			"id":  id,
			"url": c.p.root() + "/bitrix/services/main/ajax.php?action=crm.controller.item.getFile&SITE_ID=s1&" + query,
			"urlMachine": c.p.endpoint() + "crm.controller.item.getFile.json?auth=" + c.token + "&token=" +
				url.QueryEscape("crm|"+query+"|"+c.p.signature(query)) + "&" + query,
		})
	}
	if f.multiple {
		return all
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// showPath is the relative address of a file in the old methods.
func (p *Portal) showPath(t *cardType, it *item, f *fieldDef, id int) string {
	return "/portal/" + p.name + "/bitrix/components/bitrix/crm." + strings.ToLower(t.name()) + ".show/show_file.php?auth=&ownerId=" +
		itoa(it.id) + "&fieldName=" + f.upper + "&dynamic=Y&fileId=" + itoa(id)
}

// renderOldFiles shows a file field of the old methods; an empty single field has no key at all (nil).
func (c *call) renderOldFiles(t *cardType, it *item, f *fieldDef) any {
	all := []any{}
	for _, id := range idsOf(it.vals[f.upper]) {
		path := c.p.showPath(t, it, f, id)
		all = append(all, map[string]any{"id": id, "showUrl": strings.Replace(path, "auth=&", "", 1), "downloadUrl": path})
	}
	if f.multiple {
		return all
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// politeDownload checks the headers that the docs require of downloads; without them nginx says 404.
func politeDownload(r *http.Request) bool {
	agent := r.UserAgent()
	for _, name := range []string{"Accept", "Accept-Language", "Referer"} {
		if r.Header.Get(name) == "" {
			return false
		}
	}
	return strings.Contains(agent, "/") && !strings.HasPrefix(agent, "Go-http-client")
}

// serveFile answers downloads: signed REST links, and links of the portal itself with an auth parameter.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, p *Portal) {
	if !politeDownload(r) {
		htmlError(w, http.StatusNotFound)
		return
	}
	f, err := p.download(r)
	switch {
	case err != nil:
		reply(w, err.status, errorBody(err))
	case f == nil:
		htmlError(w, http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
		w.Header().Set("Content-Length", itoa(len(f.Data)))
		_, _ = w.Write(f.Data) // stored bytes never change
	}
}

// download checks the credentials of a download and finds its file.
func (p *Portal) download(r *http.Request) (*File, *restError) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c := &call{s: p.s, p: p, params: pairs("auth", r.URL.Query().Get("auth"))}
	if err := c.authorise([]string{"download"}); err != nil {
		return nil, err
	}
	return p.requestedFile(r.URL.Path, r.URL.Query()), nil
}

// requestedFile finds the file of a download link, checking its signature where it has one.
func (p *Portal) requestedFile(path string, q url.Values) *File {
	token := strings.Split(q.Get("token"), "|")
	switch {
	case strings.HasSuffix(path, "/rest/download.json"):
		if len(token) != 3 || token[0] != "disk" || token[2] != p.signature("disk"+token[1]) {
			return nil
		}
		if o := p.drive[intOf(token[1])]; o != nil {
			return p.files[o.file]
		}
		return nil
	case strings.HasSuffix(path, ".getFile.json"):
		signed := "entityTypeId=" + q.Get("entityTypeId") + "&id=" + q.Get("id") + "&fieldName=" + q.Get("fieldName") + "&fileId=" + q.Get("fileId")
		if len(token) != 3 || token[1] != signed || token[2] != p.signature(signed) {
			return nil
		}
	}
	return p.files[intOf(q.Get("fileId"))]
}
