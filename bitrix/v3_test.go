package bitrix_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

type task struct {
	ID    bitrix.ID   `json:"id"`
	Title bitrix.Text `json:"title"`
}

func TestV3(t *testing.T) {
	t.Parallel()
	p := newPortal(t,
		reply{200, `{"result":{"item":{"id":5,"title":"Проверить"}},"time":{"duration":0.1}}`, map[string]string{"Idempotent-Replayed": "true"}},
		ok(`{"result":{"items":[{"id":5}]}}`), ok(`{"result":{"result":true}}`))
	c := newClient(t, p)
	one, answer, err := bitrix.CallV3[bitrix.V3Item[task]](t.Context(), c, "tasks.task.add", map[string]any{"fields": map[string]string{"title": "Проверить"}},
		bitrix.V3Options{IdempotencyKey: "df-1/5"})
	require.NoError(t, err)
	require.Equal(t, task{5, "Проверить"}, one.Item)
	require.True(t, answer.Replayed)
	many, answer, err := bitrix.CallV3[bitrix.V3Items[task]](t.Context(), c, "tasks.task.list", nil, bitrix.V3Options{})
	require.NoError(t, err)
	require.Len(t, many.Items, 1)
	require.False(t, answer.Replayed)
	flag, _, err := bitrix.CallV3[bitrix.V3Value[bitrix.Flag]](t.Context(), c, "tasks.task.delete", nil, bitrix.V3Options{})
	require.NoError(t, err)
	require.True(t, bool(flag.Result))

	sent := p.requests()
	require.Equal(t, "/rest/api/tasks.task.add", sent[0].Path)
	require.Equal(t, "df-1/5", sent[0].Header.Get("Idempotency-Key"))
	require.Equal(t, "application/json", sent[0].Header.Get("Content-Type"))
	require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","fields":{"title":"Проверить"}}`, sent[0].Body)
	require.Empty(t, sent[1].Header.Get("Idempotency-Key"))
}

func TestV3WithWebhook(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"openapi":"3.0.0","paths":{}}`), ok(`{"result":{"tasks.task.get":"task"}}`))
	c := clientOf(bitrix.NewWebhook(p.endpoint() + "1/secret/"))
	document, err := c.V3OpenAPI(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"openapi":"3.0.0","paths":{}}`, string(document), "a document without the usual frame")
	scopes, err := c.V3Scopes(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"tasks.task.get":"task"}`, string(scopes))
	require.Equal(t, "/rest/api/1/secret/rest.documentation.openapi", p.requests()[0].Path)
	require.Equal(t, "/rest/api/1/secret/rest.scope.list", p.requests()[1].Path)
}

func TestV3Errors(t *testing.T) {
	t.Parallel()
	p := newPortal(t,
		reply{status: 400, body: `{"error":{"code":"BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION","message":"Wrong request","validation":[{"field":"id","message":"Required"}]}}`},
		reply{status: 400, body: `{"error":{"code":"BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUNDEXCEPTION","message":"No task","validation":"?"}}`},
		reply{status: 404, body: `{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}`},
		ok(`{"openapi":1}`))
	c := newClient(t, p)
	_, err := c.DoV3(t.Context(), "tasks.task.get", nil, bitrix.V3Options{})
	require.ErrorIs(t, err, bitrix.ErrParameter)
	failed, is := errors.AsType[*bitrix.APIError](err)
	require.True(t, is)
	require.Equal(t, []bitrix.FieldError{{Field: "id", Message: "Required"}}, failed.Fields)
	require.Equal(t, upstream.Broken, upstream.ClassOf(err))
	_, _, err = bitrix.CallV3[any](t.Context(), c, "tasks.task.get", nil, bitrix.V3Options{})
	require.ErrorIs(t, err, bitrix.ErrNotFound)
	_, err = c.V3OpenAPI(t.Context())
	require.ErrorIs(t, err, bitrix.ErrMethodNotFound)
	_, err = c.DoV3(t.Context(), "tasks.task.get", nil, bitrix.V3Options{})
	require.ErrorIs(t, err, bitrix.ErrBadAnswer, "only the description has no frame")
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, key := range []string{strings.Repeat("k", 256), "ключ", "a\nb", "a\x7f"} {
		_, err := newClient(t, p).DoV3(t.Context(), "x", nil, bitrix.V3Options{IdempotencyKey: key})
		require.ErrorContains(t, err, "idempotency key")
	}
	_, err := newClient(t, p).DoV3(t.Context(), "x", []int{1}, bitrix.V3Options{})
	require.Error(t, err, "parameters are an object")
	require.Empty(t, p.requests())
}
