package bitrix_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// wanted is what one refusal means to the caller.
type wanted struct {
	status int
	class  upstream.Class
	is     error // nil: none of the sentinels
	maybe  bool  // for a write
}

// TestSystemErrors walks the table of errors that any method may give, in every case of letters.
func TestSystemErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]wanted{
		"INTERNAL_SERVER_ERROR":           {500, upstream.Retry, nil, true},
		"ERROR_UNEXPECTED_ANSWER":         {500, upstream.Retry, nil, true},
		"QUERY_LIMIT_EXCEEDED":            {503, upstream.Wait, bitrix.ErrRateLimited, false},
		"OPERATION_TIME_LIMIT":            {429, upstream.Wait, bitrix.ErrOperatingLimit, false},
		"OVERLOAD_LIMIT":                  {503, upstream.Broken, bitrix.ErrBlocked, false},
		"ERROR_BATCH_METHOD_NOT_ALLOWED":  {405, upstream.Broken, bitrix.ErrNotBatchable, false},
		"ERROR_BATCH_LENGTH_EXCEEDED":     {400, upstream.Broken, bitrix.ErrParameter, false},
		"NO_AUTH_FOUND":                   {401, upstream.Relogin, bitrix.ErrExpiredToken, false},
		"expired_token":                   {401, upstream.Relogin, bitrix.ErrExpiredToken, false},
		"invalid_token":                   {401, upstream.Relogin, bitrix.ErrExpiredToken, false},
		"INVALID_REQUEST":                 {400, upstream.Broken, bitrix.ErrParameter, false},
		"ACCESS_DENIED":                   {403, upstream.Refused, bitrix.ErrAccessDenied, false},
		"INVALID_CREDENTIALS":             {401, upstream.Refused, bitrix.ErrAccessDenied, false},
		"insufficient_scope":              {401, upstream.Refused, bitrix.ErrScope, false},
		"user_access_error":               {403, upstream.Refused, bitrix.ErrAccessDenied, false},
		"ERROR_MANIFEST_IS_NOT_AVAILABLE": {404, upstream.Broken, nil, false},
		"ERROR_METHOD_NOT_FOUND":          {404, upstream.Broken, bitrix.ErrMethodNotFound, false},
		"PORTAL_DELETED":                  {500, upstream.Retry, bitrix.ErrPortalDeleted, false},
		"METHOD_CONFIRM_WAITING":          {401, upstream.Wait, bitrix.ErrConfirmation, false},
		"METHOD_CONFIRM_DENIED":           {403, upstream.Refused, bitrix.ErrAccessDenied, false},
		"WRONG_AUTH_TYPE":                 {403, upstream.Broken, bitrix.ErrAuthKind, false},
		"allowed_only_intranet_user":      {403, upstream.Refused, bitrix.ErrAccessDenied, false},
		"ACCESS_ERROR":                    {403, upstream.Refused, bitrix.ErrAccessDenied, false},
		"INVALID_ARG_VALUE":               {400, upstream.Broken, bitrix.ErrParameter, false},
		"ERROR_ARGUMENT":                  {400, upstream.Broken, bitrix.ErrParameter, false},
		"100":                             {400, upstream.Broken, bitrix.ErrParameter, false},
		"ERROR_OAUTH":                     {401, upstream.Broken, bitrix.ErrAppGone, false},
		"NOT_INSTALLED":                   {401, upstream.Broken, bitrix.ErrAppGone, false},
		"APPLICATION_NOT_FOUND":           {401, upstream.Broken, bitrix.ErrAppGone, false},
		"authorization_error":             {401, upstream.Relogin, bitrix.ErrUserGone, false},
		"PAYMENT_REQUIRED":                {402, upstream.Refused, bitrix.ErrPaymentRequired, false},
	} {
		for _, spelling := range []string{code, strings.ToLower(code), strings.ToUpper(code)} {
			t.Run(spelling, func(t *testing.T) {
				t.Parallel()
				replies := []reply{{status: want.status, body: fmt.Sprintf(`{"error":%q}`, spelling)}}
				p := newPortal(t, append(replies, replies...)...) // a refused token is tried twice
				source := &tokens{access: "a", endpoint: p.endpoint(), next: []string{"b"}}
				_, err := bitrix.Call[int](t.Context(), clientOf(source), "crm.item.add", nil)
				requireError(t, err, want)
			})
		}
	}
}

// TestErrorsByTextAndStatus covers codes that say nothing or not enough.
func TestErrorsByTextAndStatus(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code, text string
		want       wanted
	}{
		"webhook":           {"ACCESS_DENIED", "Application context required", wanted{400, upstream.Broken, bitrix.ErrAuthKind, false}},
		"webhook, options":  {"AccessException", "Application context required", wanted{400, upstream.Broken, bitrix.ErrAuthKind, false}},
		"no administrator":  {"AccessException", "Administrator authorization required", wanted{400, upstream.Refused, bitrix.ErrAccessDenied, false}},
		"no requisite key":  {"", "The 'FIELD_NAME' field is not found.", wanted{400, upstream.Refused, bitrix.ErrParameter, false}},
		"no trigger":        {"0", "Trigger with code kb_x is not registered.", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"text in a code":    {"SOMETHING_NEW", "Not found", wanted{400, upstream.Refused, nil, false}},
		"task is done":      {"ERROR_TASK_COMPLETED", "Task already completed", wanted{400, upstream.Refused, bitrix.ErrTaskCompleted, false}},
		"file exists":       {"DISK_OBJ_22000", "", wanted{400, upstream.Refused, bitrix.ErrExists, false}},
		"disk is full":      {"", "Disk resource exhausted", wanted{400, upstream.Refused, bitrix.ErrNoRoom, false}},
		"bound, any code":   {"ERROR_CORE_X", "Unable to set event handler", wanted{400, upstream.Refused, bitrix.ErrAlreadyBound, false}},
		"plan":              {"ACCESS_DENIED", "REST API is available only on commercial plans", wanted{403, upstream.Refused, bitrix.ErrPaymentRequired, false}},
		"no card":           {"NOT_FOUND", "Element not found", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"old: no card":      {"", "Not found", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"old: no rights":    {"", "Access denied.", wanted{400, upstream.Refused, bitrix.ErrAccessDenied, false}},
		"requisite":         {"", "The Requisite with ID '5' is not found", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"no owner":          {"OWNER_NOT_FOUND", "", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"robot is there":    {"ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!", wanted{400, upstream.Refused, bitrix.ErrAlreadyInstalled, false}},
		"robot, race":       {"ERROR_ACTIVITY_ADD_FAILURE", "Activity already added!", wanted{400, upstream.Refused, bitrix.ErrAlreadyInstalled, false}},
		"robot, fault":      {"ERROR_ACTIVITY_ADD_FAILURE", "Activity save error!", wanted{400, upstream.Retry, nil, true}},
		"robot is not":      {"ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"no template":       {"ERROR_WRONG_WORKFLOW_ID", "Template not found", wanted{400, upstream.Refused, bitrix.ErrNotFound, false}},
		"no template id":    {"ERROR_WRONG_WORKFLOW_ID", "Empty TEMPLATE_ID", wanted{400, upstream.Broken, bitrix.ErrParameter, false}},
		"event is bound":    {"ERROR_CORE", "Unable to set event handler", wanted{400, upstream.Refused, bitrix.ErrAlreadyBound, false}},
		"widget is bound":   {"ERROR_CORE", "Unable to set placement handler: Handler already binded", wanted{400, upstream.Refused, bitrix.ErrAlreadyBound, false}},
		"field exists":      {"ERROR_CORE", "Field already exists", wanted{400, upstream.Refused, bitrix.ErrExists, false}},
		"stage rights":      {"-", "", wanted{400, upstream.Refused, bitrix.ErrAccessDenied, false}},
		"required field":    {"CRM_FIELD_ERROR_REQUIRED", "Fill it in<br>", wanted{400, upstream.Refused, bitrix.ErrField, false}},
		"text of a check":   {"", "The field \"Sum\" is required", wanted{400, upstream.Refused, nil, false}},
		"bare 401":          {"", "", wanted{401, upstream.Relogin, nil, false}},
		"bare 402":          {"", "", wanted{402, upstream.Refused, bitrix.ErrPaymentRequired, false}},
		"bare 403":          {"", "", wanted{403, upstream.Refused, bitrix.ErrAccessDenied, false}},
		"bare 404":          {"", "", wanted{404, upstream.Refused, bitrix.ErrNotFound, false}},
		"bare 429":          {"", "", wanted{429, upstream.Wait, bitrix.ErrRateLimited, false}},
		"bare 500":          {"", "", wanted{500, upstream.Retry, nil, true}},
		"unknown, on a 503": {"SOMETHING_NEW", "", wanted{503, upstream.Retry, nil, true}},
		"unknown":           {"SOMETHING_NEW", "", wanted{400, upstream.Refused, nil, false}},
		"error with 200":    {"ERROR_PLACEMENT_MAX_COUNT", "", wanted{200, upstream.Refused, nil, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"error":%q,"error_description":%q}`, tc.code, tc.text)
			p := newPortal(t, reply{status: tc.want.status, body: body})
			_, err := bitrix.Call[int](t.Context(), newClient(t, p), "crm.item.add", nil)
			requireError(t, err, tc.want)
		})
	}
}

func requireError(t *testing.T, err error, want wanted) {
	t.Helper()
	failed, is := errors.AsType[*bitrix.APIError](err)
	require.True(t, is, "%v", err)
	require.Equal(t, want.status, failed.Status)
	require.Equal(t, want.class, upstream.ClassOf(err), "class of %v", err)
	require.Equal(t, want.maybe, upstream.MaybeDone(err), "may be done: %v", err)
	require.Equal(t, want.class == upstream.Wait, !upstream.RetryAt(err).IsZero(), "a Wait names its time")
	for _, sentinel := range sentinels() {
		require.Equal(t, sentinel == want.is, errors.Is(err, sentinel), "%v is %q", err, sentinel)
	}
	asRead := *failed
	asRead.Method = "crm.item.get"
	require.False(t, asRead.MaybeDone(), "a read leaves nothing behind")
}

func sentinels() []error {
	return []error{
		bitrix.ErrExpiredToken, bitrix.ErrAccessDenied, bitrix.ErrScope, bitrix.ErrNotFound, bitrix.ErrMethodNotFound,
		bitrix.ErrRateLimited, bitrix.ErrOperatingLimit, bitrix.ErrBlocked, bitrix.ErrAlreadyInstalled, bitrix.ErrAlreadyBound,
		bitrix.ErrAppGone, bitrix.ErrUserGone, bitrix.ErrPortalDeleted, bitrix.ErrPaymentRequired, bitrix.ErrConfirmation,
		bitrix.ErrAuthKind, bitrix.ErrParameter, bitrix.ErrField, bitrix.ErrExists, bitrix.ErrTaskCompleted, bitrix.ErrNoRoom,
		bitrix.ErrStepGone, bitrix.ErrMoved, bitrix.ErrBadAnswer, bitrix.ErrNotRun, bitrix.ErrNotBatchable,
	}
}

func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]wanted{
		200: {class: upstream.Retry, maybe: true},
		404: {class: upstream.Retry, maybe: true},
		413: {class: upstream.Broken},
		414: {class: upstream.Broken},
		429: {class: upstream.Wait},
		502: {class: upstream.Retry, maybe: true},
		504: {class: upstream.Retry, maybe: true},
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			page := reply{status: status, body: "<html>personal data</html>", header: map[string]string{"Retry-After": "30"}}
			p := newPortal(t, page, page)
			c := newClient(t, p)
			_, err := bitrix.Call[int](t.Context(), c, "crm.item.add", nil)
			require.ErrorIs(t, err, bitrix.ErrBadAnswer)
			require.Equal(t, want.class, upstream.ClassOf(err))
			require.Equal(t, want.maybe, upstream.MaybeDone(err))
			require.Equal(t, moment.Add(30*time.Second), upstream.RetryAt(err))
			require.NotContains(t, err.Error(), "personal")
			_, err = bitrix.Call[int](t.Context(), c, "crm.item.list", nil)
			require.False(t, upstream.MaybeDone(err))
		})
	}
}

func TestRetryAfterNamesTheTime(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{status: 503, body: `{"error":"QUERY_LIMIT_EXCEEDED"}`, header: map[string]string{"Retry-After": "7"}})
	_, err := bitrix.Call[int](t.Context(), newClient(t, p), "x", nil)
	require.Equal(t, moment.Add(7*time.Second), upstream.RetryAt(err))
}

func TestStepGone(t *testing.T) {
	t.Parallel()
	refused := reply{status: 403, body: `{"error":"ACCESS_DENIED","error_description":"Access denied!"}`}
	p := newPortal(t, refused, refused, refused)
	c := newClient(t, p)
	err := c.EventSend(t.Context(), bitrix.RobotAnswer{EventToken: "secret-token"})
	require.ErrorIs(t, err, bitrix.ErrStepGone)
	require.ErrorIs(t, err, bitrix.ErrAccessDenied, "the portal has no other word for it")
	require.NotContains(t, err.Error(), "secret-token")
	require.ErrorIs(t, c.ActivityLog(t.Context(), "secret-token", "x"), bitrix.ErrStepGone)
	_, err = c.RobotList(t.Context())
	require.NotErrorIs(t, err, bitrix.ErrStepGone)
}

func TestLongDescriptionsAreClipped(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{status: 400, body: `{"error":"X","error_description":"` + strings.Repeat("ж", 5000) + `"}`})
	_, err := bitrix.Call[int](t.Context(), newClient(t, p), "x", nil)
	require.Less(t, len(err.Error()), 2100)
	require.NotContains(t, err.Error(), "\uFFFD")
}

func TestIsRead(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{
		"crm.item.get": true, "CRM.Item.List": true, "crm.deal.contact.items.get": true, "profile": true,
		"bizproc.workflow.instances": true, "disk.storage.getList": true, "server.time": true, "crm.item.fields": true,
		"crm.item.update": false, "event.offline.get": false, "batch": false, "bizproc.workflow.start": false,
		"im.notify": false, "something.new": false, "": false,
	} {
		require.Equal(t, want, bitrix.IsRead(method), method)
	}
}
