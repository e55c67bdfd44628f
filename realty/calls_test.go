package realty_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		state  realty.State
		kind   realty.Kind
	}{
		"queued":              {200, string(file(t, "docflow.object_request.created-queued.json")), realty.StateQueued, realty.ObjectRequestKind},
		"suspended":           {201, string(file(t, "docflow.object_request.created-suspended.earlier.json")), realty.StateSuspended, realty.ObjectRequestKind},
		"the body decides":    {201, queued, realty.StateQueued, realty.ObjectRequestKind},
		"200 without a state": {200, `{"docflowId":"d20bd506-6325-43e1-b2e4-105ec5d63417","type":"object_request"}`, realty.StateQueued, realty.ObjectRequestKind},
		"201 without a state": {201, `{"docflowId":"d20bd506-6325-43e1-b2e4-105ec5d63417","type":"new"}`, realty.StateSuspended, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: tc.status, body: tc.body})
			got, err := s.client().Create(t.Context(), realty.ObjectRequestKind, createBody)
			require.NoError(t, err)
			require.Equal(t, docflowID, got.ID)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.kind, got.Kind)
			require.Equal(t, []seen{{"POST", "/realty/v1/docflows/object_request", "auth.sid s0", "application/json", string(createBody), int64(len(createBody))}}, s.seen())
		})
	}
}

func TestCreateRefusesLocally(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind realty.Kind
		body string
		want error
	}{
		"a docflow id":     {realty.Kind(docflowID), `{"options":{}}`, realty.ErrUnknownKind},
		"unknown":          {"primary_right_request", `{"options":{}}`, realty.ErrUnknownKind},
		"empty kind":       {"", `{"options":{}}`, realty.ErrUnknownKind},
		"path in the kind": {"object_request/../x", `{"options":{}}`, realty.ErrUnknownKind},
		"renamed to a id":  {realty.ActionKind, `{"options":{}}`, realty.ErrUnknownKind},
		"no body":          {realty.ObjectRequestKind, ``, realty.ErrBadBody},
		"no options":       {realty.ObjectRequestKind, `{"requestId":"r"}`, realty.ErrBadBody},
		"options a list":   {realty.ObjectRequestKind, `{"options":[]}`, realty.ErrBadBody},
		"options null":     {realty.ObjectRequestKind, `{"options":null}`, realty.ErrBadBody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: 200, body: queued})
			_, err := s.client(realty.WithKindName(realty.ActionKind, string(docflowID))).Create(t.Context(), tc.kind, []byte(tc.body))
			require.ErrorIs(t, err, tc.want)
			require.Empty(t, s.seen())
			require.Empty(t, s.sessions.renewed)
		})
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200, body: queued})
	client := s.client(realty.WithKindName(realty.AdditionalPackageKind, "additional_package_request"))
	for _, kind := range []realty.Kind{realty.AdditionalPackageKind, "additional_package_request", "ecumbrance_request"} {
		_, err := client.Create(t.Context(), kind, createBody)
		require.NoError(t, err)
	}
	var paths []string
	for _, request := range s.seen() {
		paths = append(paths, request.uri)
	}
	require.Equal(t, []string{"/realty/v1/docflows/additional_package_request", "/realty/v1/docflows/additional_package_request",
		"/realty/v1/docflows/encumbrance_request"}, paths)
}

func TestGet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docflow.right_movement_request.suspended-payment.json", "docflow.right_movement_request.suspended-payment.wrapped.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: 200, body: string(file(t, name))})
			got, err := s.client().Get(t.Context(), "D20BD506-6325-43E1-B2E4-105EC5D63417")
			require.NoError(t, err)
			require.Equal(t, realty.RightMovementKind, got.Kind)
			require.Equal(t, []realty.PaymentRequirement{{UIN: "00000000700486290714", Sum: 70000, SumKnown: true, RawSum: "700"}}, got.Requirements.Payment)
			require.Equal(t, []seen{{"GET", "/realty/v1/docflows/D20BD506-6325-43E1-B2E4-105EC5D63417", "auth.sid s0", "", "", 0}}, s.seen())
		})
	}
}

func TestGetAnotherDocflow(t *testing.T) {
	t.Parallel()
	_, err := newService(t, answer{status: 200, body: queued}).client().Get(t.Context(), "00000000-0000-4000-8000-000000000001")
	require.ErrorIs(t, err, realty.ErrBadAnswer)
	_, err = newService(t, answer{status: 404}).client().Get(t.Context(), docflowID)
	require.ErrorIs(t, err, realty.ErrNotFound)
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body  string
		state realty.State
	}{
		"queued":   {queued, realty.StateQueued},
		"verified": {string(file(t, "docflow.encumbrance_request.submitted-verified.earlier.json")), realty.StateVerified},
		"empty":    {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: 200, body: tc.body})
			got, err := s.client().Submit(t.Context(), docflowID)
			require.NoError(t, err)
			require.Equal(t, docflowID, got.ID)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, []seen{{"POST", "/realty/v1/docflows/" + string(docflowID), "auth.sid s0", "", "", 0}}, s.seen())
		})
	}
}

func TestSubmitFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		want   error
		unsure bool
	}{
		"refused":  {answer{status: 400, body: string(file(t, "error.validation.json"))}, realty.ErrRefused, false},
		"unknown":  {answer{status: 404}, realty.ErrNotFound, false},
		"garbage":  {answer{status: 200, body: "ok"}, realty.ErrBadAnswer, true},
		"another":  {answer{status: 200, body: `{"docflowId":"00000000-0000-4000-8000-000000000001"}`}, realty.ErrBadAnswer, true},
		"lost way": {answer{status: 504}, realty.ErrUnavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newService(t, tc.answer).client().Submit(t.Context(), docflowID)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.unsure, apiError(t, err).MaybeDone())
		})
	}
}

func TestIDsAreChecked(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200})
	client := s.client()
	for _, id := range []string{"", "object_request", "../auth", "d20bd506632543e1b2e4105ec5d63417", string(docflowID) + "/x"} {
		_, err := client.Submit(t.Context(), realty.DocflowID(id))
		require.ErrorIs(t, err, realty.ErrBadID)
		_, err = client.Get(t.Context(), realty.DocflowID(id))
		require.ErrorIs(t, err, realty.ErrBadID)
		_, err = client.File(t.Context(), docflowID, realty.FileID(id))
		require.ErrorIs(t, err, realty.ErrBadID)
		_, err = client.Content(t.Context(), realty.ContentID(id))
		require.ErrorIs(t, err, realty.ErrBadID)
		require.ErrorIs(t, client.AddSignature(t.Context(), docflowID, realty.FileID(id), nil), realty.ErrBadID)
		require.ErrorIs(t, client.AddSignatureByLink(t.Context(), docflowID, fileID, realty.ContentID(id)), realty.ErrBadID)
	}
	require.Empty(t, s.seen())
}

func TestAddSignature(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"as documented": 204, "any other": 200} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: status})
			require.NoError(t, s.client().AddSignature(t.Context(), docflowID, fileID, []byte{0x30, 0x80, 0xff}))
			require.Equal(t, []seen{{"POST", "/realty/v1/docflows/" + string(docflowID) + "/files/" + string(fileID) + "/signatures",
				"auth.sid s0", "application/x-pkcs7-signature", "\x30\x80\xff", 3}}, s.seen())
		})
	}
}

func TestAddSignatureByLink(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 201})
	client := s.client(realty.WithSignatureSegment("signature"))
	require.NoError(t, client.AddSignatureByLink(t.Context(), docflowID, fileID, signatureID))
	require.Equal(t, "/realty/v1/docflows/"+string(docflowID)+"/files/"+string(fileID)+"/signature/"+string(signatureID), s.seen()[0].uri)
	require.Empty(t, s.seen()[0].body)
	require.NoError(t, client.AddSignature(t.Context(), docflowID, fileID, nil))
	require.Equal(t, "/realty/v1/docflows/"+string(docflowID)+"/files/"+string(fileID)+"/signature", s.seen()[1].uri)
}

func TestSignatureByLinkRenewsOn403(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 403}, answer{status: 201})
	require.NoError(t, s.client().AddSignatureByLink(t.Context(), docflowID, fileID, signatureID))
	require.Equal(t, []string{"s0"}, s.sessions.renewed)

	s = newService(t, answer{status: 403})
	require.ErrorIs(t, s.client().AddSignatureByLink(t.Context(), docflowID, fileID, signatureID), realty.ErrNoAccess)
	require.Len(t, s.seen(), 2)

	s = newService(t, answer{status: 403})
	require.ErrorIs(t, s.client().AddSignature(t.Context(), docflowID, fileID, []byte("x")), realty.ErrNoAccess)
	require.Len(t, s.seen(), 1, "bytes: 403 means what it says")
}

func TestSignature404NamesTheSwitch(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 404})
	err := s.client().AddSignature(t.Context(), docflowID, fileID, []byte("x"))
	require.ErrorIs(t, err, realty.ErrNotFound)
	require.ErrorContains(t, err, "another path segment than signatures")
	require.Len(t, s.seen(), 1, "no second try by itself")
}
