package reaction

import (
	"errors"
	"fmt"
	"strings"

	"konturbridge/bitrix"
)

// driveFolder is the folder of the drive that large files go to, one folder in it for each docflow.
const driveFolder = "Контур Мост"

// drive puts large files on the drive of the card's responsible, who may see the card, else on the
// application's own, and gives lines with links for the timeline. A file that an earlier try has put there
// is found by its name and size.
func (r *run) drive(e Effect, files []*bitrix.Upload) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	folder, err := r.docflowFolder(e)
	if err != nil {
		return nil, err
	}
	there := map[string]bitrix.DiskFile{}
	for f, err := range r.b24.DiskFolderChildren(r.ctx, folder, bitrix.ScanOptions{}) {
		if err != nil {
			return nil, err
		}
		there[string(f.Name)] = f
	}
	lines := make([]string, 0, len(files))
	for _, file := range files {
		stored, ok := there[file.Name]
		if !ok || int64(stored.Size) != file.Size {
			// The name is left to the portal only when another file has it: a repeat would make a second one.
			if stored, err = r.b24.DiskFolderSend(r.ctx, folder, file, bitrix.DiskUploadOptions{UniqueName: ok}); err != nil {
				return nil, err
			}
		}
		lines = append(lines, fmt.Sprintf("Файл на Диске: [URL=%s]%s[/URL] (%d МБ)", stored.DetailURL, file.Name, (file.Size+(1<<20)-1)>>20))
	}
	return lines, nil
}

func (r *run) docflowFolder(e Effect) (bitrix.ID, error) {
	root, err := r.driveRoot()
	if err != nil {
		return 0, err
	}
	bridge, err := r.folder(root, driveFolder)
	if err != nil {
		return 0, err
	}
	return r.folder(bridge, string(e.Docflow))
}

func (r *run) driveRoot() (bitrix.ID, error) {
	who, err := r.user("responsible", nil)
	if err != nil {
		return 0, err
	}
	if who > 0 {
		for storage, err := range r.b24.DiskStorages(r.ctx, bitrix.ScanOptions{Filter: map[string]any{"ENTITY_TYPE": "user", "ENTITY_ID": who}}) {
			if err != nil {
				return 0, err
			}
			return storage.RootID, nil
		}
	}
	storage, err := r.b24.DiskStorageForApp(r.ctx)
	return storage.RootID, err
}

// folder finds a folder by its name, or makes it.
func (r *run) folder(parent bitrix.ID, name string) (bitrix.ID, error) {
	find := func() (bitrix.ID, error) {
		for f, err := range r.b24.DiskFolderChildren(r.ctx, parent, bitrix.ScanOptions{Filter: map[string]any{"NAME": name}}) {
			if err != nil {
				return 0, err
			}
			if strings.EqualFold(string(f.Name), name) && f.Type == bitrix.DiskTypeFolder {
				return f.ID, nil
			}
		}
		return 0, nil
	}
	if id, err := find(); id != 0 || err != nil {
		return id, err
	}
	made, err := r.b24.DiskFolderAdd(r.ctx, parent, name)
	if errors.Is(err, bitrix.ErrExists) { // by an earlier try whose answer was lost
		return find()
	}
	return made.ID, err
}
