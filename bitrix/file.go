package bitrix

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// FileRef is a file of a field. It is written as {"id":N}, the entry that keeps the file in an update.
// Link may embed an access token and lives no longer than it: never store or log it.
type FileRef struct {
	ID   ID
	Link Secret // to read it with [Client.Download]; "" when only the id is known
}

// FileLink is a file of which only the address is known.
func FileLink(link string) FileRef { return FileRef{Link: Secret(link)} }

// ParseFileValue reads one value of a robot's file property. The vendor does not say what it holds;
// links and file ids have been seen.
func ParseFileValue(s string) (FileRef, error) {
	s = strings.TrimSpace(s)
	if id, err := ParseID(s); err == nil && id > 0 {
		return FileRef{ID: id}, nil
	}
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "/") {
		return FileLink(s), nil
	}
	return FileRef{}, fmt.Errorf("bitrix: the value is neither a file's id nor its link")
}

// UnmarshalJSON reads the shapes of crm.item.*, of the old methods, and a bare id.
// doc: api-reference/files/*.md
func (f *FileRef) UnmarshalJSON(data []byte) error {
	*f = FileRef{}
	if len(data) == 0 || data[0] != '{' {
		return f.ID.UnmarshalJSON(data)
	}
	var wire struct {
		ID      ID   `json:"id"`
		Machine Text `json:"urlMachine"`
		Old     Text `json:"downloadUrl"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	f.ID, f.Link = wire.ID, Secret(wire.Machine)
	if f.Link == "" {
		f.Link = Secret(wire.Old)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (f FileRef) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]ID{"id": f.ID}) }

// FileContent is a file to write. It is written as ["name","base64"].
// doc: api-reference/files/how-to-upload-files.md
type FileContent struct {
	Name string
	Data []byte
}

// MarshalJSON implements json.Marshaler.
func (f FileContent) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]string{f.Name, base64.StdEncoding.EncodeToString(f.Data)})
}

// DiskFile is a file or a folder on a drive.
type DiskFile struct {
	ID          ID     `json:"ID"`      // of the object: methods of drives take it
	FileID      ID     `json:"FILE_ID"` // of its content: fields of cards carry it
	Type        Text   `json:"TYPE"`    // DiskTypeFile, DiskTypeFolder; "" of a file that is read by itself
	Name        Text   `json:"NAME"`
	StorageID   ID     `json:"STORAGE_ID"`
	ParentID    ID     `json:"PARENT_ID"`
	Size        ID     `json:"SIZE"` // bytes
	Created     Time   `json:"CREATE_TIME"`
	Updated     Time   `json:"UPDATE_TIME"`
	Version     ID     `json:"GLOBAL_CONTENT_VERSION"`
	Deleted     ID     `json:"DELETED_TYPE"` // 0 no, 3 in the bin; the page does not explain 4
	DownloadURL Secret `json:"DOWNLOAD_URL"`
	DetailURL   Text   `json:"DETAIL_URL"`
}

// Types of an object on a drive.
const (
	DiskTypeFile   = "file"
	DiskTypeFolder = "folder"
)

// Ref is the file for [Client.Download].
func (f DiskFile) Ref() FileRef { return FileRef{ID: f.FileID, Link: f.DownloadURL} }

// TaskValue is the file as a task's UF_TASK_WEBDAV_FILES takes it, such as n8930.
func (f DiskFile) TaskValue() string { return "n" + f.ID.String() }

// DiskFile reads a file's description with a fresh link. It needs the scope disk. Errors: ErrNotFound.
// doc: api-reference/disk/**
func (c *Client) DiskFile(ctx context.Context, id ID) (DiskFile, error) {
	return Call[DiskFile](ctx, c, "disk.file.get", map[string]ID{"id": id})
}
