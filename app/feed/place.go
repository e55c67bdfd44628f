package feed

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"konturbridge/diadoc"
)

// place is where a box is read on. A user who does not see all documents reads those of one department. What
// narrows the feed stays the same from page to page: its keys mean nothing under other filters.
type place struct {
	department diadoc.DepartmentID
	from       diadoc.Ticks    // only what has happened since; 0: all
	key        diadoc.IndexKey // after that event; "" from the first
}

// The marks of a stored place; each part ends at a bar, the key stands last.
const (
	ofDepartment = "#"
	fromTime     = "@"
)

func placeOf(cursor string) place {
	var p place
	if rest, ok := strings.CutPrefix(cursor, ofDepartment); ok {
		department, rest, _ := strings.Cut(rest, "|")
		p.department, cursor = diadoc.DepartmentID(department), rest
	}
	if rest, ok := strings.CutPrefix(cursor, fromTime); ok {
		moment, rest, _ := strings.Cut(rest, "|")
		n, _ := strconv.ParseInt(moment, 10, 64) // written by String
		p.from, cursor = diadoc.Ticks(n), rest
	}
	p.key = diadoc.IndexKey(cursor)
	return p
}

// String writes the place as it is stored.
func (p place) String() string {
	text := ""
	if p.department != "" {
		text = ofDepartment + string(p.department) + "|"
	}
	if p.from != 0 {
		text += fromTime + strconv.FormatInt(int64(p.from), 10) + "|"
	}
	return text + string(p.key)
}

func (p place) query() diadoc.EventQuery {
	return diadoc.EventQuery{Limit: boxPage, Department: p.department, AfterIndexKey: p.key, From: p.from}
}

// BoxPosition tells where a box's feed stands now. A box without events, or whose last one tells no key, is read
// from now on by time.
func BoxPosition(ctx context.Context, client *diadoc.Client, ours diadoc.BoxID, now time.Time) (cursor string, err error) {
	department, err := departmentOf(ctx, client, ours)
	if err != nil {
		return "", err
	}
	last, ok, err := client.GetLastEvent(ctx, ours)
	if err != nil {
		return "", err
	}
	if ok && last.IndexKey != "" {
		return place{department: department, key: last.IndexKey}.String(), nil
	}
	return place{department: department, from: diadoc.TicksOf(now)}.String(), nil
}

// departmentOf is the department that the user must name to read the feed; "" for one who sees all documents.
func departmentOf(ctx context.Context, client *diadoc.Client, ours diadoc.BoxID) (diadoc.DepartmentID, error) {
	me, err := client.GetMyEmployee(ctx, ours)
	if errors.Is(err, diadoc.ErrNoAccess) || errors.Is(err, diadoc.ErrNotFound) {
		return "", nil // the feed itself will tell what is wrong
	}
	if err != nil || me.Permissions.SeesAllDocuments() {
		return "", err
	}
	return me.Permissions.UserDepartmentID, nil
}
