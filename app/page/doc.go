// Package page holds what all embedded pages share: the frame around them, the interface between a page
// package and the web, templates with their helpers, one style sheet, one script.
//
// # The parts
//
// Bitrix24 opens a page with a POST and gets the frame: a shell that shows nothing of the portal but its
// address and carries the session, a short-lived value of the bridge's own. Everything else is a fragment
// of HTML that the frame asks for under /bitrix/pages/ with the session in the Authorization header. A
// session is never in a cookie or a URL.
//
// A page package (tab, journal, setup) gives a [Desk]: its places in the header of the main page and its
// routes. It declares the small interfaces that it needs, app satisfies them, and it knows neither Fiber
// nor store:
//
//	//go:embed templates/*.html
//	var templates embed.FS
//
//	func New(d Deps) (page.Desk, error) {
//		set, err := page.NewSet(templates, "templates/*.html")
//		p := &pages{d, set}
//		return page.Desk{
//			Tabs:   []page.Tab{{Path: "journal", RU: "Журнал", EN: "Journal", Right: page.Journal}},
//			Routes: []page.Route{
//				{Method: "GET", Path: "journal", Right: page.Journal, Do: p.list},
//				{Method: "POST", Path: "journal/:id/retry", Right: page.Journal, Do: p.retry},
//			},
//		}, err
//	}
//
//	func (p *pages) list(ctx context.Context, r page.Request) (page.Response, error) {
//		return p.set.Render(r, "list", view)
//	}
//
// # Routes
//
// A route is below /bitrix/pages/. GET changes nothing; what changes something is a POST. Before Do runs,
// the mount has checked the session (401), that the portal is active and that the session may ([May], 403),
// has parsed the query, the form and the files (all together at most 1 MiB), and has set a deadline: two
// seconds, or twenty for a Slow route, which asks Bitrix24 or Kontur something. Answers are never stored by
// anybody (Cache-Control: no-store).
//
// A fragment that a GET gives has a version (a hash of its bytes): what the page shows already is answered
// 204 and nothing is swapped. So a fragment must look the same while nothing changes: no random value and no
// "seconds ago" in it.
//
// Errors: return a [*Problem] to say in both languages what is wrong and what to do. Of anything else people
// see that the bridge failed, and the log sees why. A failed GET is shown in the place of the fragment with a
// button to try again, a failed POST as a message; a form with faults is rendered again with its faults at the
// fields (Response.Status 422, templates "field" and "faults").
//
// # Templates
//
// A [Set] is parsed once for each language, so that texts need no language passed around:
//
//	{{t "Журнал" "Journal"}}                 the text in the page's language, Russian first
//	{{pick .TextRU .TextEN}}                 the same for data; an empty English text falls back to Russian
//	{{say .Name}}                            the same for a [Text]
//	{{when .At}}                             a moment, shown in the browser's own time zone
//	{{exact .At}}                            the same to the second
//	{{day .At}}                              its date
//	{{icon "copy"}}                          an inline picture: copy, check, alert, clock, file, download, up, retry, close, ruble, pen, link, info, plus
//	{{template "chip" chip "good" "Готово"}} a state: good, warn, bad, wait, plain
//	{{template "empty" empty "Пусто" "…"}}   nothing to show: what and what to do
//	{{template "copy" "text to copy"}}       a button that copies
//	{{template "steps" .Steps}}              a line of [Step]
//	{{template "field" .Field}}              a [Field] with label, hint and fault
//	{{template "faults" .Faults}}            what is wrong with a form, each linked to its field
//	{{template "notice" notice "bad" "…"}}   a notice within the page
//
// The style sheet knows panel, card, table-wrap, form-row, actions, button (primary, quiet, danger), chip,
// steps, notice, empty, facts (dl), files, drop, muted, visually-hidden; assets/page.css is the list.
//
// # What moves
//
// htmx does it (hx-get, hx-post, hx-target, hx-swap, hx-include, hx-encoding), without eval and without inline
// styles: no hx-on, no hx-vals with js:, no filters in hx-trigger. What page.js adds:
//
//	data-region="/bitrix/pages/journal"  an element that loads its content by itself, and again on "refresh". A GET
//	                  with hx-target on it (a filter, the next page) moves it to that address
//	data-poll="3"     anywhere in a region's fragment: the region asks again every 3 seconds as long as it is there.
//	                  What somebody has begun to fill is never overwritten. Give an id to what may hold the focus, and
//	                  to details, which stay open by it
//	data-home="…"     in what a POST puts into a region: the address that the region asks from then on
//	data-filter       on a form that is no input: it does not hold back the polling
//	data-focus        on a heading with tabindex="-1": gets the keyboard when what was pressed is gone
//	data-copy="…"     copies on a press
//	data-download="…" on a link (href) to a page's file: fetched with the session, saved under that name
//	data-preview="…"  the same, shown in a dialog under that title (PDF, images, XML and texts)
//	data-path="…"     on a link into the portal: opened in the portal's slider where there is one
//	data-open="id"    opens the <dialog> of that id; data-close within a dialog closes it
//	data-confirm="…"  on what has hx-post: asks before
//	data-drop         around an input of files: takes dropped files too; data-chosen in it lists what was chosen
//
// The frame has one main with the id view; on the main page it is a region and its address is the chosen tab's.
// A form is answered with the fragment of its target (usually the whole region, hx-target="#view"), with status 422
// when it has faults.
//
// A POST carries a one-time value ([Request.Once]): the same form sent twice, by a double press or after a lost
// answer, has the same one. Response.Say shows a message in the live region; Response.Refresh makes every
// region ask again.
package page
