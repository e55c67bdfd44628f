package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

func TestParseWebhook(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://portal.example/rest/1/s3cr3t/": "https://portal.example/rest/1/s3cr3t/", " https://portal.example/rest/1/s3cr3t ": "https://portal.example/rest/1/s3cr3t/",
		"http://box.local:8080/rest/12/abc/": "http://box.local:8080/rest/12/abc/",
	} {
		source, err := bitrix.ParseWebhook(address)
		require.NoError(t, err, address)
		access, endpoint, err := source.Token(t.Context())
		require.NoError(t, err)
		require.Empty(t, access)
		require.Equal(t, want, endpoint)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", source, source, source), "s3cr3t")
	}
	for _, address := range []string{
		"", "portal.example/rest/1/s3cr3t/", "https://portal.example/rest/", "https://portal.example/rest/x/s3cr3t/", "https://portal.example/rest/1/s3cr3t/crm.deal.get",
		"https://portal.example/rest/1/s3cr3t/?a=1", "https://u@portal.example/rest/1/s3cr3t/", "ftp://portal.example/rest/1/s3cr3t/", "https://%zz",
	} {
		_, err := bitrix.ParseWebhook(address)
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "s3cr3t")
	}
}

func TestTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	renewals := atomic.Int64{}
	source := bitrix.NewToken("first-token", "https://portal.example/rest/", func(_ context.Context, stale string) (string, string, error) {
		renewals.Add(1)
		return stale + "+", "https://renamed.example/rest/", nil
	})
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", source, source, source), "first-token")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			access, endpoint, err := source.Refresh(t.Context(), "first-token")
			if err != nil || access != "first-token+" || endpoint != "https://renamed.example/rest/" {
				t.Errorf("refresh gave %q %q %v", access, endpoint, err)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(1), renewals.Load())
	access, endpoint, err := source.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "first-token+", access)
	require.Equal(t, "https://renamed.example/rest/", endpoint)
}

func TestTokenThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{status: 401, body: expired})
	_, err := clientOf(bitrix.NewToken("page-token", p.endpoint(), nil)).Profile(t.Context())
	require.ErrorIs(t, err, bitrix.ErrExpiredToken)
	require.Len(t, p.requests(), 1, "the same token is not tried again")

	dead := errors.New("the grant is dead")
	p = newPortal(t, reply{status: 401, body: expired})
	source := bitrix.NewToken("old-token", p.endpoint(), func(context.Context, string) (string, string, error) { return "", "", dead })
	_, err = clientOf(source).Profile(t.Context())
	require.ErrorIs(t, err, dead)
	access, _, err := source.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "old-token", access)
}

// TestApplicationsMethods walks section 7.3 of the vendor's pages on webhooks: before the call and after it.
func TestApplicationsMethods(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{
		"event.bind": true, "event.unbind": true, "event.get": true, "event.test": true, "event.offline.get": true, "EVENTS": true,
		"placement.bind": true, "placement.list": true, "bizproc.robot.add": true, "Bizproc.Robot.List": true, "bizproc.activity.add": true,
		"bizproc.workflow.template.add": true, "bizproc.workflow.template.delete": true, "crm.automation.trigger.execute": true,
		"crm.activity.configurable.add": true, "entity.item.get": true, "app.option.set": true, "disk.storage.getForApp": true,
		"app.info": false, "app.option.get": false, "bizproc.workflow.template.list": false, "bizproc.workflow.start": false, "bizproc.event.send": false,
		"crm.automation.trigger": false, "crm.item.get": false, "bizproc.activity.log": false, "im.notify": false,
	} {
		require.Equal(t, want, bitrix.NeedsApp(method), method)
		if !want {
			continue
		}
		p := newPortal(t)
		_, err := clientOf(bitrix.NewWebhook(p.endpoint()+"1/s3cr3t/")).Do(t.Context(), method, nil)
		require.ErrorIs(t, err, bitrix.ErrAuthKind, method)
		require.Equal(t, upstream.Broken, upstream.ClassOf(err))
		require.False(t, upstream.MaybeDone(err))
		require.ErrorContains(t, err, "not sent")
		require.NotContains(t, err.Error(), "s3cr3t")
		require.Empty(t, p.requests())
	}
	for name, r := range map[string]reply{
		"application context": {status: 400, body: `{"error":"ACCESS_DENIED","error_description":"Application context required"}`},
		"trigger":             {status: 400, body: `{"error":"ACCESS_DENIED","error_description":"Access denied! Application context required"}`},
		"wrong kind":          {status: 403, body: `{"error":"WRONG_AUTH_TYPE"}`},
		"configurable":        {status: 400, body: `{"error":"ERROR_WRONG_CONTEXT"}`},
		"options":             {status: 400, body: `{"error":"AccessException","error_description":"Application context required"}`},
	} {
		_, err := clientOf(bitrix.NewWebhook(newPortal(t, r).endpoint()+"1/s3cr3t/")).Do(t.Context(), "app.info", nil)
		require.ErrorIs(t, err, bitrix.ErrAuthKind, name)
		require.NotErrorIs(t, err, bitrix.ErrAccessDenied, name)
	}
	p := newPortal(t, ok(`{"result":{"result":[],"result_error":{"c00":{"error":"ACCESS_DENIED","error_description":"Application context required"}}}}`))
	batch, err := clientOf(bitrix.NewWebhook(p.endpoint()+"1/s3cr3t/")).Batch(t.Context(), []bitrix.Command{{Method: "event.get"}}, false)
	require.NoError(t, err)
	require.ErrorIs(t, batch.Commands[0].Err, bitrix.ErrAuthKind)
}
