package bitrixsim

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// newName reads data[NAME].
func (c *call) newName() (string, *restError) {
	name := str(asArray(c.params.fold("data")).fold("NAME"))
	if name == "" {
		return "", bad("DISK_BASE_SERVICE_22001", "Error: required parameter NAME (DISK_BASE_SERVICE_22001)")
	}
	return name, nil
}

// checkRights reads the rights of a new object: a list of {"TASK_ID", "ACCESS_CODE"}.
func (c *call) checkRights() *restError {
	for _, r := range list(c.params.fold("rights")) {
		if a := asArray(r); a == nil || str(a.fold("TASK_ID")) == "" || str(a.fold("ACCESS_CODE")) == "" {
			return bad("ERROR_ARGUMENT", "Invalid rights format") // the page gives the text alone
		}
	}
	return nil
}

func sameName() *restError { return bad("DISK_OBJ_22000", "An object with this name already exists") }

// content reads fileContent, ["name","base64"]. Unlike the CRM the drive refuses what is not base64.
func content(raw any) ([]byte, bool) {
	a := asArray(raw)
	if a.len() != 2 {
		return nil, false
	}
	data, err := base64.StdEncoding.DecodeString(str(a.values()[1]))
	return data, err == nil
}

// folderAdd is disk.folder.addSubFolder and disk.storage.addFolder.
func folderAdd(c *call, parent *driveObject) (any, *restError) {
	name, err := c.newName()
	if err != nil {
		return nil, err
	}
	if err := c.checkRights(); err != nil {
		return nil, err
	}
	if c.p.child(parent, name) != nil {
		return nil, sameName()
	}
	o := &driveObject{
		id: c.p.nextID("disk", 8910), storage: parent.storage, parent: parent.id, folder: true, name: name, created: c.s.now(),
		updated: c.s.now(), createdBy: c.user.id, changedBy: c.user.id,
	}
	c.p.drive[o.id] = o
	return c.fresh(o), nil
}

// folderUpload is disk.folder.uploadFile and disk.storage.uploadFile; without fileContent it gives an upload address.
func folderUpload(c *call, folder *driveObject) (any, *restError) {
	unique := yes(c.params.fold("generateUniqueName"))
	if c.params.fold("fileContent") == nil {
		target := itoa(folder.id) + "," + itoa(btoi(unique))
		return map[string]any{
			"field": "file", "uploadUrl": c.p.endpoint() + "upload.json?auth=" + c.token + "&token=" +
				url.QueryEscape("disk|"+target+"|"+c.p.signature("upload"+target)),
		}, nil
	}
	name, err := c.newName()
	if err != nil {
		return nil, err
	}
	if err := c.checkRights(); err != nil {
		return nil, err
	}
	data, ok := content(c.params.fold("fileContent"))
	if !ok {
		return nil, bad("ERROR_COULD_NOT_SAVE_FILE", "Could not save file")
	}
	return c.upload(folder, name, data, unique)
}

// upload stores a file in a folder. That a name which is taken is refused is nowhere said of uploads, only of
// folders; generateUniqueName avoids it.
func (c *call) upload(folder *driveObject, name string, data []byte, unique bool) (any, *restError) {
	if c.p.child(folder, name) != nil {
		if !unique {
			return nil, sameName()
		}
		name = c.p.freeName(folder, name)
	}
	return c.fresh(c.p.put(folder, c.p.addFile(name, data), c.user.id)), nil
}

func fileGet(c *call, o *driveObject) (any, *restError) { return c.renderDrive(o), nil }

// fileVersion is disk.file.uploadVersion.
func fileVersion(c *call, o *driveObject) (any, *restError) {
	if asArray(c.params.fold("fileContent")) == nil {
		return nil, bad("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #1}")
	}
	data, ok := content(c.params.fold("fileContent"))
	if !ok {
		return nil, bad("DISK_FILE_22002", "Could not save file")
	}
	o.file, o.updated, o.changedBy = c.p.addFile(o.name, data), c.s.now(), c.user.id
	o.version++
	row := c.renderDrive(o)
	row["GLOBAL_CONTENT_VERSION"] = o.version
	return row, nil
}

// fileLink is disk.file.getExternalLink: the same link every time.
func fileLink(c *call, o *driveObject) (any, *restError) {
	if o.link == "" {
		o.link = c.p.root() + "/~" + c.s.random()[:5]
	}
	return o.link, nil
}

func fileTrash(c *call, o *driveObject) (any, *restError) {
	o.trash, o.deleted = 3, c.s.now()
	row := c.renderDrive(o)
	row["DELETED_BY"] = itoa(c.user.id)
	return row, nil
}

func fileDelete(c *call, o *driveObject) (any, *restError) {
	delete(c.p.drive, o.id)
	return true, nil
}

// serveUpload takes the multipart body that an upload address was made for.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request, p *Portal) {
	file, header, err := r.FormFile("file")
	if err != nil {
		reply(w, http.StatusBadRequest, errorBody(bad("ERROR_ARGUMENT", "No file")))
		return
	}
	defer drain(file)
	data, err := io.ReadAll(io.LimitReader(file, maxBody))
	if err != nil {
		reply(w, http.StatusBadRequest, errorBody(bad("ERROR_COULD_NOT_SAVE_FILE", "Could not save file")))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{s: s, p: p, params: pairs("auth", r.URL.Query().Get("auth")), at: s.now()}
	result, refused := c.takeUpload(r.URL.Query().Get("token"), header.Filename, data)
	if refused != nil {
		reply(w, refused.status, errorBody(refused))
		return
	}
	reply(w, http.StatusOK, c.envelope("upload", result))
}

// takeUpload checks the token of an upload address and stores the file in the folder that it names.
func (c *call) takeUpload(token, name string, data []byte) (any, *restError) {
	if err := c.authorise([]string{"upload"}); err != nil {
		return nil, err
	}
	parts := strings.Split(token, "|")
	if len(parts) != 3 || parts[2] != c.p.signature("upload"+parts[1]) {
		return nil, fail(http.StatusForbidden, "ACCESS_DENIED", "Wrong upload token")
	}
	id, unique, _ := strings.Cut(parts[1], ",")
	folder := c.p.drive[intOf(id)]
	if folder == nil {
		return nil, noEntity(intOf(id))
	}
	return c.upload(folder, name, data, unique == "1")
}
