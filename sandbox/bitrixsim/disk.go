package bitrixsim

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// driveObject is a file or a folder of the drive; its id is never that of the stored file.
type driveObject struct {
	id, storage, parent         int
	folder                      bool
	name                        string
	file, version               int // stored file and how often it was replaced
	created, updated, deleted   time.Time
	createdBy, changedBy, trash int // trash is DELETED_TYPE: 0, 3 in the trash, 4 gone with its folder
	link                        string
}

// storage is a part of the drive with its root folder.
type storage struct {
	id, root   int
	entityType string // user, common or restapp
	entity     string
	name       string
}

// storageOf finds or makes a storage.
func (p *Portal) storageOf(entityType, entity, name string) *storage {
	for _, id := range sortedKeys(p.storages) {
		if st := p.storages[id]; st.entityType == entityType && st.entity == entity {
			return st
		}
	}
	st := &storage{id: p.nextID("storage", 1366), root: p.nextID("disk", 8910), entityType: entityType, entity: entity, name: name}
	p.storages[st.id] = st
	p.drive[st.root] = &driveObject{id: st.root, storage: st.id, folder: true, name: name, created: p.s.now(), updated: p.s.now()}
	return st
}

// attachment makes an object in the author's storage for a stored file, as comments and uploads do.
func (p *Portal) attachment(fileID, userID int) int {
	st := p.storageOf("user", itoa(userID), p.userName(userID))
	return p.put(p.drive[st.root], fileID, userID).id
}

// put makes an object for a stored file in a folder.
func (p *Portal) put(folder *driveObject, fileID, userID int) *driveObject {
	o := &driveObject{
		id: p.nextID("disk", 8910), storage: folder.storage, parent: folder.id, name: p.files[fileID].Name, file: fileID, version: 1,
		created: p.s.now(), updated: p.s.now(), createdBy: userID, changedBy: userID,
	}
	p.drive[o.id] = o
	return o
}

// child finds what has a name in a folder.
func (p *Portal) child(folder *driveObject, name string) *driveObject {
	for _, o := range p.drive {
		if o.parent == folder.id && o.trash == 0 && strings.EqualFold(o.name, name) {
			return o
		}
	}
	return nil
}

// freeName makes a name that the folder does not have: a (1).txt.
func (p *Portal) freeName(folder *driveObject, name string) string {
	ext := path.Ext(name)
	for n := 1; p.child(folder, name) != nil; n++ {
		name = strings.TrimSuffix(name, ext)
		if cut := strings.LastIndex(name, " ("); n > 1 && cut > 0 {
			name = name[:cut]
		}
		name += " (" + itoa(n) + ")" + ext
	}
	return name
}

func diskMethods() map[string]method {
	app := bad("ACCESS_DENIED", "Access denied! Application context required")
	with := func(run func(*call) (any, *restError)) method { return method{scope: "disk", run: run} }
	upload := func(run func(*call) (any, *restError)) method { return method{scope: "disk", noBatch: true, run: run} }
	return map[string]method{
		"disk.storage.getforapp":    {scope: "disk", app: app, admin: bad("ACCESS_DENIED", "Access denied"), run: storageForApp},
		"disk.storage.getlist":      with(storageList),
		"disk.storage.getchildren":  with(onStorage(childrenList)),
		"disk.storage.addfolder":    with(onStorage(folderAdd)),
		"disk.storage.uploadfile":   upload(onStorage(folderUpload)),
		"disk.folder.getchildren":   with(onFolder(childrenList)),
		"disk.folder.addsubfolder":  with(onFolder(folderAdd)),
		"disk.folder.uploadfile":    upload(onFolder(folderUpload)),
		"disk.file.get":             with(onFile(fileGet)),
		"disk.file.uploadversion":   upload(onFile(fileVersion)),
		"disk.file.getexternallink": with(onFile(fileLink)),
		"disk.file.markdeleted":     with(onFile(fileTrash)),
		"disk.file.delete":          with(onFile(fileDelete)),
	}
}

// entityID reads the id parameter of the disk methods.
func (c *call) entityID() (int, *restError) {
	id, ok := num(c.params.fold("id"))
	if !ok {
		return 0, bad("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
	}
	return id, nil
}

func noEntity(id int) *restError {
	return bad("ERROR_NOT_FOUND", "Could not find entity with id `"+itoa(id)+"`.")
}

func onStorage(run func(*call, *driveObject) (any, *restError)) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		id, err := c.entityID()
		if err != nil {
			return nil, err
		}
		st := c.p.storages[id]
		if st == nil {
			return nil, noEntity(id)
		}
		return run(c, c.p.drive[st.root])
	}
}

func onFolder(run func(*call, *driveObject) (any, *restError)) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		id, err := c.entityID()
		if err != nil {
			return nil, err
		}
		o := c.p.drive[id]
		if o == nil || !o.folder {
			return nil, noEntity(id)
		}
		return run(c, o)
	}
}

func onFile(run func(*call, *driveObject) (any, *restError)) func(*call) (any, *restError) {
	return func(c *call) (any, *restError) {
		id, err := c.entityID()
		if err != nil {
			return nil, err
		}
		o := c.p.drive[id]
		if o == nil || o.folder {
			return nil, noEntity(id)
		}
		return run(c, o)
	}
}

func (st *storage) render() map[string]any {
	return map[string]any{
		"ID": itoa(st.id), "NAME": st.name, "CODE": nil, "MODULE_ID": "disk", "ENTITY_TYPE": st.entityType, "ENTITY_ID": st.entity,
		"ROOT_OBJECT_ID": itoa(st.root),
	}
}

func storageForApp(c *call) (any, *restError) {
	return c.p.storageOf("restapp", itoa(c.in.id), c.in.app.ClientID).render(), nil
}

func storageList(c *call) (any, *restError) {
	c.p.storageOf("common", "shared_files_s1", "Общий диск")
	c.p.storageOf("user", itoa(c.user.id), c.p.userName(c.user.id))
	var rows []map[string]any
	for _, id := range sortedKeys(c.p.storages) {
		rows = append(rows, c.p.storages[id].render())
	}
	return selectRows(c, rows, "ID")
}

func childrenList(c *call, folder *driveObject) (any, *restError) {
	var rows []map[string]any
	for _, id := range slices.Sorted(maps.Keys(c.p.drive)) {
		if o := c.p.drive[id]; o.parent == folder.id && o.trash == 0 {
			rows = append(rows, c.renderDrive(o))
		}
	}
	return selectRows(c, rows, "ID")
}

// renderDrive shows a file or a folder: numbers are strings, save right after making one (see fresh).
func (c *call) renderDrive(o *driveObject) map[string]any {
	var deleted any
	if o.trash != 0 {
		deleted = o.deleted.Format(isoTime)
	}
	row := map[string]any{
		"ID": itoa(o.id), "NAME": o.name, "CODE": nil, "STORAGE_ID": itoa(o.storage), "TYPE": "folder", "PARENT_ID": itoa(o.parent),
		"DELETED_TYPE": itoa(o.trash), "CREATE_TIME": o.created.Format(isoTime), "UPDATE_TIME": o.updated.Format(isoTime),
		"DELETE_TIME": deleted, "CREATED_BY": itoa(o.createdBy), "UPDATED_BY": itoa(o.changedBy), "DELETED_BY": "0",
		"DETAIL_URL": c.p.root() + "/docs/path/" + url.PathEscape(o.name),
	}
	if o.folder {
		row["REAL_OBJECT_ID"] = itoa(o.id)
		return row
	}
	row["TYPE"], row["GLOBAL_CONTENT_VERSION"], row["FILE_ID"] = "file", itoa(o.version), itoa(o.file)
	row["SIZE"] = itoa(len(c.p.files[o.file].Data))
	row["DOWNLOAD_URL"] = c.p.endpoint() + "download.json?auth=" + c.token + "&token=" +
		url.QueryEscape("disk|"+itoa(o.id)+"|"+c.p.signature("disk"+itoa(o.id)))
	row["DETAIL_URL"] = c.p.root() + "/docs/file/" + url.PathEscape(o.name)
	return row
}

// fresh shows what was made just now: some numbers are numbers then.
func (c *call) fresh(o *driveObject) map[string]any {
	row := c.renderDrive(o)
	row["ID"], row["DELETED_TYPE"], row["DELETED_BY"] = o.id, o.trash, nil
	if o.folder {
		row["REAL_OBJECT_ID"] = o.id
	} else {
		row["GLOBAL_CONTENT_VERSION"], row["FILE_ID"] = o.version, o.file
	}
	return row
}
