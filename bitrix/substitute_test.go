package bitrix_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

// heirs is a token source whose users are lost one after the other.
type heirs struct {
	*tokens
	left    []string
	because []error
	refused error
}

func (h *heirs) Substitute(_ context.Context, stale string, because error) (string, string, error) {
	h.because = append(h.because, because)
	_, endpoint, _ := h.Token(context.Background())
	if h.refused != nil {
		return "", "", h.refused
	}
	if len(h.left) == 0 {
		return stale, endpoint, nil
	}
	next := h.left[0]
	h.left = h.left[1:]
	return next, endpoint, nil
}

func TestLostUserIsSubstituted(t *testing.T) {
	t.Parallel()
	gone := reply{status: 401, body: `{"error":"authorization_error","error_description":"Unable to authorize user"}`}
	shut := reply{status: 403, body: `{"error":"user_access_error"}`}
	app := reply{status: 401, body: `{"error":"NOT_INSTALLED"}`}
	for name, tc := range map[string]struct {
		replies []reply
		left    []string
		calls   int
		want    error
	}{
		"dismissed":           {[]reply{gone, ok(`{"result":true}`)}, []string{"second"}, 2, nil},
		"closed to the user":  {[]reply{shut, ok(`{"result":true}`)}, []string{"second"}, 2, nil},
		"application removed": {[]reply{app, ok(`{"result":true}`)}, []string{"other"}, 2, nil},
		"two in a row":        {[]reply{gone, gone, ok(`{"result":true}`)}, []string{"second", "third"}, 3, nil},
		"nobody is left":      {[]reply{gone}, nil, 1, bitrix.ErrUserGone},
		"no end of them": {[]reply{gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone},
			[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}, 11, bitrix.ErrUserGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, tc.replies...)
			source := &heirs{tokens: &tokens{access: "first", endpoint: p.endpoint()}, left: tc.left}
			_, err := bitrix.Call[bool](t.Context(), clientOf(source), "app.info", nil)
			require.ErrorIs(t, err, tc.want)
			require.Len(t, p.requests(), tc.calls)
			for _, because := range source.because {
				require.Error(t, because)
			}
		})
	}
	t.Run("it cannot be asked now", func(t *testing.T) {
		t.Parallel()
		p := newPortal(t, gone)
		away := errors.New("the database is away")
		_, err := bitrix.Call[bool](t.Context(), clientOf(&heirs{tokens: &tokens{access: "first", endpoint: p.endpoint()}, refused: away}), "app.info", nil)
		require.ErrorIs(t, err, away)
	})
	t.Run("a source without any", func(t *testing.T) {
		t.Parallel()
		p := newPortal(t, gone)
		_, err := bitrix.Call[bool](t.Context(), newClient(t, p), "app.info", nil)
		require.ErrorIs(t, err, bitrix.ErrUserGone)
	})
}
