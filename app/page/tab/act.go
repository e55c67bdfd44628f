package tab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

// start lists what can be started.
func (p *pages) start(_ context.Context, r page.Request) (page.Response, error) {
	type group struct {
		Title   page.Text
		Choices []Choice
	}
	realty, diadoc := group{Title: text("Контур.Реестро", "Kontur Reestro")}, group{Title: text("Контур.Диадок", "Kontur Diadoc")}
	for _, c := range p.Forms.Choices() {
		if c.System == docflow.Diadoc {
			diadoc.Choices = append(diadoc.Choices, c)
		} else {
			realty.Choices = append(realty.Choices, c)
		}
	}
	return p.set.Render(r, "start", []group{realty, diadoc})
}

// form draws an action's form with what the card knows.
func (p *pages) form(ctx context.Context, r page.Request) (page.Response, error) {
	code := r.Query.Get("code")
	if code == "" {
		return p.start(ctx, r)
	}
	f, err := p.Forms.Form(ctx, r.Session, r.Lang, code, r.Query)
	if err != nil {
		return page.Response{}, err
	}
	return p.set.Render(r, "form", formView{Form: f})
}

// formView is a form with what is wrong with what was filled in.
type formView struct {
	Form
	Faults []page.Fault
}

// foldFrom is how many fields a form has when those that are seldom needed are folded.
const foldFrom = 7

// Main are the fields that are shown at once: a long form begins with what must be filled in and what is known.
func (f formView) Main() []page.Field {
	main, _ := f.parts()
	return main
}

// More are the others.
func (f formView) More() []page.Field {
	_, more := f.parts()
	return more
}

// Unfold reports whether something is wrong with one of them.
func (f formView) Unfold() bool {
	return slices.ContainsFunc(f.More(), func(field page.Field) bool { return field.Fault != "" })
}

func (f formView) parts() (main, more []page.Field) {
	for _, field := range f.Fields {
		seldom := !field.Required && field.Kind != "file" && len(field.Options) == 0 && (field.Value == "" || field.Kind == "check")
		if seldom && len(f.Fields) >= foldFrom {
			more = append(more, field)
		} else {
			main = append(main, field)
		}
	}
	return main, more
}

// act stores an action, or shows its form again with the faults at the fields.
func (p *pages) act(ctx context.Context, r page.Request) (page.Response, error) {
	code := r.Params["code"]
	if err := small(r.Files); err != nil {
		return page.Response{}, err
	}
	faults := p.Forms.Faults(r.Lang, code, withNames(r))
	if len(faults) > 0 {
		return p.faulty(ctx, r, code, faults)
	}
	again, err := p.Do.Act(ctx, r.Session, Ask{Code: code, Values: r.Form, Files: r.Files, Once: r.Once})
	if err != nil {
		return page.Response{}, err
	}
	done := accepted(again)
	list, err := p.start(ctx, r)
	done.HTML = list.HTML
	return done, err
}

// withNames is what a form says, where a file that came with it stands for a value of its parameter.
func withNames(r page.Request) url.Values {
	values := url.Values{}
	for name, given := range r.Form {
		values[name] = slices.Clone(given)
	}
	for _, f := range r.Files {
		values.Add(f.Field, f.Name)
	}
	return values
}

func (p *pages) faulty(ctx context.Context, r page.Request, code string, faults map[string]string) (page.Response, error) {
	f, err := p.Forms.Form(ctx, r.Session, r.Lang, code, r.Form)
	if err != nil {
		return page.Response{}, err
	}
	v := formView{Form: f}
	for i, field := range v.Fields {
		if fault := faults[field.Name]; fault != "" {
			v.Fields[i].Fault = fault
			v.Faults = append(v.Faults, page.Fault{Field: field.ID, Text: field.Label + ": " + fault})
		}
	}
	out, err := p.set.Render(r, "form", v)
	out.Status = http.StatusUnprocessableEntity
	return out, err
}

// small refuses files that are too large to be signatures. They go into the database with the request.
func small(files []page.Upload) error {
	total := 0
	for _, f := range files {
		total += len(f.Data)
		if len(f.Data) == 0 {
			return &page.Problem{RU: fmt.Sprintf("Файл «%s» пустой. Выберите его заново.", f.Name), EN: fmt.Sprintf("The file %q is empty. Choose it again.", f.Name)}
		}
	}
	if total > MaxFiles {
		return &page.Problem{RU: fmt.Sprintf("Файлы вместе больше %d КБ. Здесь принимаются только файлы подписей; документы приложите к полям карточки.", MaxFiles>>10),
			EN: fmt.Sprintf("The files are larger than %d KB together. Only signature files are taken here; attach documents to the card's fields.", MaxFiles>>10)}
	}
	return nil
}

// sign hands signature files over. Which of them goes to which statement is found out when they are worked.
func (p *pages) sign(ctx context.Context, r page.Request) (page.Response, error) {
	if len(r.Files) == 0 {
		return page.Response{}, &page.Problem{RU: "Выберите файлы подписей (.sig).", EN: "Choose the signature files (.sig)."}
	}
	if err := small(r.Files); err != nil {
		return page.Response{}, err
	}
	for i := range r.Files {
		r.Files[i].Field = "signatures"
	}
	return p.do(ctx, r, "realty_sign", r.Files)
}

// submit sends a signed docflow on.
func (p *pages) submit(ctx context.Context, r page.Request) (page.Response, error) {
	return p.do(ctx, r, "realty_submit", nil)
}

func (p *pages) do(ctx context.Context, r page.Request, code string, files []page.Upload) (page.Response, error) {
	again, err := p.Do.Act(ctx, r.Session, Ask{Code: code, Values: url.Values{"docflow_id": {r.Params["id"]}}, Files: files, Once: r.Once})
	if err != nil {
		return page.Response{}, err
	}
	return accepted(again), nil
}

// decide stores what a person found out about a docflow that may not exist.
func (p *pages) decide(ctx context.Context, r page.Request) (page.Response, error) {
	err := p.Do.Decide(ctx, r.Session, Decision{Docflow: docflow.ID(r.Params["id"]), Verdict: r.Form.Get("verdict"),
		ExternalID: strings.TrimSpace(r.Form.Get("external_id")), Once: r.Once})
	if err != nil {
		return page.Response{}, err
	}
	return accepted(false), nil
}

// retry has failed work tried again.
func (p *pages) retry(ctx context.Context, r page.Request) (page.Response, error) {
	id, err := strconv.ParseInt(r.Params["id"], 10, 64)
	if err != nil {
		return page.Response{}, page.NotFound()
	}
	if err := p.Do.Retry(ctx, r.Session, id); err != nil {
		return page.Response{}, err
	}
	return accepted(false), nil
}

// accepted says that something is stored; the regions show what becomes of it.
func accepted(again bool) page.Response {
	if again {
		return page.Response{Say: page.Good("Это уже принято, второй раз не выполняется.", "This was taken before; it is not done twice."), Refresh: true}
	}
	return page.Response{Say: page.Good("Принято, выполняем.", "Taken, it is being done."), Refresh: true}
}
