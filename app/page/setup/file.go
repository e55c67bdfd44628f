package setup

import (
	"bytes"
	"context"
	"io"

	"konturbridge/app/page"
)

type fileView struct {
	frame
	Text  page.Field
	Lines []string // what is wrong, with lines
}

// file shows the settings as the file that the command line shows and applies. It works on settings that this bridge
// does not understand, too: a file can replace them.
func (p *pages) file(ctx context.Context, r page.Request) (page.Response, error) {
	stored, err := p.Settings.Show(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	return p.showFile(ctx, r, string(stored), nil)
}

func (p *pages) showFile(ctx context.Context, r page.Request, content string, lines []string) (page.Response, error) {
	now, err := p.Settings.Read(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	view := fileView{frame: p.frame("file", now, r), Lines: lines,
		Text: page.Field{ID: "text", Name: "text", Label: say(r, "Настройки целиком (YAML)", "The whole settings (YAML)"), Value: content}}
	view.First = false
	if len(lines) > 0 {
		view.keep(r)
		view.Text.Fault = say(r, "Ничего не изменено: исправьте строки, названные выше.", "Nothing was changed: correct the lines named above.")
	}
	return p.form(r, "file", view, len(lines) > 0)
}

func (p *pages) download(ctx context.Context, r page.Request) (page.Response, error) {
	stored, err := p.Settings.Show(ctx, r.Session.Portal)
	return page.Response{File: &page.File{Name: "kontur-bridge-" + r.Session.Domain + ".yaml", Type: "application/yaml", Size: int64(len(stored)),
		Body: io.NopCloser(bytes.NewReader(stored))}}, err
}

// apply makes a whole file the settings: an uploaded one, else what was pasted.
func (p *pages) apply(ctx context.Context, r page.Request) (page.Response, error) {
	content := r.Form.Get("text")
	for _, f := range r.Files {
		content = string(f.Data)
	}
	problems, err := p.Settings.Apply(ctx, r.Session.Portal, by(r), []byte(content))
	if err != nil {
		return page.Response{}, p.fault(ctx, r, err)
	}
	if len(problems) > 0 {
		var lines []string
		for _, one := range problems {
			lines = append(lines, say(r, one.Russian(), one.String()))
		}
		return p.showFile(ctx, r, content, lines)
	}
	answer, err := p.file(ctx, r)
	answer.Say = page.Good("Настройки применены.", "The settings are applied.")
	return answer, err
}
