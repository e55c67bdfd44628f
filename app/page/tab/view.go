package tab

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

// view is the tab as its template shows it.
type view struct {
	May      bool
	Docflows []item
	Jobs     []job // that are about no docflow of the list
	Ended    []job // such ones that went well
	More     bool
	Poll     int // seconds until the tab asks again; 0: not by itself
}

// item is a docflow.
type item struct {
	ID        docflow.ID
	Title     string
	State     page.Chip
	Record    docflow.Record
	Open      bool // unfolded at first
	May       bool
	Steps     []page.Step
	Needs     string // uncertain, sign, pay, answer, failed, turn; "" when nothing is needed
	People    []person
	Unsigned  int
	Charges   []charge
	Files     []file
	Documents []document
	History   []past
	Jobs      []job
	Next      []step
	Refusal   string
	Signing   string // what a signing of Диадок waits for
	Upload    page.Field
}

// person is a signer with the statements that wait for them.
type person struct {
	Name  string
	Files []statement
	Left  int
}

type statement struct {
	file
	Signed docflow.Statement
}

// charge is a duty of one payer.
type charge struct {
	UIN, Sum, Plain string // Sum for people, Plain to be pasted into a bank's form
}

type file struct {
	Path, Title, Save string
	Signatures        []file
}

// fileAt is where a docflow's file is fetched from.
func fileAt(rec docflow.Record, id, title string) file {
	return file{Path: "/bitrix/pages/tab/docflow/" + url.PathEscape(string(rec.ID)) + "/file/" + url.PathEscape(id), Title: title, Save: saved(title)}
}

type document struct {
	docflow.Document
	Chip    page.Chip
	Steps   []page.Step
	Next    []step
	ID      docflow.ID // of the record
	Content []file
}

type past struct {
	Title string
	Entry docflow.HistoryEntry
}

// step is an action that makes sense now, as a button that opens its form.
type step struct {
	Code, Title string
	Query       string // what is known for its parameters
}

// job is work as the tab shows it.
type job struct {
	Job
	Kind string // running, waiting, refused, failed, canceled, done
	May  bool
}

// The pauses between two looks: while something runs, and while something is awaited from outside.
const (
	pollSoon  = 2
	pollLater = 5
)

func viewOf(r page.Request, card Card) view {
	v := view{May: card.May, More: card.More}
	byDocflow := map[docflow.ID][]job{}
	for _, j := range card.Jobs {
		shown := jobOf(j, card.May)
		if shown.Kind == "running" || shown.Kind == "waiting" {
			v.Poll = pollSoon
		}
		if slices.ContainsFunc(card.Docflows, func(d Docflow) bool { return d.Record.ID == j.Docflow }) {
			byDocflow[j.Docflow] = append(byDocflow[j.Docflow], shown)
		} else if shown.Kind == "done" {
			v.Ended = append(v.Ended, shown)
		} else {
			v.Jobs = append(v.Jobs, shown)
		}
	}
	for i, d := range card.Docflows {
		shown := itemOf(r.Lang, d, card.May)
		shown.Jobs = byDocflow[d.Record.ID]
		shown.Open = i == 0 || shown.Needs != "" || !d.Record.State.Final()
		if !d.Record.State.Final() && v.Poll == 0 {
			v.Poll = pollLater
		}
		if d.Record.State == docflow.Prepared {
			v.Poll = pollSoon
		}
		v.Docflows = append(v.Docflows, shown)
	}
	return v
}

func jobOf(j Job, may bool) job {
	kind := map[string]string{"waiting": "running", "done": "done", "dead": "failed", "canceled": "canceled"}[j.State]
	switch {
	case j.State == "waiting" && j.Tries > 0:
		kind = "waiting"
	case j.State == "done" && j.Refused:
		kind = "refused"
	}
	return job{j, kind, may}
}

func itemOf(lang string, d Docflow, may bool) item {
	rec := d.Record
	it := item{ID: rec.ID, Title: page.KindName(rec).In(lang), Record: rec, May: may, Steps: lineOf(lang, rec, d.History), Needs: needs(rec),
		State: page.Chip{Kind: mood(rec), Text: stateText(rec).In(lang)}}
	ru, en := rec.Fault()
	it.Refusal = page.Text{RU: ru, EN: en}.In(lang)
	it.Signing = signingText(rec.Signing).In(lang)
	it.People, it.Unsigned = peopleOf(lang, rec)
	for _, c := range rec.Charges {
		it.Charges = append(it.Charges, charge{c.UIN, c.Sum.String(), fmt.Sprintf("%d.%02d", int64(c.Sum)/100, int64(c.Sum)%100)})
	}
	for i := range rec.Files {
		it.Files = append(it.Files, resultFile(lang, rec, i))
	}
	for _, doc := range rec.Documents {
		it.Documents = append(it.Documents, documentOf(lang, rec, doc, may))
	}
	for _, h := range slices.Backward(d.History) {
		title := stepText(key(h.State, h.Requirement))
		if rec.System == docflow.Diadoc {
			if t, ok := documentText(h.State); ok {
				title = t
			}
		}
		it.History = append(it.History, past{title.In(lang), h})
	}
	if may {
		it.Next = nextOf(lang, rec)
	}
	it.Upload = page.Field{ID: "signatures-" + string(rec.ID), Name: "signatures", Kind: "file", Multiple: true, Required: true,
		Label: text("Файлы откреплённых подписей", "Detached signature files").In(lang),
		Hint:  text("Можно все сразу: мост сам поймёт, чья подпись к какому заявлению. Вместе не больше 512 КБ.", "All of them at once: the bridge finds out which statement each one signs. Together at most 512 KB.").In(lang)}
	return it
}

func stateText(rec docflow.Record) page.Text {
	if rec.System == docflow.Diadoc {
		if t, ok := documentText(rec.State); ok {
			return t
		}
	}
	return stepText(key(rec.State, rec.Requirement))
}

// needs says which panel a docflow wants.
func needs(rec docflow.Record) string {
	switch {
	case rec.State == docflow.Uncertain && rec.System == docflow.Realty:
		return "uncertain"
	case rec.State == docflow.Failed:
		return "failed"
	case rec.Signing != nil:
		return "signing"
	case rec.State != docflow.Suspended:
		return ""
	case rec.Requirement == docflow.RequireSignature:
		return "sign"
	case rec.Requirement == docflow.RequirePayment:
		return "pay"
	default:
		return "answer"
	}
}

// peopleOf groups the statements by who signs them, in the service's order.
func peopleOf(lang string, rec docflow.Record) (people []person, left int) {
	for i, s := range rec.Statements {
		at := slices.IndexFunc(people, func(p person) bool { return p.Name == s.Person })
		if at < 0 {
			at = len(people)
			people = append(people, person{Name: s.Person})
		}
		title := fmt.Sprintf("%s %d", fileText("statement").In(lang), i+1)
		people[at].Files = append(people[at].Files, statement{fileAt(rec, s.FileID, title), s})
		if s.SignedAt.IsZero() {
			people[at].Left++
			left++
		}
	}
	return people, left
}

// resultFile names a file; several of one kind are numbered.
func resultFile(lang string, rec docflow.Record, i int) file {
	f := rec.Files[i]
	title, same, number := fileText(f.Type).In(lang), 0, 0
	for at, other := range rec.Files {
		if other.Type == f.Type {
			same++
			if at <= i {
				number++
			}
		}
	}
	if same > 1 {
		title = fmt.Sprintf("%s %d", title, number)
	}
	out := fileAt(rec, f.ID, title)
	for n, id := range f.Signatures {
		name := text("Подпись", "Signature").In(lang)
		if len(f.Signatures) > 1 {
			name = fmt.Sprintf("%s %d", name, n+1)
		}
		signature := fileAt(rec, id, name)
		signature.Save = saved(title + " — " + name)
		out.Signatures = append(out.Signatures, signature)
	}
	return out
}

// saved makes a name that every system can keep a file under; its ending comes with the file.
func saved(title string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`\/:*?"<>|«»`, r) || r < ' ' {
			return '_'
		}
		return r
	}, title)
}

func documentOf(lang string, rec docflow.Record, d docflow.Document, may bool) document {
	own := rec
	own.State = d.State
	chip := page.Chip{Kind: mood(own), Text: ownText(d).In(lang)}
	doc := document{ID: rec.ID, Document: d, Chip: chip, Steps: documentLine(lang, rec, d)}
	doc.Title = cmp.Or(d.Title, d.File, d.Type)
	if d.EntityID != "" {
		doc.Content = []file{fileAt(rec, d.EntityID, cmp.Or(d.File, doc.Title))}
	}
	if may {
		doc.Next = documentNext(lang, rec, d)
	}
	return doc
}
