package demo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// TestGuideOfTheCard goes on where TestCardTab took the straight way: the registrar suspends what was filed, more
// documents are brought, and it is cancelled.
func TestGuideOfTheCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := visit(t, w)
	b.Desktop()
	d := b.submitted(t)

	require.NoError(t, w.Box.Realty.Suspend(d.ID))
	require.NoError(t, w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Sale, map[string]any{
		"UF_CRM_KB_EXTRA":     []any{w.Portal.AddFile("План.pdf", []byte("%PDF-1.4\n% sandbox plan\n%%EOF\n"))},
		"UF_CRM_KB_EXTRA_SIG": []any{w.Portal.AddFile("План.pdf.sig", []byte("sandbox signature of the plan"))},
	}))
	b.soon(`Boolean(document.querySelector("section.panel.now")?.innerText.includes("ответить Росреестру"))`)
	b.look("tab-answer")
	b.pressNext("Донести документы")
	b.See("#act-documents")
	b.Ask(`[...document.querySelectorAll("#act-documents option")].forEach((o) => { o.selected = o.value.startsWith("UF_CRM_KB_EXTRA"); })`)
	b.look("tab-package")
	b.Click("#act-now")
	b.filed(realtysim.TypePacket)

	b.soon(`document.querySelectorAll("#work article.card").length === 2`)
	b.pressNext("Приостановить или отменить")
	b.See("#act-cause")
	b.fill("#act-cause", "Стороны передумали")
	b.look("tab-cancel")
	b.Click("#act-now")
	require.Contains(t, fmt.Sprint(b.filed(realtysim.TypeAction).Options), "cancel")
}

// submitted files the sale and hands over its signatures, up to the registrar.
func (v *visitor) submitted(t *testing.T) realtysim.Docflow {
	t.Helper()
	v.opened()
	v.signed(v.signatures(t))
	d := v.filed(realtysim.TypeMovement)
	require.NoError(t, v.w.Until(t.Context(), "it is checked", func() bool { return v.w.Box.Realty.Dispatch(d.ID) == nil }))
	return d
}

// opened files the sale from its tab, up to the statements that are to be signed.
func (v *visitor) opened() {
	v.T.Helper()
	v.card(v.w.Demo.Sale, 1, "ru")
	v.Click("#start-Kontur\\ Reestro summary")
	v.Click("#start-realty_create")
	v.See("#act-docflow_type")
	v.Click("#act-now")
	v.toSign()
}

// toSign waits until signatures are asked for: by itself, since a page that is hurried may redraw what is pressed.
func (v *visitor) toSign() {
	v.T.Helper()
	v.Until(`Boolean(document.querySelector("#work form[id^=sign] input[type=file]"))`)
}

// signed drops signature files and submits.
func (v *visitor) signed(files []string) {
	v.T.Helper()
	v.Upload("#work input[type=file]", files)
	v.Until(`document.querySelector("[data-chosen]")?.innerText.includes(` + strconv.Quote(filepath.Base(files[0])) + `)`)
	v.Click("#work form[id^=sign] button")
	v.Until(`Boolean(document.querySelector("#work form[id^=submit] button"))`)
	v.Click("#work form[id^=submit] button")
}

// TestSignaturesRepaired: signatures that the service's check does not pass come back with the reason, and are put
// right in the tab.
func TestSignaturesRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Box.Realty.SetSwitches(realtysim.Switches{BadSignaturesSuspend: true})
	b := visit(t, w)
	b.Desktop()
	b.opened()
	d := b.filed(realtysim.TypeMovement)
	var swapped []string // each statement is signed by who has to sign the other one
	for i, st := range d.Statements {
		data, err := w.Box.Realty.SignatureOf(d.ID, st.FileID, d.Statements[(i+1)%len(d.Statements)].Persons[0])
		require.NoError(t, err)
		swapped = append(swapped, filepath.Join(t.TempDir(), fmt.Sprintf("чужая-%d.sig", i+1)))
		require.NoError(t, os.WriteFile(swapped[i], data, 0o600))
	}
	b.signed(swapped)
	b.Until(`document.querySelector("#work article.card")?.innerText.includes("подпись не прошла проверку")`)
	b.toSign()
	b.look("tab-signature-refused")
	b.signed(b.signatures(t))
	require.NoError(t, w.Until(t.Context(), "it is checked", func() bool { return w.Box.Realty.Dispatch(d.ID) == nil }))
	b.soon(`document.querySelector("#work article.card .chip")?.innerText === "В Росреестре"`)
	require.Len(t, w.Box.Realty.Docflows(), 1)
}

// filed waits for a docflow of a type at the service.
func (v *visitor) filed(kind string) (found realtysim.Docflow) {
	v.T.Helper()
	require.NoError(v.T, v.w.Until(v.T.Context(), kind+" is filed", func() bool {
		for _, d := range v.w.Box.Realty.Docflows() {
			if d.Type == kind {
				found = d
			}
		}
		return found.ID != ""
	}))
	return found
}

// pressNext presses what makes sense with a docflow now.
func (v *visitor) pressNext(words string) {
	v.T.Helper()
	v.Until(`[...document.querySelectorAll("#work .actions button")].some((e) => e.innerText === ` + strconv.Quote(words) + `)`)
	v.Ask(`[...document.querySelectorAll("#work .actions button")].find((e) => e.innerText === ` + strconv.Quote(words) + `).click()`)
}

// TestEnglishPages: whoever chose English reads English, but for names of the portal's own and of the services.
func TestEnglishPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := visit(t, w)
	b.Desktop()
	b.start(1, "en")
	b.english("settings")
	for path, name := range map[string]string{"first?step=connect": "first", "connections": "connections", "triggers/new": "trigger", "mappings": "mappings",
		"reactions/new": "reaction", "robots": "robots", "roles": "roles", "file": "file", "history": "history"} {
		b.section("settings/" + path)
		b.english("settings-" + name)
	}
	for _, name := range []string{"journal", "health"} {
		b.journal(name, 1, "en")
		b.english(name)
	}
	b.card(w.Demo.Extract, 1, "en")
	b.Click("#start-Kontur\\ Reestro summary")
	b.Click("#start-realty_extract")
	b.See("#act-cadastral_number")
	b.english("tab-extract")
}

// english requires that no word of a page is Russian, and pictures it.
func (v *visitor) english(name string) {
	v.T.Helper()
	words := v.text("main h1, main h2, main h3, main button:not([data-insert]), main label, main .hint, main .muted, main nav a, main th, main summary")
	words = regexp.MustCompile(`Админ Анна|Менеджер Максим|Реестро|Росреестр|Диадок|Контур|[«"][^»"]*[»"]`).ReplaceAllString(words, "")
	require.Empty(v.T, regexp.MustCompile(`.*[А-Яа-яё].*`).FindAllString(words, 5), name)
	v.look("en-" + name)
}
