package docflow_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

func TestEveryStateIsReachable(t *testing.T) {
	t.Parallel()
	reached := map[docflow.State]bool{docflow.Prepared: true}
	for queue := []docflow.State{docflow.Prepared}; len(queue) > 0; queue = queue[1:] {
		for _, next := range queue[0].Moves() {
			require.True(t, next.Known(), next)
			if !reached[next] {
				reached[next] = true
				queue = append(queue, next)
			}
		}
	}
	require.Len(t, reached, len(docflow.States()))
}

func TestOnlyFinalStatesEnd(t *testing.T) {
	t.Parallel()
	for _, s := range docflow.States() {
		if !s.Final() {
			require.NotEmpty(t, s.Moves(), s)
		}
		require.True(t, s.Expects(s), "a repeat is never unexpected")
		if s != docflow.Uncertain { // a person may have it filed once more
			require.NotContains(t, s.Moves(), docflow.Prepared, "nothing leads back before the filing")
		}
	}
	require.Empty(t, docflow.Completed.Moves())
	require.Equal(t, []docflow.State{docflow.Suspended}, docflow.Failed.Moves(), "only signatures may be asked for again")
	require.False(t, docflow.State("frozen").Known())
	require.False(t, docflow.State("frozen").Final(), "an unknown word stays watched")
	require.True(t, docflow.Sent.Expects(docflow.Completed))
	require.False(t, docflow.Completed.Expects(docflow.Sent))
}

func TestMovesAreCopies(t *testing.T) {
	t.Parallel()
	docflow.Sent.Moves()[0] = "spoiled"
	require.NotContains(t, docflow.Sent.Moves(), docflow.State("spoiled"))
}

// diadocPart begins the part of the page that the table of Реестро's states does not make.
const diadocPart = "\n## Диадок"

// TestStatesPage keeps docs/states.md equal to the table, up to Диадок's part; -update writes it.
func TestStatesPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "states.md")
	page := statesPage(t)
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	ours, rest, _ := strings.Cut(string(stored), diadocPart)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page+diadocPart+rest), 0o644))
		ours = page
	}
	require.Equal(t, page, ours, "run: go test ./app/docflow -run StatesPage -update")
}

func statesPage(t *testing.T) string {
	t.Helper()
	words := map[docflow.State][2]string{
		docflow.Prepared:  {"запрос собран и сохранён, Реестро о нём ещё не знает", "frozen and stored, not yet known to the service"},
		docflow.Uncertain: {"ответ на создание потерян и документооборот не найден: решает человек", "the answer to the creation was lost and it was not found: a person decides"},
		docflow.Queued:    {"принят, ожидает отправки в Росреестр", "accepted, waiting to be sent to the registrar"},
		docflow.Verified:  {"проверяются подписи", "signatures are being checked"},
		docflow.Suspended: {"кто-то должен действовать: подписать, оплатить или ответить Росреестру", "somebody must act: sign, pay or answer the registrar"},
		docflow.Sent:      {"на рассмотрении в Росреестре", "with the registrar"},
		docflow.Completed: {"исполнен, результат получен", "done, with its result"},
		docflow.Failed:    {"завершён без результата", "ended without a result"},
	}
	var b strings.Builder
	b.WriteString("# Статусы документооборота · States of a docflow\n\n" +
		"Эта страница построена из таблицы в `app/docflow/state.go`; тест не даёт им разойтись.\n" +
		"This page is made of the table in `app/docflow/state.go`; a test keeps them equal.\n\n" +
		"```mermaid\nstateDiagram-v2\n    [*] --> prepared\n")
	for _, s := range docflow.States() {
		for _, next := range s.Moves() {
			fmt.Fprintf(&b, "    %s --> %s\n", s, next)
		}
		if s.Final() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\n| статус · state | значение | meaning | дальше · next |\n| --- | --- | --- | --- |\n")
	for _, s := range docflow.States() {
		text, ok := words[s]
		require.True(t, ok, "the state %s has no text", s)
		var next []string
		for _, n := range s.Moves() {
			next = append(next, "`"+string(n)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s, text[0], text[1], strings.Join(next, ", "))
	}
	b.WriteString("\n`suspended` уточняет требование · `suspended` is told apart by its requirement:\n\n" +
		"| requirement | нужно | wanted |\n| --- | --- | --- |\n" +
		"| `signature` | подписать заявления и отправить | sign the statements and submit |\n" +
		"| `payment` | оплатить пошлину | pay the state duty |\n" +
		"| `result` | прочитать документы Росреестра и отправить дополнительный пакет | read the registrar's papers and send an additional package |\n" +
		"| пусто · empty | требования ещё не известны | not known yet |\n\n" +
		"Новости могут пропускать и повторять статусы: любой другой переход тоже принимается и лишь отмечается в истории. Слово, которого\n" +
		"нет в таблице, сохраняется как пришло. Из `error` обратно ведёт только новая просьба о подписях.\n\n" +
		"News may skip and repeat states: any other move is taken too and only marked in the history. A word that is not in the table is\n" +
		"kept as it came. The only way back from `error` is a new request for signatures.\n")
	return b.String()
}
