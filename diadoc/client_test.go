package diadoc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	post := func(ctx context.Context, c *diadoc.Client) error {
		_, err := c.PostMessage(ctx, "o", diadoc.MessageToPost{FromBoxID: myBox})
		return err
	}
	get := func(ctx context.Context, c *diadoc.Client) error {
		_, err := c.GetCounteragent(ctx, myBox, otherBox)
		return err
	}
	poll := func(ctx context.Context, c *diadoc.Client) error {
		_, err := diadoc.AcquireTask{MyBox: myBox, ID: "t"}.Poll(ctx, c)
		return err
	}
	parse := func(ctx context.Context, c *diadoc.Client) error {
		_, err := c.ParseInvoiceXml(ctx, []byte("<x/>"))
		return err
	}
	for name, tc := range map[string]struct {
		call      func(context.Context, *diadoc.Client) error
		status    int
		header    string // Retry-After
		class     upstream.Class
		cause     error
		maybeDone bool
		wait      time.Duration
	}{
		"malformed":              {post, 400, "", upstream.Refused, diadoc.ErrBadRequest, false, 0},
		"no subscription":        {post, 402, "", upstream.Refused, diadoc.ErrNoSubscription, false, 0},
		"no access":              {post, 403, "", upstream.Refused, diadoc.ErrNoAccess, false, 0},
		"no relation":            {get, 404, "", upstream.Refused, diadoc.ErrNotFound, false, 0},
		"wrong verb":             {post, 405, "", upstream.Broken, diadoc.ErrBadAnswer, false, 0},
		"duplicate":              {post, 409, "", upstream.Refused, diadoc.ErrConflict, false, 0},
		"failed task":            {poll, 409, "", upstream.Refused, diadoc.ErrTaskFailed, false, 0},
		"failed task, as a 409":  {poll, 409, "", upstream.Refused, diadoc.ErrConflict, false, 0},
		"unknown task":           {poll, 404, "", upstream.Refused, diadoc.ErrNotFound, false, 0},
		"ended":                  {parse, 410, "", upstream.Broken, diadoc.ErrGone, false, 0},
		"content type":           {post, 415, "", upstream.Broken, diadoc.ErrBadAnswer, false, 0},
		"other 4xx":              {post, 418, "", upstream.Refused, diadoc.ErrBadRequest, false, 0},
		"rate":                   {get, 429, "7", upstream.Wait, diadoc.ErrTooManyRequests, false, 7 * time.Second},
		"rate without a time":    {get, 429, "", upstream.Wait, diadoc.ErrTooManyRequests, false, 15 * time.Second},
		"rate until a date":      {get, 429, "Sat, 21 Nov 2026 03:05:05 GMT", upstream.Wait, diadoc.ErrTooManyRequests, false, time.Minute},
		"rate until yesterday":   {get, 429, "Fri, 20 Nov 2026 03:05:05 GMT", upstream.Wait, diadoc.ErrTooManyRequests, false, 0},
		"rate with nonsense":     {get, 429, "9223372036854775807", upstream.Wait, diadoc.ErrTooManyRequests, false, 15 * time.Second},
		"rate with a word":       {get, 429, "soon", upstream.Wait, diadoc.ErrTooManyRequests, false, 15 * time.Second},
		"failed read":            {get, 500, "", upstream.Retry, diadoc.ErrUnavailable, false, 0},
		"failed send":            {post, 500, "", upstream.Retry, diadoc.ErrUnavailable, true, 0},
		"proxy":                  {post, 502, "", upstream.Retry, diadoc.ErrUnavailable, true, 0},
		"closed with a time":     {get, 503, "30", upstream.Wait, diadoc.ErrUnavailable, false, 30 * time.Second},
		"slow request":           {post, 408, "", upstream.Retry, diadoc.ErrUnavailable, true, 0},
		"redirect":               {post, 302, "", upstream.Retry, diadoc.ErrBadAnswer, true, 0},
		"send still runs":        {post, 204, "3", upstream.Wait, diadoc.ErrNotReady, false, 3 * time.Second},
		"send runs, no time":     {post, 204, "", upstream.Wait, diadoc.ErrNotReady, false, 15 * time.Second},
		"send runs, with a 200":  {post, 200, "3", upstream.Wait, diadoc.ErrNotReady, false, 3 * time.Second},
		"task still runs":        {poll, 204, "20", upstream.Wait, diadoc.ErrNotReady, false, 20 * time.Second},
		"unexpected empty":       {get, 204, "", upstream.Retry, diadoc.ErrBadAnswer, false, 0},
		"unexpected, with a try": {get, 204, "4", upstream.Wait, diadoc.ErrNotReady, false, 4 * time.Second},
		"unreadable send":        {post, 200, "", upstream.Retry, diadoc.ErrBadAnswer, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := map[string]string{"X-Diadoc-ErrorCode": "code"}
			if tc.header != "" {
				header["Retry-After"] = tc.header
			}
			body := "Отказ: token-0"
			if tc.status == 204 {
				body = ""
			}
			err := tc.call(t.Context(), newService(t, answer{tc.status, body, header}).client())
			require.ErrorIs(t, err, tc.cause)
			require.Equal(t, tc.class, upstream.ClassOf(err), err)
			require.Equal(t, tc.maybeDone, upstream.MaybeDone(err))
			if tc.class == upstream.Wait {
				require.Equal(t, fixed().Add(tc.wait), upstream.RetryAt(err))
			} else {
				require.True(t, upstream.RetryAt(err).IsZero())
			}
			require.NotContains(t, err.Error(), "token-0", "no secret in an error")
		})
	}
}

func TestErrorsForSupport(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{409, "Document\n already exists", map[string]string{"X-Diadoc-ErrorCode": "Diadoc.X"}})
	err := s.client().Delete(t.Context(), myBox, "m", "")
	failure := apiError(t, err)
	require.Equal(t, "diadoc: Delete: the state forbids it (status 409): Document already exists", err.Error())
	require.Equal(t, "Diadoc.X", failure.Code)
	require.Equal(t, myBox, failure.BoxID)
	require.Equal(t, fixed(), failure.At)
	require.False(t, failure.Temporary())
	require.Equal(t, diadoc.Text{RU: "уже удалено", EN: "deleted already"}, failure.Explanation())
	for status, want := range map[int]string{
		402: "у организации нет подписки на API Диадока",
		403: "нет доступа к ящику или документу либо не хватает прав",
		404: "в этом ящике нет ничего с таким идентификатором",
		500: "",
	} {
		err := newService(t, answer{status: status}).client().MoveDocuments(t.Context(), diadoc.DocumentsMove{})
		require.Equal(t, want, apiError(t, err).Explanation().RU)
	}
	err = newService(t, answer{status: 403, body: "Access to Box is denied. Request to admins of Box was created. Please try again later"}).
		client().MoveDocuments(t.Context(), diadoc.DocumentsMove{})
	require.Contains(t, apiError(t, err).Explanation().RU, "дождитесь решения")
	_, err = newService(t, answer{status: 410}).client().ParseInvoiceXml(t.Context(), []byte("<x/>"))
	require.Equal(t, "ParseTitleXml", apiError(t, err).Successor)
}

func TestToken(t *testing.T) {
	t.Parallel()
	t.Run("renewed once", func(t *testing.T) {
		t.Parallel()
		s := newService(t, answer{status: 401}, ok("{}"))
		_, err := s.client().GetBox(t.Context(), myBox)
		require.NoError(t, err)
		require.Equal(t, []diadoc.Authorization{diadoc.Bearer("token-0")}, s.tokens.renewed)
		require.Equal(t, "Bearer token-1", s.seen()[1].header.Get("Authorization"))
	})
	t.Run("with the same body", func(t *testing.T) {
		t.Parallel()
		s := newService(t, answer{status: 401}, ok("{}"))
		_, err := s.client().PostMessage(t.Context(), "o", diadoc.MessageToPost{FromBoxID: myBox})
		require.NoError(t, err)
		require.NotEmpty(t, s.seen()[0].body)
		require.Equal(t, s.seen()[0].body, s.seen()[1].body)
		require.Equal(t, s.seen()[0].query, s.seen()[1].query)
	})
	t.Run("refused twice", func(t *testing.T) {
		t.Parallel()
		s := newService(t, answer{status: 401, body: "token-1 is bad"})
		_, err := s.client().GetBox(t.Context(), myBox)
		require.ErrorIs(t, err, diadoc.ErrUnauthorized)
		require.Equal(t, upstream.Refused, upstream.ClassOf(err))
		require.NotContains(t, err.Error(), "token-1")
		require.Len(t, s.seen(), 2)
	})
	t.Run("none to be had", func(t *testing.T) {
		t.Parallel()
		s := newService(t, ok("{}"))
		s.tokens.tokenErr = &diadoc.CallError{Operation: "x", Rule: diadoc.Text{EN: "y"}}
		_, err := s.client().PostMessage(t.Context(), "o", diadoc.MessageToPost{FromBoxID: myBox})
		require.ErrorIs(t, err, diadoc.ErrBadCall)
		require.Equal(t, upstream.Refused, upstream.ClassOf(err))
		require.False(t, upstream.MaybeDone(err))
		require.Empty(t, s.seen())
	})
	t.Run("renewal fails", func(t *testing.T) {
		t.Parallel()
		s := newService(t, answer{status: 401})
		s.tokens.renewErr = context.DeadlineExceeded
		_, err := s.client().PostMessage(t.Context(), "o", diadoc.MessageToPost{FromBoxID: myBox})
		require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		require.False(t, upstream.MaybeDone(err))
	})
}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	token := diadoc.DiadocAuth("key", "secret")
	require.Equal(t, "DiadocAuth ddauth_api_client_id=key,ddauth_token=secret", string(token))
	require.Equal(t, "DiadocAuth ddauth_api_client_id=key", string(diadoc.DiadocAuth("key", "")))
	for _, shown := range []string{fmt.Sprint(token), fmt.Sprintf("%#v", token), token.LogValue().String(),
		fmt.Sprint(diadoc.Secret("secret")), fmt.Sprintf("%#v", diadoc.Secret("secret")), diadoc.Secret("secret").LogValue().String()} {
		require.NotContains(t, shown, "secret")
	}
	written, err := json.Marshal(map[string]any{"a": token, "b": diadoc.Secret("secret")})
	require.NoError(t, err)
	require.NotContains(t, string(written), "secret")
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	cut := upstream.New(upstream.WithTransport(cutting{}))
	c := diadoc.New(cut, "https://diadoc.example", &tokens{})
	_, err := c.GetBox(t.Context(), myBox)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.False(t, upstream.MaybeDone(err), "reading changes nothing")
	_, err = c.GetDocflows(t.Context(), myBox, diadoc.GetDocflowBatchRequest{})
	require.False(t, upstream.MaybeDone(err), "a POST that reads changes nothing either")
}

type cutting struct{}

func (cutting) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func TestLostSendMayBeDone(t *testing.T) {
	t.Parallel()
	s := newService(t, ok(`{"MessageId":"`)) // cut in the middle
	_, err := s.client().PostMessage(t.Context(), "o", diadoc.MessageToPost{FromBoxID: myBox})
	require.True(t, upstream.MaybeDone(err))
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
}

func TestSunsetIsToldOf(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{200, "{}", map[string]string{"Sunset": "Sat, 03 Apr 2027 00:00:00 GMT", "Link": "<https://x>"}})
	var told []diadoc.Sunset
	_, err := s.client(diadoc.WithSunset(func(n diadoc.Sunset) { told = append(told, n) }), diadoc.WithSolution("bridge")).
		GetNewEventsV7(t.Context(), myBox, diadoc.EventQuery{})
	require.NoError(t, err)
	require.Equal(t, []diadoc.Sunset{{Operation: "GetNewEventsV7", At: time.Date(2027, 4, 3, 0, 0, 0, 0, time.UTC), Link: "<https://x>"}}, told)
	require.Equal(t, "bridge", s.one(t).header.Get("X-Solution-Info"))
}

// gate is a limiter that counts.
type gate struct {
	mu      sync.Mutex
	held    int
	until   time.Time
	refusal error
}

func (g *gate) Acquire(context.Context) (func(), error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusal != nil {
		return nil, g.refusal
	}
	g.held++
	return func() { g.mu.Lock(); defer g.mu.Unlock(); g.held-- }, nil
}

func (g *gate) SlowDown(until time.Time) { g.mu.Lock(); defer g.mu.Unlock(); g.until = until }

func (g *gate) places() int { g.mu.Lock(); defer g.mu.Unlock(); return g.held }

func TestLimiterIsAsked(t *testing.T) {
	t.Parallel()
	g := &gate{}
	s := newService(t, answer{429, "", map[string]string{"Retry-After": "9"}}, ok("content"), answer{status: 404})
	c := s.client(diadoc.WithLimiter(g))
	_, err := c.GetBox(t.Context(), myBox)
	require.ErrorIs(t, err, diadoc.ErrTooManyRequests)
	require.Equal(t, fixed().Add(9*time.Second), g.until, "all calls of the client id have to slow down")
	require.Zero(t, g.places())

	download, err := c.GetEntityContent(t.Context(), myBox, document)
	require.NoError(t, err)
	require.Equal(t, 1, g.places(), "a download is under way until it is closed")
	require.NoError(t, download.Close())
	_ = download.Close()
	require.Zero(t, g.places())

	_, err = c.GetEntityContent(t.Context(), myBox, document)
	require.ErrorIs(t, err, diadoc.ErrNotFound)
	require.Zero(t, g.places())

	g.refusal = &diadoc.SlowDownError{Until: fixed()}
	_, err = c.GetBox(t.Context(), myBox)
	require.ErrorIs(t, err, diadoc.ErrTooManyRequests)
	require.Equal(t, upstream.Wait, upstream.ClassOf(err))
	require.Equal(t, fixed(), upstream.RetryAt(err))
	require.Len(t, s.seen(), 3)
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	t.Run("read as it comes", func(t *testing.T) {
		t.Parallel()
		s := newService(t, answer{200, "content", map[string]string{"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="a.pdf"`}})
		download, err := s.client().ShelfDownload(t.Context(), "n")
		require.NoError(t, err)
		defer func() { _ = download.Close() }()
		require.Equal(t, "application/pdf a.pdf 7", fmt.Sprintf("%s %s %d", download.ContentType, download.Name, download.Size))
		content, err := io.ReadAll(download)
		require.NoError(t, err)
		require.Equal(t, "content", string(content))
	})
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		download, err := newService(t, ok("content")).client(diadoc.WithMaxFile(3)).ShelfDownload(t.Context(), "n")
		require.NoError(t, err)
		defer func() { _ = download.Close() }()
		_, err = io.ReadAll(download)
		require.ErrorIs(t, err, upstream.ErrAnswerTooLarge)
		require.Equal(t, upstream.Broken, upstream.ClassOf(err))
	})
	t.Run("of an entity", func(t *testing.T) {
		t.Parallel()
		s := newService(t, ok("content"))
		c := s.client()
		entity := diadoc.Entity{EntityID: "e", Content: &diadoc.Content{Size: 7}}
		content, err := c.ReadEntity(t.Context(), myBox, "m", entity, 7)
		require.NoError(t, err)
		require.Equal(t, "content", string(content))
		_, err = c.ReadEntity(t.Context(), myBox, "m", entity, 6)
		require.ErrorIs(t, err, upstream.ErrAnswerTooLarge)
		entity.Content.Size = 8
		_, err = c.ReadEntity(t.Context(), myBox, "m", entity, 100)
		require.ErrorIs(t, err, diadoc.ErrBadAnswer, "cut short")
		entity.Content.Data = []byte("inline")
		content, err = c.ReadEntity(t.Context(), myBox, "m", entity, 100)
		require.NoError(t, err)
		require.Equal(t, "inline", string(content))
		require.Len(t, s.seen(), 3)
	})
	t.Run("of an archive by the older version", func(t *testing.T) {
		t.Parallel()
		zip := diadoc.DocumentZipGenerationResult{ZipFileNameOnShelf: "__userId__/z"}
		s := newService(t, answer{status: 404}, ok("PK"))
		body, err := s.client().OpenZip(t.Context(), zip)
		require.NoError(t, err)
		require.NoError(t, body.Close())
		require.Equal(t, "/ShelfDownload nameOnShelf=__userId__%2Fz", s.seen()[1].path+" "+s.seen()[1].query)
		_, err = newService(t, answer{status: 404}, answer{status: 410}).client().OpenZip(t.Context(), zip)
		require.ErrorIs(t, err, diadoc.ErrNotFound)
	})
}

func TestPrintForms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		want   error
		wait   time.Duration
	}{
		"ready":                  {answer{200, "%PDF", map[string]string{"Content-Type": "application/pdf"}}, nil, 0},
		"204":                    {answer{204, "", map[string]string{"Retry-After": "2"}}, diadoc.ErrNotReady, 2 * time.Second},
		"204 without a time":     {answer{status: 204}, diadoc.ErrNotReady, 5 * time.Second},
		"200 with a part of it":  {answer{200, "%P", map[string]string{"Retry-After": "2"}}, diadoc.ErrNotReady, 2 * time.Second},
		"200 with nothing":       {answer{status: 200}, diadoc.ErrNotReady, 5 * time.Second},
		"impossible":             {answer{status: 409}, diadoc.ErrConflict, 0},
		"no such document":       {answer{status: 404}, diadoc.ErrNotFound, 0},
		"the service has failed": {answer{status: 500}, diadoc.ErrUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, err := newService(t, tc.answer).client().GeneratePrintForm(t.Context(), myBox, document)
			require.ErrorIs(t, err, tc.want)
			if tc.want == nil {
				require.Equal(t, diadoc.File{ContentType: "application/pdf", Body: []byte("%PDF")}, form)
			}
			if tc.wait != 0 {
				require.Equal(t, fixed().Add(tc.wait), upstream.RetryAt(err))
			}
		})
	}
	_, err := newService(t, ok("{}")).client().GenerateDocumentZip(t.Context(), myBox, document, true)
	require.ErrorIs(t, err, diadoc.ErrNotReady, "no name yet")
	_, err = newService(t, ok("")).client().GenerateDocumentProtocol(t.Context(), myBox, document)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	id, err := newService(t, ok("\"form-1\"\n")).client().GeneratePrintFormFromAttachment(t.Context(), diadoc.DocumentTypeInvoice, "", []byte("<x/>"))
	require.NoError(t, err)
	require.Equal(t, diadoc.PrintFormID("form-1"), id)
}

func TestTasks(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]error{
		"InProgress": diadoc.ErrNotReady, "Unknown": diadoc.ErrNotReady, "SomethingNew": diadoc.ErrNotReady,
		"CanceledByUser": diadoc.ErrTaskFailed, "Timeout": diadoc.ErrTaskFailed, "Crashed": diadoc.ErrTaskFailed,
		"UserHasUnconfirmedOperation": diadoc.ErrTaskFailed, "OperationRetryRequired": diadoc.ErrTaskFailed, "Completed": nil,
	} {
		s := newService(t, ok(`{"OperationStatus":"`+status+`","ConfirmType":"Sms","PhoneLastNumbers":"17","DssFileSigningResult":[{"FileSigningStatus":1,"Signature":"Q01T"}]}`))
		result, err := diadoc.DssSignTask{Box: myBox, ID: "t"}.Poll(t.Context(), s.client())
		require.ErrorIs(t, err, want, status)
		require.Equal(t, "17", result.PhoneLastNumbers, "what is known comes in any case")
		require.Equal(t, diadoc.SigningCompleted, result.FileSigningResults[0].FileSigningStatus)
		if failure, is := errors.AsType[*diadoc.DssError](err); is {
			require.Equal(t, status == "OperationRetryRequired", failure.Again.Equal(fixed().Add(5*time.Minute)))
		}
	}
	for body, want := range map[string]error{
		`{"OperationStatus":"InProgress"}`:                       diadoc.ErrNotReady,
		`{"OperationStatus":"InProgress","Errors":[]}`:           diadoc.ErrNotReady,
		`{"OperationStatus":"X","PowerOfAttorney":{"FullId":1}}`: nil,
		`{"OperationStatus":"X","Errors":[{"Code":"c"}]}`:        diadoc.ErrTaskFailed,
	} {
		_, err := diadoc.RegisterPowerTask{Box: myBox, ID: "t"}.Poll(t.Context(), newService(t, ok(body)).client())
		require.ErrorIs(t, err, want, body)
	}
	_, err := newService(t, ok("{}")).client().CloudSign(t.Context(), "", diadoc.CloudSignRequest{})
	require.ErrorIs(t, err, diadoc.ErrBadAnswer, "work without an id cannot be followed")
	require.True(t, upstream.MaybeDone(err))
}

func TestEmptyBoxHasNoLastEvent(t *testing.T) {
	t.Parallel()
	_, found, err := newService(t, answer{status: 204}).client().GetLastEvent(t.Context(), myBox)
	require.NoError(t, err)
	require.False(t, found)
	event, found, err := newService(t, ok(`{"EventId":"e","IndexKey":"k"}`)).client().GetLastEvent(t.Context(), myBox)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, diadoc.IndexKey("k"), event.IndexKey)
}

func TestCanSendInvoice(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{200: true, 403: false} {
		may, err := newService(t, answer{status: status}).client().CanSendInvoice(t.Context(), myBox, []byte("DER"))
		require.NoError(t, err)
		require.Equal(t, want, may)
	}
	_, err := newService(t, answer{status: 404}).client().CanSendInvoice(t.Context(), myBox, []byte("DER"))
	require.ErrorIs(t, err, diadoc.ErrNotFound)
}

func TestStoredBodiesAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	body, err := diadoc.Body("PostMessage", diadoc.MessageToPost{FromBoxID: myBox, ToBoxID: otherBox})
	require.NoError(t, err)
	s := newService(t, ok("{}"))
	c := s.client()
	for range 2 {
		_, err = c.PostStoredMessage(t.Context(), "row-1", body)
		require.NoError(t, err)
	}
	_, err = c.PostStoredPatch(t.Context(), "row-2", []byte(`{"BoxId":"b"}`))
	require.NoError(t, err)
	_, err = c.SendStoredDraft(t.Context(), "row-3", []byte(`{"BoxId":"b"}`))
	require.NoError(t, err)
	require.Equal(t, string(body), s.seen()[0].body)
	require.Equal(t, s.seen()[0].body, s.seen()[1].body)
	require.Equal(t, "/V4/PostMessagePatch", s.seen()[2].path)
	_, err = c.PostStoredMessage(t.Context(), "", body)
	require.ErrorIs(t, err, diadoc.ErrBadCall, "never without an operation id")
	_, err = diadoc.Body("PostMessages", nil)
	require.ErrorIs(t, err, diadoc.ErrUnknownOperation)
	_, err = diadoc.Body("PostMessage", diadoc.MessageToPost{})
	require.ErrorIs(t, err, diadoc.ErrBadCall)
}
