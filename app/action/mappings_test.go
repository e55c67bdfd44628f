package action

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// TestMappingsAreCompiledOnce: an equal tree is the same mapping, another one is another.
func TestMappingsAreCompiledOnce(t *testing.T) {
	t.Parallel()
	m := &mappings{all: map[[32]byte]*mapping.Mapping{}}
	tree := func(s string) map[string]any { return map[string]any{"a": s, "b": []any{"{{ deal.TITLE }}", 1}} }
	first, err := m.compiled(tree("x"))
	require.NoError(t, err)
	again, err := m.compiled(tree("x"))
	require.NoError(t, err)
	require.Same(t, first, again)
	other, err := m.compiled(tree("y"))
	require.NoError(t, err)
	require.NotSame(t, first, other)
	for i := range maxMappings + 1 {
		_, err = m.compiled(tree(fmt.Sprint(i)))
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(m.all), maxMappings)
	_, err = m.compiled("{{ nonsense( }}")
	var refusal *docflow.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "bad_mapping", refusal.Code)
	_, err = m.compiled(map[string]any{"a": func() {}})
	require.ErrorAs(t, err, &refusal)
}

func TestContentIsToldByItsBytes(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{"%PDF-1.4": "pdf", "\xef\xbb\xbf<?xml": "xml", " \r\n<a/>": "xml", "PK": "", "": ""} {
		kind, contentType := contentOf([]byte(data))
		require.Equal(t, want, kind)
		require.Equal(t, want == "", contentType == "")
	}
}

// TestRefusalsAreForPeople: in Russian, with what to do, and without the chain of errors.
func TestRefusalsAreForPeople(t *testing.T) {
	t.Parallel()
	portal := func(code, text string) error {
		return &bitrix.APIError{Method: "crm.item.get", Status: 400, Code: code, Description: text}
	}
	service := func(status int, cause error) error {
		return &realty.APIError{Op: "POST /docflows", Status: status, Class: upstream.Refused, Cause: cause}
	}
	for name, tc := range map[string]struct {
		err  error
		code string
		says string
	}{
		"nothing":               {nil, "", ""},
		"a bug":                 {context.Canceled, "", ""},
		"a passing fault":       {&bitrix.APIError{Code: "QUERY_LIMIT_EXCEEDED"}, "", ""},
		"a card that is gone":   {portal("NOT_FOUND", "Element not found"), "portal_refused", "не найдены (Element not found)"},
		"a right that lacks":    {portal("ACCESS_DENIED", ""), "portal_refused", "нет прав"},
		"a scope that lacks":    {portal("insufficient_scope", ""), "portal_refused", "scope"},
		"a plan":                {portal("PAYMENT_REQUIRED", ""), "portal_refused", "тариф"},
		"anything else":         {portal("novelty", ""), "portal_refused", "портал отказал"},
		"a wrong password":      {service(400, realty.ErrLoginRefused), "no_access", "логин и пароль"},
		"an unknown docflow":    {service(404, realty.ErrNotFound), "not_found", "не находит"},
		"a refusal in no words": {service(400, realty.ErrRefused), "service_refused", "код ответа 400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusal := refusalFor(tc.err)
			if tc.code == "" {
				require.Nil(t, refusal)
				return
			}
			require.Equal(t, tc.code, refusal.Code)
			require.Contains(t, refusal.CRMText, tc.says)
			require.NotContains(t, refusal.CRMText, "crm.item.get")
			require.NotEmpty(t, refusal.TextEN)
			require.ErrorIs(t, refusal, tc.err)
		})
	}
}
