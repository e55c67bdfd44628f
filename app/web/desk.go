package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/internal/upstream"
)

// pagesPath is where the fragments of pages are.
const pagesPath = "/bitrix/pages/"

// The headers that the pages' script sends.
const (
	onceHeader = "Bridge-Once" // tells a form that is sent again
	langHeader = "Bridge-Lang"
	htmxHeader = "HX-Request"
)

const (
	// A form's one-time value is random, so it has a length.
	minOnce = 16
	maxOnce = 64
	// packFrom is how many bytes of HTML are worth packing.
	packFrom = 1400
	// maxFiles bounds how many files one form brings.
	maxFiles = 50
)

// factsOf is a session as page packages see it.
func (h *handlers) factsOf(s portal.Session, p portal.Portal) page.Session {
	return page.Session{Portal: string(s.Portal), Domain: p.Domain, Origin: p.Origin(), User: s.UserID, Admin: s.Admin, Card: s.Card}
}

// tabs lists the places of the main page that a user may see.
func (h *handlers) tabs(ctx context.Context, s page.Session) ([]page.Tab, error) {
	var all, others []page.Tab
	for _, desk := range h.deps.Desks {
		for _, tab := range desk.Tabs {
			ok, err := h.deps.May(ctx, s, tab.Right)
			if err != nil {
				return nil, err
			}
			switch {
			case ok && tab.Else:
				others = append(others, tab)
			case ok:
				all = append(all, tab)
			}
		}
	}
	if len(all) == 0 {
		return others, nil
	}
	return all, nil
}

// ask makes the handler of a page's route.
func (h *handlers) ask(route page.Route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		lang := page.Language(strings.Clone(c.Get(langHeader)))
		ctx, cancel := stored(c)
		if route.Slow {
			cancel()
			ctx, cancel = proving(c)
		}
		defer cancel()
		r, err := h.asked(ctx, c, route)
		if err == nil {
			r.Lang = lang
			var answer page.Response
			if answer, err = route.Do(ctx, r); err == nil {
				return h.reply(c, lang, answer)
			}
		}
		return h.troubled(c, lang, pagesPath+route.Path, err)
	}
}

// asked checks who asks and reads what is asked. Nothing in it refers to Fiber's buffers.
func (h *handlers) asked(ctx context.Context, c *fiber.Ctx, route page.Route) (page.Request, error) {
	s, err := h.session(c)
	if err != nil {
		return page.Request{}, err
	}
	p, ok := h.deps.Trust.Get(s.Portal)
	if !ok || p.State != portal.Active {
		return page.Request{}, portal.ErrUnknown
	}
	r := page.Request{Session: h.factsOf(s, p), Params: map[string]string{}, Form: url.Values{}}
	allowed, err := h.deps.May(ctx, r.Session, route.Right)
	if err != nil {
		return r, err
	}
	if !allowed {
		return r, fmt.Errorf("%w: the session may not %s", portal.ErrDenied, route.Right)
	}
	for name, value := range c.AllParams() {
		plain, err := url.PathUnescape(strings.Clone(value))
		if err != nil {
			return r, malformed("the address cannot be read")
		}
		r.Params[strings.Clone(name)] = plain
	}
	if r.Query, err = url.ParseQuery(string(c.Request().URI().QueryString())); err != nil {
		return r, malformed("the query cannot be read")
	}
	if route.Method == http.MethodGet {
		return r, nil
	}
	if r.Once = strings.Clone(c.Get(onceHeader)); len(r.Once) < minOnce || len(r.Once) > maxOnce {
		return r, malformed("the header " + onceHeader + " is missing")
	}
	return r, readForm(c, &r)
}

// readForm reads a form of either encoding.
func readForm(c *fiber.Ctx, r *page.Request) error {
	kind, params, err := mime.ParseMediaType(string(c.Request().Header.ContentType()))
	switch {
	case len(c.BodyRaw()) == 0:
		return nil
	case err == nil && kind == "application/x-www-form-urlencoded":
		if r.Form, err = url.ParseQuery(string(c.BodyRaw())); err != nil {
			return malformed("the form cannot be read")
		}
		return nil
	case err == nil && kind == "multipart/form-data":
		return readParts(multipart.NewReader(strings.NewReader(string(c.BodyRaw())), params["boundary"]), r)
	default:
		return malformed("the form is of an unknown kind")
	}
}

// readParts reads a form with files; the whole body is bounded before.
func readParts(parts *multipart.Reader, r *page.Request) error {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return malformed("the form cannot be read")
		}
		data, err := io.ReadAll(part)
		switch {
		case err != nil:
			return malformed("the form cannot be read")
		case part.FileName() == "" && part.Header.Get("Content-Type") == "":
			r.Form.Add(part.FormName(), string(data))
		case part.FileName() == "" && len(data) == 0: // an input of files in which nothing was chosen
		case len(r.Files) >= maxFiles:
			return &page.Problem{RU: fmt.Sprintf("Файлов больше %d. Отправьте их частями.", maxFiles),
				EN: fmt.Sprintf("There are more than %d files. Send them in parts.", maxFiles)}
		default:
			r.Files = append(r.Files, page.Upload{Field: part.FormName(), Name: part.FileName(), Data: data})
		}
	}
}

// reply sends what a page package answers.
func (h *handlers) reply(c *fiber.Ctx, lang string, a page.Response) error {
	if err := announce(c, lang, a); err != nil {
		return &bug{err}
	}
	if a.Status != 0 {
		c.Status(a.Status)
	}
	switch {
	case a.File != nil:
		return sendFile(c, a.File)
	case a.JSON != nil:
		return c.JSON(a.JSON)
	case a.HTML != nil:
		return sendHTML(c, a.HTML)
	case a.Status == 0:
		c.Status(http.StatusNoContent)
	}
	return nil
}

// announce says what the page's script does beside showing the answer.
func announce(c *fiber.Ctx, lang string, a page.Response) error {
	events := map[string]any{}
	if a.Say != nil {
		events["say"] = map[string]string{"kind": a.Say.Kind, "text": page.Text{RU: a.Say.RU, EN: a.Say.EN}.In(lang)}
	}
	if a.Refresh {
		events["refresh"] = true
	}
	if len(events) == 0 {
		return nil
	}
	text, err := json.Marshal(events)
	c.Set("HX-Trigger", ascii(text))
	return err
}

// ascii writes a JSON text as a header can carry it.
func ascii(text []byte) string {
	var b strings.Builder
	for _, r := range string(text) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteToASCII(string(r)), `"`))
	}
	return b.String()
}

// sendHTML sends a fragment, unless the page shows it already.
func sendHTML(c *fiber.Ctx, body []byte) error {
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	if c.Method() == http.MethodGet && c.Response().StatusCode() == http.StatusOK {
		version := page.Version(body)
		c.Set(fiber.HeaderETag, version)
		if c.Get(fiber.HeaderIfNoneMatch) == version {
			return c.SendStatus(http.StatusNoContent)
		}
	}
	if len(body) >= packFrom && takesGzip(c) {
		c.Vary(fiber.HeaderAcceptEncoding)
		c.Set(fiber.HeaderContentEncoding, "gzip")
		body = page.Pack(body)
	}
	return c.Send(body)
}

// sendFile sends a file to be kept. The server closes it.
func sendFile(c *fiber.Ctx, f *page.File) error {
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox; frame-ancestors 'none'")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	kind := f.Type
	if kind == "" {
		kind = fiber.MIMEOctetStream
	}
	c.Set(fiber.HeaderContentType, kind)
	return c.SendStream(f.Body, int(f.Size))
}

// troubled answers an error of a page's route: to a region as HTML in its place, to a form as a message, to a
// script as JSON. The log has the reason.
func (h *handlers) troubled(c *fiber.Ctx, lang, route string, err error) error {
	f := spoken(err, lang)
	status := f.Status
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	h.deps.Log.LogAttrs(c.UserContext(), level, "page refused", slog.String("route", route), slog.Int("status", status),
		slog.String("reason", err.Error()))
	again := ""
	if c.Method() == http.MethodGet && (status >= http.StatusInternalServerError || status == http.StatusUnprocessableEntity) {
		again = strings.Clone(c.OriginalURL())
	}
	c.Response().Reset()
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(status)
	if c.Get(htmxHeader) != "true" {
		return c.JSON(fiber.Map{"error": f})
	}
	if c.Method() != http.MethodGet && status != http.StatusUnauthorized {
		c.Set("HX-Reswap", "none")
		return announce(c, lang, page.Response{Say: &page.Message{Kind: "bad", RU: f.Message, EN: f.Message}})
	}
	if status == http.StatusUnauthorized {
		c.Set("HX-Retarget", "#view")
	}
	c.Set("HX-Reswap", "innerHTML")
	body, err := h.deps.Pages.Failure(lang, page.Failure{Kind: kindOf(status), Text: f.Message, Again: again})
	if err != nil {
		return &bug{err}
	}
	return sendHTML(c, body)
}

func kindOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "ended"
	case http.StatusForbidden:
		return "denied"
	case http.StatusNotFound:
		return "missing"
	default:
		return "broken"
	}
}

// spoken is an error as people read it.
func spoken(err error, lang string) failure {
	if p, ok := errors.AsType[*page.Problem](err); ok {
		return failure{cmp.Or(p.Status, http.StatusUnprocessableEntity), "refused", page.Text{RU: p.RU, EN: p.EN}.In(lang)}
	}
	if said, ok := errors.AsType[*docflow.Refusal](err); ok {
		return failure{http.StatusUnprocessableEntity, "refused", page.Text{RU: said.CRMText, EN: said.TextEN}.In(lang)}
	}
	if upstream.ClassOf(err) == upstream.Refused {
		return failure{http.StatusBadGateway, "upstream_refused", page.Text{RU: "Сервис отказал: этого у него нет, или учётной записи оно недоступно. Обновите страницу; если не поможет, обратитесь к администратору.",
			EN: "The service refused: it does not have this, or the account may not see it. Reload the page; if that does not help, ask the administrator."}.In(lang)}
	}
	f := failureOf(err)
	texts := map[int][2]string{
		http.StatusUnauthorized:        {"Страница была открыта больше часа назад. Закройте её и откройте снова.", "This page was opened more than an hour ago. Close it and open it again."},
		http.StatusForbidden:           {"Это доступно не всем. Обратитесь к администратору портала.", "Not everybody may do this. Ask the portal's administrator."},
		http.StatusBadRequest:          {"Запрос не удалось прочитать. Обновите страницу и повторите.", "The request could not be read. Reload the page and try again."},
		http.StatusInternalServerError: {"В мосте произошла ошибка. Она записана в журнал сервера.", "The bridge failed. The server's log has the reason."},
		http.StatusServiceUnavailable:  {"Мост или сервис, к которому он обращается, сейчас не отвечает. Повторите через минуту.", "The bridge, or a service that it asks, does not answer now. Try again in a minute."},
	}
	if text, ok := texts[f.Status]; ok {
		f.Message = page.Text{RU: text[0], EN: text[1]}.In(lang)
	}
	return f
}
