package feed

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/realty"
)

// safetyEvery is how often docflows that no news has touched for safetyAge are read one by one.
const (
	safetyEvery = 30 * time.Minute
	safetyAge   = 6 * time.Hour
	safetyBatch = 20
	safetyList  = 1000 // open docflows of a connection that are looked through for those to read
)

// checked is how far the safety net has come with a connection.
type checked struct {
	at   time.Time
	last docflow.ID // read last: the next time goes on behind it
}

// safetyNet reads docflows one by one that no news has touched for long, some at a time and in turn: what
// stands still stays open for weeks, and must not keep the others from being looked at.
func (n *News) safetyNet(ctx context.Context, client *realty.Client, conn portal.Connection) ([]lane.Write, error) {
	at, now := followed{string(conn.Portal), conn.Name}, n.Now()
	n.mu.Lock()
	seen := n.safety[at]
	due := now.Sub(seen.at) >= safetyEvery
	if due {
		n.safety[at] = checked{now, seen.last}
	}
	n.mu.Unlock()
	if !due {
		return nil, nil
	}
	open, err := n.Store.OpenDocflows(ctx, at.portal, at.connection, now.Add(-safetyAge), safetyList)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	first := slices.IndexFunc(open, func(r docflow.Record) bool { return r.ID == seen.last }) + 1 // 0: it is not there any more
	turn := slices.Concat(open[first:], open[:first])
	turn = turn[:min(len(turn), safetyBatch)]
	n.mu.Lock()
	n.safety[at] = checked{now, turn[len(turn)-1].ID}
	n.mu.Unlock()
	return n.catchUp(ctx, client, turn)
}

func (n *News) catchUp(ctx context.Context, client *realty.Client, open []docflow.Record) ([]lane.Write, error) {
	var writes []lane.Write
	for _, rec := range open {
		d, err := client.Get(ctx, realty.DocflowID(rec.ExternalID))
		if errors.Is(err, realty.ErrNotFound) || errors.Is(err, realty.ErrNoAccess) {
			continue
		}
		if err != nil {
			return nil, err
		}
		writes = append(writes, docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: FromRealty(d, docflow.CauseGet, "", n.Now())})
	}
	return writes, nil
}

// guidPattern finds ids in what is not understood.
var guidPattern = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// concerned picks the docflows that items which can't be read are about: whatever form an item has, it names its
// docflow by an id. One without any id may be about each of them; then some are read, and the safety net has
// the rest.
func concerned(strange []realty.NewsItem, open []docflow.Record) (picked []docflow.Record) {
	named, blind := map[string]bool{}, false
	for _, item := range strange {
		ids := guidPattern.FindAllString(strings.ToLower(string(item.Raw)), -1)
		blind = blind || len(ids) == 0
		for _, id := range ids {
			named[id] = true
		}
	}
	others := 0
	for _, rec := range open {
		switch {
		case named[rec.ExternalID], named[strings.ToLower(rec.RequestID)]:
			picked = append(picked, rec)
		case blind && others < safetyBatch:
			others++
			picked = append(picked, rec)
		}
	}
	return picked
}
