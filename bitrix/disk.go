package bitrix

import (
	"context"
	"io"
	"iter"
	"net/http"

	"konturbridge/internal/upstream"
)

// DiskStorage is a drive. All methods of drives need the scope disk. doc: api-reference/disk/**
type DiskStorage struct {
	ID         ID   `json:"ID"`
	Name       Text `json:"NAME"`
	EntityType Text `json:"ENTITY_TYPE"` // user, group, common, restapp
	EntityID   Text `json:"ENTITY_ID"`
	RootID     ID   `json:"ROOT_OBJECT_ID"` // the folder at its top
}

// DiskStorageForApp is the application's own drive, made by the first call. It needs an administrator and
// an application's token. Errors: ErrAuthKind, ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskStorageForApp(ctx context.Context) (DiskStorage, error) {
	return Call[DiskStorage](ctx, c, "disk.storage.getForApp", nil)
}

// DiskStorages walks the drives in the order of their ids; Select is ignored. doc: api-reference/disk/**
func (c *Client) DiskStorages(ctx context.Context, opts ScanOptions) iter.Seq2[DiskStorage, error] {
	opts.Select = nil
	return byID("disk.storage.getList", "ID", opts, func(list ListOptions) (ListAnswer[[]DiskStorage], error) {
		return rows[DiskStorage](ctx, c, "disk.storage.getList", list)
	}, func(s DiskStorage) ID { return s.ID })
}

// DiskFolderChildren walks what lies in a folder in the order of the ids; Select is ignored.
// doc: api-reference/disk/**
func (c *Client) DiskFolderChildren(ctx context.Context, folder ID, opts ScanOptions) iter.Seq2[DiskFile, error] {
	return c.diskChildren(ctx, "disk.folder.getChildren", folder, opts)
}

// DiskStorageChildren walks what lies at the top of a drive in the order of the ids; Select is ignored.
// doc: api-reference/disk/**
func (c *Client) DiskStorageChildren(ctx context.Context, storage ID, opts ScanOptions) iter.Seq2[DiskFile, error] {
	return c.diskChildren(ctx, "disk.storage.getChildren", storage, opts)
}

func (c *Client) diskChildren(ctx context.Context, method string, parent ID, opts ScanOptions) iter.Seq2[DiskFile, error] {
	opts.Select = nil
	return byID(method, "ID", opts, func(list ListOptions) (ListAnswer[[]DiskFile], error) {
		return rows[DiskFile](ctx, c, method, struct {
			ID ID `json:"id"`
			ListOptions
		}{parent, list})
	}, func(f DiskFile) ID { return f.ID })
}

// DiskFolderAdd makes a folder within a folder. Errors: ErrExists, ErrNotFound, ErrAccessDenied.
// doc: api-reference/disk/**
func (c *Client) DiskFolderAdd(ctx context.Context, parent ID, name string) (DiskFile, error) {
	return Call[DiskFile](ctx, c, "disk.folder.addSubFolder", map[string]any{"id": parent, "data": diskName(name)})
}

// DiskStorageFolderAdd makes a folder at the top of a drive. Errors: ErrExists, ErrNotFound,
// ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskStorageFolderAdd(ctx context.Context, storage ID, name string) (DiskFile, error) {
	return Call[DiskFile](ctx, c, "disk.storage.addFolder", map[string]any{"id": storage, "data": diskName(name)})
}

func diskName(name string) map[string]string { return map[string]string{"NAME": name} }

// DiskRight lets somebody do something with a file.
type DiskRight struct {
	TaskID     ID     `json:"TASK_ID"`     // what: a level of access of the portal's
	AccessCode string `json:"ACCESS_CODE"` // who: "U35" a user, "D1" or "DR1" a department, "*" all
}

// DiskUploadOptions tune an upload to a drive.
type DiskUploadOptions struct {
	Rights []DiskRight
	// UniqueName lets the portal change the name when it is taken. A call whose answer was lost and is
	// made again then leaves two files.
	UniqueName bool
}

func (o DiskUploadOptions) params(id ID, file *Upload, content bool) map[string]any {
	params := map[string]any{"id": id, "data": diskName(file.Name)}
	if content {
		params["fileContent"] = file
	}
	if len(o.Rights) > 0 {
		params["rights"] = o.Rights
	}
	if o.UniqueName {
		params["generateUniqueName"] = true
	}
	return params
}

// DiskStorageUpload puts a file at the top of a drive. Content goes as base64, a third larger than the
// file; the portal cuts a request after 60 seconds. Errors: ErrExists, ErrNoRoom, ErrNotFound,
// ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskStorageUpload(ctx context.Context, storage ID, file *Upload, opts DiskUploadOptions) (DiskFile, error) {
	return CallFiles[DiskFile](ctx, c, "disk.storage.uploadFile", opts.params(storage, file, true))
}

// DiskFolderUpload puts a file into a folder, as [Client.DiskStorageUpload] does.
// doc: api-reference/disk/**
func (c *Client) DiskFolderUpload(ctx context.Context, folder ID, file *Upload, opts DiskUploadOptions) (DiskFile, error) {
	return CallFiles[DiskFile](ctx, c, "disk.folder.uploadFile", opts.params(folder, file, true))
}

// DiskVersionUpload replaces the content of a file and keeps the old one as a version.
// Errors: ErrNotFound, ErrNoRoom, ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskVersionUpload(ctx context.Context, id ID, file *Upload) (DiskFile, error) {
	return CallFiles[DiskFile](ctx, c, "disk.file.uploadVersion", map[string]any{"id": id, "fileContent": file})
}

// DiskFolderSend puts a large file into a folder as it is, without base64: the portal names an address
// for it, and the file is sent there. Errors are those of [Client.DiskFolderUpload], and ErrForeignHost
// when the address is not the portal's. doc: api-reference/disk/**
func (c *Client) DiskFolderSend(ctx context.Context, folder ID, file *Upload, opts DiskUploadOptions) (DiskFile, error) {
	const method = "disk.folder.uploadFile"
	place, err := Call[struct {
		Field string `json:"field"`
		URL   Secret `json:"uploadUrl"` // it embeds the token
	}](ctx, c, method, opts.params(folder, file, false))
	if err != nil {
		return DiskFile{}, err
	}
	access, endpoint, err := c.tokens.Token(ctx)
	if err != nil {
		return DiskFile{}, err
	}
	address, _, err := portalLink(string(place.URL), target{access, endpoint}, false)
	if err != nil {
		return DiskFile{}, err
	}
	if err := c.admit(ctx, method); err != nil {
		return DiskFile{}, err
	}
	form := multipartOf(place.Field, file)
	resp, err := c.up.Do(ctx, upstream.Request{
		API: apiName, Op: "upload", Method: http.MethodPost, URL: address, Timeout: uploadTimeout(file),
		Header: http.Header{"Content-Type": {"multipart/form-data; boundary=" + form.boundary}}, Body: form.body, ContentLength: form.body.size(),
	})
	if err != nil {
		return DiskFile{}, uploadFailed(err)
	}
	answer, err := c.read(method, access, resp)
	if err != nil {
		return DiskFile{}, err
	}
	var stored DiskFile
	err = answer.Decode(&stored)
	return stored, err
}

// DiskExternalLink makes a public link to a file. The portal's policy may forbid it.
// Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskExternalLink(ctx context.Context, id ID) (string, error) {
	return Call[string](ctx, c, "disk.file.getExternalLink", map[string]ID{"id": id})
}

// DiskFileTrash moves a file to the bin. Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskFileTrash(ctx context.Context, id ID) error {
	_, err := c.Do(ctx, "disk.file.markDeleted", map[string]ID{"id": id}) // answers the file
	return err
}

// DiskFileDelete removes a file for good. Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/disk/**
func (c *Client) DiskFileDelete(ctx context.Context, id ID) error {
	_, err := c.Do(ctx, "disk.file.delete", map[string]ID{"id": id}) // the answer is not shown
	return err
}

// DiskDownload streams a file of a drive into w and refuses more than maxBytes: a timeline comment's file,
// say, whose own links work in a browser only. Errors are those of [Client.DiskFile] and
// [Client.Download]. doc: api-reference/disk/**
func (c *Client) DiskDownload(ctx context.Context, id ID, w io.Writer, maxBytes int64) (Downloaded, error) {
	file, err := c.DiskFile(ctx, id)
	if err != nil {
		return Downloaded{}, err
	}
	done, err := c.Download(ctx, file.Ref(), w, maxBytes)
	if done.Name == "" {
		done.Name = string(file.Name)
	}
	return done, err
}
