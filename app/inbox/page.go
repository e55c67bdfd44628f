package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/bitrix"
)

// pageWindow is how long a form that is sent again is recognised: longer than its page lives.
const pageWindow = 24 * time.Hour

// MaxPageFiles bounds the files of one form together, in bytes.
const MaxPageFiles = 512 << 10

// PageAsk is an action that a person asks for in a page.
type PageAsk struct {
	Card       docflow.Card
	Code       string
	Properties bitrix.Properties
	Files      []PageFile
	UserID     int64
	Once       string // tells the same form sent again
}

// PageFile is a file of a form.
type PageFile struct {
	Param, Name string
	Data        []byte
}

// Page stores what a person asked for in the tab of a card: work like a robot's, in order with the card's other
// work. A form that is sent again, by a double press or after a lost answer, is stored once.
//
// Errors: too large files, which the page has refused before; the store's.
func (in *Inbox) Page(ctx context.Context, portal string, a PageAsk) (duplicate bool, err error) {
	c := Call{Card: a.Card, Properties: a.Properties, UserID: a.UserID}
	size := 0
	for _, f := range a.Files {
		size += len(f.Data)
		c.Files = append(c.Files, File{Param: f.Param, Name: f.Name, Sealed: in.sealer.Seal(f.Data, FileBind(portal))})
	}
	if size > MaxPageFiles {
		return false, fmt.Errorf("the files of a page's form take %d bytes, at most %d are stored", size, MaxPageFiles)
	}
	body, err := json.Marshal(c)
	if err != nil {
		return false, err
	}
	return in.PageRow(ctx, a.Once, a.UserID, lane.NewRow{Lane: portal, Part: a.Card.String(), Key: a.Properties.First("docflow_id"),
		Kind: KindPage, Code: a.Code, Body: body})
}

// PageRow stores any other row that a person's form makes, once.
func (in *Inbox) PageRow(ctx context.Context, once string, user int64, row lane.NewRow) (duplicate bool, err error) {
	return in.store.AcceptItem(ctx, Item{Row: row, Key: key(row.Lane, "page", row.Part, strconv.FormatInt(user, 10), once), Window: pageWindow})
}
