package page_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/page"
)

func TestRender(t *testing.T) {
	t.Parallel()
	pages, err := page.New()
	require.NoError(t, err)
	hostile := `"><script>alert(1)</script>`
	inline := regexp.MustCompile(`(?i)\son\w+=|style=|<style|<script>|<script [^>]*>[^<]|javascript:`)
	for name, texts := range map[string][2]string{
		page.Install: {"Установка моста", "Installing the bridge"},
		page.Main:    {"Сначала журнал", "First the journal"},
		page.Card:    {"Документообороты карточки", "Docflows of this card"},
		page.Bare:    {"из портала", "from within"},
		page.Robot:   {"Вставить поле", "Insert a field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, lang := range []string{"ru", "en"} {
				for _, withCard := range []bool{false, true} {
					out, err := pages.Render(name, page.View{
						Lang: lang, Session: hostile, Portal: hostile, Waiting: hostile, Frame: true, HasCard: withCard, Robot: robotForm(hostile),
						Tabs: []page.Tab{{Path: "journal", RU: "Сначала журнал", EN: "First the journal"}, {Path: hostile, RU: "Настройки", EN: "Settings"}},
					})
					require.NoError(t, err)
					require.Contains(t, string(out), texts[i])
					require.NotContains(t, string(out), texts[1-i])
					require.NotContains(t, string(out), "alert(1)</script>")
					require.NotRegexp(t, inline, string(out), "the content policy allows nothing inline")
				}
			}
		})
	}
	_, err = pages.Render("none.html", page.View{})
	require.Error(t, err)
}

// robotForm has every kind of field, all of it written by somebody hostile.
func robotForm(text string) page.RobotForm {
	choices := []page.Choice{{Value: text, Label: text, For: text, Selected: true}}
	return page.RobotForm{Title: text, Insert: choices, Fresh: true, Fields: []page.RobotField{
		{ID: text, Label: text, Kind: page.FieldText, Value: text, Required: true},
		{ID: text, Label: text, Kind: page.FieldLines, Value: text},
		{ID: text, Label: text, Kind: page.FieldChoice, Value: text, Choices: choices, By: text, Typed: true},
	}}
}

func TestARuleThatCannotBeSetUp(t *testing.T) {
	t.Parallel()
	pages, err := page.New()
	require.NoError(t, err)
	out, err := pages.Render(page.Robot, page.View{Lang: "ru", Session: "signed", Robot: page.RobotForm{Title: "x", Fault: "Этого действия <больше> нет."}})
	require.NoError(t, err)
	require.Contains(t, string(out), "Этого действия &lt;больше&gt; нет.")
	require.NotContains(t, string(out), "<form")
	require.NotContains(t, string(out), "signed", "the page asks for nothing, so it holds no session")
}

func TestPortalsScriptOnlyInAPortal(t *testing.T) {
	t.Parallel()
	pages, err := page.New()
	require.NoError(t, err)
	for frame, want := range map[bool]bool{true: true, false: false} {
		out, err := pages.Render(page.Main, page.View{Lang: "ru", Frame: frame})
		require.NoError(t, err)
		require.Equal(t, want, regexp.MustCompile(`api\.bitrix24\.com`).Match(out))
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"": "ru", "ru": "ru", "RU": "ru", "by": "ru", "kz": "ru", "en": "en", "de": "en", "la": "en"} {
		require.Equal(t, want, page.Language(lang), lang)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	pages, err := page.New()
	require.NoError(t, err)
	whole, packed := 0, 0
	for name, want := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8",
		"htmx.min.js": "text/javascript; charset=utf-8", "robot.js": "text/javascript; charset=utf-8"} {
		asset, ok := pages.Asset(name)
		require.True(t, ok)
		require.Equal(t, want, asset.Type)
		require.NotEmpty(t, asset.Version)
		unpacked, err := gzip.NewReader(bytes.NewReader(asset.Packed))
		require.NoError(t, err)
		body, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		require.Equal(t, asset.Body, body)
		whole, packed = whole+len(asset.Body), packed+len(asset.Packed)
	}
	require.Less(t, whole, 100_000, "all assets together, unpacked")
	require.Less(t, packed, 35_000)
	for _, name := range []string{"", "none.css", "page.go", "../page.go", "vendor/htmx.min.js", "htmx.LICENSE", `..\page.css`} {
		_, ok := pages.Asset(name)
		require.False(t, ok, name)
	}
}
