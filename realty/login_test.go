package realty_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200, body: string(file(t, "auth.response.json"))})
	got, err := realty.Login(t.Context(), upstream.New(upstream.WithInsecure(true)), s.url+"/",
		realty.Credentials{Login: "email@yandex.ru", Password: "123", AccountID: "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255"})
	require.NoError(t, err)
	require.Equal(t, realty.LoginAnswer{UserID: "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255", SessionID: "38f31d7246b148c8abcdf0e240a5e39d"}, got)
	request := s.seen()[0]
	require.Equal(t, "POST", request.method)
	require.Equal(t, "/realty/v1/auth", request.uri)
	require.Empty(t, request.auth)
	require.Equal(t, "application/json", request.contentType)
	require.JSONEq(t, string(file(t, "auth.request.json")), request.body)
}

func TestLoginFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		class  upstream.Class
		cause  error
	}{
		"wrong data":        {answer{status: 400, body: `{"message":"hunter2 is wrong"}`}, upstream.Refused, realty.ErrLoginRefused},
		"older 401":         {answer{status: 401}, upstream.Refused, realty.ErrLoginRefused},
		"older 403":         {answer{status: 403}, upstream.Refused, realty.ErrLoginRefused},
		"down":              {answer{status: 503}, upstream.Retry, realty.ErrUnavailable},
		"page":              {answer{status: 200, body: "<html>"}, upstream.Retry, realty.ErrBadAnswer},
		"without a session": {answer{status: 200, body: `{"userId":"u","sessionId":null}`}, upstream.Retry, realty.ErrBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, tc.answer)
			_, err := realty.Login(t.Context(), upstream.New(upstream.WithInsecure(true)), s.url, realty.Credentials{Password: "hunter2"})
			require.ErrorIs(t, err, tc.cause)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.False(t, upstream.MaybeDone(err), "a login may be repeated")
			require.NotContains(t, err.Error(), "hunter2")
			require.Len(t, s.seen(), 1)
		})
	}
}

func TestLoginUnreachable(t *testing.T) {
	t.Parallel()
	_, err := realty.Login(t.Context(), upstream.New(), "http://localhost:1", realty.Credentials{})
	require.ErrorIs(t, err, upstream.ErrInsecure)
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"credentials": realty.Credentials{Login: "l", Password: "hunter2", AccountID: "a"},
		"answer":      realty.LoginAnswer{UserID: "u", SessionID: "hunter2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", value)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", value, value, value)+log.String(), "hunter2")
			require.Contains(t, log.String(), "***")
		})
	}
}
