package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

//go:embed page
var pageFiles embed.FS

// policy lets the page load its own files and call its own server, nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// maxPost caps what the page posts; the largest is a file in base64.
const maxPost = 32 << 20

func (s *Sandbox) routePage() {
	page := template.Must(template.ParseFS(pageFiles, "page/*.html")) // embedded: can fail in tests only
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		render(w, page, "index.html", policy+"; frame-src 'self' "+strings.Join(s.appHosts(), " "), texts(r))
	})
	s.mux.Handle("GET /page/", secure(http.FileServerFS(pageFiles)))
	s.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.mux.HandleFunc("GET /control/sandbox/state", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, s.pageState(r.URL.Query().Get("portal")))
	})
	s.mux.HandleFunc("GET /control/sandbox/card", s.serveCard)
	s.mux.HandleFunc("GET /control/sandbox/file", s.serveFile)
	s.mux.HandleFunc("GET /control/sandbox/open", func(w http.ResponseWriter, r *http.Request) { s.serveOpen(w, r, page) })
	for _, verb := range []string{"move", "field", "upload", "sign", "lever"} {
		s.mux.HandleFunc("POST /control/sandbox/"+verb, func(w http.ResponseWriter, r *http.Request) { s.serveAct(w, r, verb) })
	}
}

func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") || strings.HasSuffix(r.URL.Path, ".html") {
			http.NotFound(w, r) // neither a list of files nor bare templates
			return
		}
		setHeaders(w, policy)
		next.ServeHTTP(w, r)
	})
}

func setHeaders(w http.ResponseWriter, policy string) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
}

func render(w http.ResponseWriter, page *template.Template, name, policy string, data any) {
	var buf bytes.Buffer
	if err := page.ExecuteTemplate(&buf, name, data); err != nil {
		http.Error(w, "page failed", http.StatusInternalServerError)
		return
	}
	setHeaders(w, policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = buf.WriteTo(w)
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"internal"}`)
	}
	setHeaders(w, policy)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// serveAct takes JSON only: a form of another origin can't send it unasked.
func (s *Sandbox) serveAct(w http.ResponseWriter, r *http.Request, verb string) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		answer(w, http.StatusUnsupportedMediaType, map[string]string{"error": "application/json is wanted"})
		return
	}
	var a act
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPost))
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	switch err := s.do(verb, a); {
	case err == nil:
		answer(w, http.StatusOK, map[string]bool{"ok": true})
	case errors.Is(err, errNoPortal), errors.Is(err, errNoCard), errors.Is(err, errNoField), errors.Is(err, errNoLever):
		answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	default:
		answer(w, http.StatusConflict, map[string]string{"error": err.Error()})
	}
}

func (s *Sandbox) serveCard(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := s.portal(query.Get("portal"))
	typ, _ := strconv.Atoi(query.Get("type")) // zero finds nothing
	id, _ := strconv.Atoi(query.Get("id"))
	if p == nil {
		answer(w, http.StatusNotFound, map[string]string{"error": errNoPortal.Error()})
		return
	}
	found, ok := details(p, typ, id)
	if !ok {
		answer(w, http.StatusNotFound, map[string]string{"error": errNoCard.Error()})
		return
	}
	answer(w, http.StatusOK, found)
}

// serveFile hands a file out as a download: what a card holds is never shown as a page of this origin.
func (s *Sandbox) serveFile(w http.ResponseWriter, r *http.Request) {
	p := s.portal(r.URL.Query().Get("portal"))
	id, _ := strconv.Atoi(r.URL.Query().Get("id"))
	if p == nil {
		http.NotFound(w, r)
		return
	}
	name, data, ok := p.File(id)
	if !ok {
		http.NotFound(w, r)
		return
	}
	setHeaders(w, policy)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	_, _ = w.Write(data)
}
