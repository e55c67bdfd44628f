package realtysim

import (
	"net/http"
	"time"
)

type event struct {
	token   string
	at      time.Time
	docflow *docflow
	view    view
}

// move changes what a docflow shows, writes its history and tells the account's news.
func (s *Server) move(d *docflow, cause string, v view) {
	at := s.cfg.Now()
	d.now, d.moved = v, at
	d.history = append(d.history, Step{At: at, State: v.state, Cause: cause})
	a := d.account
	d.last = event{token: newToken(), at: at, docflow: d, view: v}
	a.events = append(a.events, d.last)
	a.tokens[d.last.token] = len(a.events)
	s.cfg.Log.Info("reestro docflow", "docflow", d.id, "type", d.typ, "state", v.state, "cause", cause)
	s.notify()
}

// news is method 5. Without after it gives only the token of now; after excludes the event that it names.
func (s *Server) news(req request) reply {
	a := req.who.account
	from, known := len(a.events), true
	if req.hasNext {
		from, known = a.tokens[req.after]
	}
	if !known {
		status := http.StatusBadRequest
		if s.sw.RefusedToken != 0 {
			status = s.sw.RefusedToken
		}
		return refuse(status, "validation", "unknown token", "news.after")
	}
	items := []wireItem{}
	for _, e := range a.events[from:min(from+s.cfg.NewsPage, len(a.events))] {
		items = append(items, s.item(e))
	}
	if len(items) == 0 && req.hasNext && s.sw.LastToken == LastTokenNoContent {
		return reply{status: http.StatusNoContent}
	}
	key := s.sw.NewsKey
	if key == "" {
		key = "docflowNewsItem"
	}
	page := map[string]any{key: items}
	switch {
	case req.hasNext && s.sw.LastToken == LastTokenAbsent:
	case req.hasNext && s.sw.LastToken == LastTokenNull:
		page["lastToken"] = nil
	default:
		page["lastToken"] = s.lastToken(req, from, items)
	}
	return jsonReply(http.StatusOK, page)
}

func (s *Server) lastToken(req request, from int, items []wireItem) string {
	a := req.who.account
	switch {
	case len(items) > 0:
		return items[len(items)-1].Token
	case req.hasNext && s.sw.LastToken == LastTokenChanges:
		token := newToken()
		a.tokens[token] = from
		return token
	case req.hasNext:
		return req.after
	case len(a.events) > 0:
		return a.events[len(a.events)-1].token
	}
	if a.start == "" {
		a.start = newToken()
		a.tokens[a.start] = 0
	}
	return a.start
}
