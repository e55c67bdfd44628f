package bitrix_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

var update = flag.Bool("update", false, "write the table of docs/bitrix24-errors.md anew")

// sample is an error that the row is meant for.
func sample(t *testing.T, row bitrix.Reaction) *bitrix.APIError {
	t.Helper()
	failed := &bitrix.APIError{Method: cmp.Or(row.Method, "crm.item.add"), Code: row.Code, Status: 400}
	if row.Code == "*" {
		failed.Code = "SOMETHING_NEW"
	}
	switch row.Status {
	case "3xx":
		failed.Status = 302
	case "5xx":
		failed.Status = 502
	case "":
	default:
		_, err := fmt.Sscanf(row.Status, "%d", &failed.Status)
		require.NoError(t, err, row.Status)
	}
	part, first := strings.CutPrefix(row.Text, "^")
	part, last := strings.CutSuffix(part, "$")
	switch {
	case part == "":
	case !first:
		part = "The portal says: " + part
		fallthrough
	case !last:
		part += ", it does"
	}
	failed.Description = strings.ToUpper(part) + "!"
	return failed
}

// TestEveryReactionIsReached gives the portal's errors to a client and finds each row of the table, and no
// other, behind the error that the caller gets.
func TestEveryReactionIsReached(t *testing.T) {
	t.Parallel()
	rows := bitrix.Reactions()
	require.Greater(t, len(rows), 120)
	for i, row := range rows {
		if row.Text != "" && strings.HasSuffix(row.Text, "$") && !strings.HasPrefix(row.Text, "^") {
			row.Text = "^" + row.Text // so that the sample ends with it
		}
		t.Run(fmt.Sprint(i, " ", row.Code, " ", row.Text), func(t *testing.T) {
			t.Parallel()
			want := sample(t, row)
			if row.Code == "redirect" {
				require.Equal(t, rows[i], want.Reaction())
				return // ours: no portal says it
			}
			answer := reply{status: want.Status, body: fmt.Sprintf(`{"error":%q,"error_description":%q}`, want.Code, want.Description)}
			p := newPortal(t, answer, answer)
			source := &tokens{access: "a", endpoint: p.endpoint(), next: []string{"b"}}
			_, err := bitrix.Call[int](t.Context(), clientOf(source), want.Method, nil)
			got, is := errors.AsType[*bitrix.APIError](err)
			if want.Status/100 == 3 {
				require.ErrorIs(t, err, bitrix.ErrMoved)
				return
			}
			require.True(t, is, "%v", err)
			require.Equal(t, rows[i], got.Reaction())
			require.Equal(t, row.Class, upstream.ClassOf(err))
			require.Equal(t, row.Open, upstream.MaybeDone(err))
			if row.Is != nil {
				require.ErrorIs(t, err, row.Is)
			}
			if row.Class == upstream.Wait {
				require.Equal(t, moment.Add(row.Pause), upstream.RetryAt(err))
			}
		})
	}
}

// TestReactionsAreWhole: every row says what it means and what is done, and a class fits the words.
func TestReactionsAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range bitrix.Reactions() {
		name := fmt.Sprint(row.Code, "|", row.Text, "|", row.Method)
		if row.Code == "*" {
			name += "|" + row.Status
		}
		require.False(t, seen[name], "%s is there twice", name)
		seen[name] = true
		require.NotEmpty(t, row.Meaning, name)
		require.NotEmpty(t, row.Does, name)
		require.NotEmpty(t, row.Then, name)
		require.Equal(t, row.Class == upstream.Wait, row.Pause > 0, "%s: a Wait has a pause", name)
		require.Equal(t, strings.ToLower(row.Text), row.Text, "%s: texts are compared in lower case", name)
		require.False(t, row.Open && row.Class != upstream.Retry, "%s: only a fault leaves a write open", name)
		require.NotContains(t, row.Meaning+row.Does+row.Then, "|")
	}
}

const (
	docOfErrors = "../docs/bitrix24-errors.md"
	tableBegins = "<!-- table: go test ./bitrix -run TestErrorsAreDocumented -update -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// docRow is a row of the table as the page shows it.
func docRow(row bitrix.Reaction) string {
	code := "`" + row.Code + "`"
	switch row.Code {
	case "":
		code = "none, `\"\"`, `0`"
	case "*":
		code = "any other"
	}
	if row.Method != "" {
		code += " of `" + row.Method + "`"
	}
	if row.Text != "" {
		code += ", text `" + strings.Trim(row.Text, "^$") + "`"
	}
	class := row.Class.String()
	if row.Is != nil {
		class += ", " + nameOf(row.Is)
	}
	if row.Open {
		class += ", a write may be done"
	}
	return fmt.Sprintf("| %s | %s | %s | %s: %s | %s |", code, cmp.Or(row.Status, "any"), row.Meaning, class, row.Does, row.Then)
}

// nameOf is a sentinel's name in the code.
func nameOf(err error) string {
	for name, sentinel := range map[string]error{
		"ErrExpiredToken": bitrix.ErrExpiredToken, "ErrAccessDenied": bitrix.ErrAccessDenied, "ErrScope": bitrix.ErrScope, "ErrNotFound": bitrix.ErrNotFound,
		"ErrMethodNotFound": bitrix.ErrMethodNotFound, "ErrRateLimited": bitrix.ErrRateLimited, "ErrOperatingLimit": bitrix.ErrOperatingLimit,
		"ErrBlocked": bitrix.ErrBlocked, "ErrAlreadyInstalled": bitrix.ErrAlreadyInstalled, "ErrAlreadyBound": bitrix.ErrAlreadyBound, "ErrAppGone": bitrix.ErrAppGone,
		"ErrUserGone": bitrix.ErrUserGone, "ErrPortalDeleted": bitrix.ErrPortalDeleted, "ErrPaymentRequired": bitrix.ErrPaymentRequired,
		"ErrConfirmation": bitrix.ErrConfirmation, "ErrAuthKind": bitrix.ErrAuthKind, "ErrParameter": bitrix.ErrParameter, "ErrField": bitrix.ErrField,
		"ErrExists": bitrix.ErrExists, "ErrTaskCompleted": bitrix.ErrTaskCompleted, "ErrNoRoom": bitrix.ErrNoRoom, "ErrStepGone": bitrix.ErrStepGone,
		"ErrMoved": bitrix.ErrMoved, "ErrNotBatchable": bitrix.ErrNotBatchable,
	} {
		if sentinel == err {
			return name
		}
	}
	return "a sentinel without a name here"
}

// TestErrorsAreDocumented compares the table of the page with the code, both ways.
func TestErrorsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docOfErrors)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(page), tableBegins)
	require.True(t, found)
	table, tail, found := strings.Cut(rest, tableEnds)
	require.True(t, found)

	coded := []string{"| Code | HTTP | Meaning | What the client does | What the bridge does |", "|---|---|---|---|---|"}
	for _, row := range bitrix.Reactions() {
		coded = append(coded, docRow(row))
	}
	if *update {
		require.NoError(t, os.WriteFile(docOfErrors, []byte(head+tableBegins+strings.Join(coded, "\n")+"\n"+tableEnds+tail), 0o600))
		return
	}
	documented := strings.Split(strings.TrimSpace(table), "\n")
	for _, row := range coded {
		require.Contains(t, documented, row, "the page lacks a row of the code")
	}
	for _, row := range documented {
		require.Contains(t, coded, row, "the page has a row that the code lacks")
	}
	require.Len(t, documented, len(coded))
}
