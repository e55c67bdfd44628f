package action_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/settings"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

func extract(w *world, t *testing.T) lane.Row {
	t.Helper()
	return w.call(t, "realty_extract", w.demo.Extract, props{"cadastral_number": " 47:14:1203001:814 "})
}

func TestExtract(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.run(t, extract(w, t))
	rec := w.record(t)
	require.Equal(t, docflow.Queued, rec.State)
	require.Equal(t, string(rec.ID), rec.RequestID)
	require.Empty(t, w.answers(t, w.demo.Extract), "the robot waits for the result")
	filed := w.box.Realty.Find(rec.RequestID)
	require.Len(t, filed, 1)
	require.Equal(t, map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814"}, filed[0].Options)
	require.NoError(t, w.box.Realty.Dispatch(filed[0].ID))
	require.NoError(t, w.box.Realty.Complete(filed[0].ID))
	w.news(t)
	told := w.answers(t, w.demo.Extract)
	require.Len(t, told, 1)
	require.Equal(t, "completed", told[0]["state"])
	require.Equal(t, []any{"Выписка ЕГРН 1.zip", "Выписка ЕГРН 2.xml", "Выписка ЕГРН 3.pdf"}, told[0]["files"])
	history, err := w.store.History(t.Context(), rec.ID)
	require.NoError(t, err)
	var states []docflow.State
	for _, h := range history {
		states = append(states, h.State)
	}
	require.Equal(t, []docflow.State{docflow.Prepared, docflow.Queued, docflow.Sent, docflow.Completed}, states, "the echo of the creation is no state")
}

func TestRefusalsNameFieldRuleAndRemedy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		action string
		params props
		code   string
		says   []string
	}{
		"no number":         {"realty_extract", props{}, "invalid_field", []string{"параметр cadastral_number («Кадастровый номер»): не заполнен", "исправьте параметры"}},
		"a bad number":      {"realty_extract", props{"cadastral_number": "47-14"}, "invalid_field", []string{"cadastral_number", "например 47:14:1203001:814"}},
		"a bad kind":        {"realty_extract", props{"cadastral_number": "47:14:1203001:814", "type": "novel"}, "invalid_field", []string{"параметр type"}},
		"an unknown type":   {"realty_create", props{"docflow_type": "novel_request"}, "unknown_docflow_type", []string{"novel_request", "docflow_type", "Выберите"}},
		"no such mapping":   {"realty_create", props{"docflow_type": "object_request", "mapping": "мой"}, "no_mapping", []string{"«мой»", "mappings"}},
		"another's mapping": {"realty_create", props{"docflow_type": "object_request", "mapping": "sale"}, "wrong_mapping", []string{"«sale»", "Регистрация перехода права"}},
		"a faulty mapping":  {"realty_create", props{"docflow_type": "encumbrance_request"}, "bad_mapping", []string{"Сопоставление"}},
		"half a card":       {"realty_create", props{"docflow_type": "right_movement_request"}, "invalid_field", []string{"seller: Не заполнено", "object.address", "сделки UF_CRM_KB_OBJECT_TYPE"}},
		"no docflow":        {"realty_status", props{}, "docflow_not_found", []string{"docflow_id", "Сначала создайте"}},
		"a stranger's":      {"realty_wait", props{"docflow_id": "d-1", "until": "any"}, "docflow_not_found", []string{"docflow_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.set.Mappings = []settings.Mapping{{Name: "sale", DocflowType: "right_movement_request", Options: map[string]any{}},
				{Name: "bad", DocflowType: "encumbrance_request", Options: map[string]any{"object": "{{ nonsense( }}"}}}
			if name == "half a card" {
				w.set.Mappings = nil
			}
			require.NoError(t, w.store.Commit(t.Context(), docflow.Prepare{Record: docflow.Record{ID: "d-1", RequestID: "d-1", Portal: "another portal"}}))
			text := w.refusal(t, tc.code, w.call(t, tc.action, w.demo.Extract, tc.params))
			for _, part := range tc.says {
				require.Contains(t, text, part)
			}
			require.Zero(t, w.ops("create"))
		})
	}
}

func TestNoAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t)
	text := w.refusal(t, "no_connection", extract(w, t))
	require.Contains(t, text, "connections")
	w.connect(t, "main")
	w.demo.Password = "wrong"
	text = w.refusal(t, "no_access", extract(w, t))
	require.Contains(t, text, "логин и пароль")
	require.NotContains(t, text, "wrong")
}

func TestTheServiceRefuses(t *testing.T) {
	t.Parallel()
	for status, says := range map[int]string{400: "Реестро отклонил запрос", 403: "нет доступа", 501: "ЕГРОН"} {
		w := setup(t)
		w.box.Realty.FailNext("create", status, 1)
		w.run(t, extract(w, t))
		require.Equal(t, docflow.Failed, w.record(t).State)
		told := w.answers(t, w.demo.Extract)
		require.Len(t, told, 1)
		require.Contains(t, told[0]["error"], says)
	}
}

// TestCrashes kills a filing at each of its steps: one request makes one docflow.
func TestCrashes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		crash func(t *testing.T, w *world, row lane.Row)
		looks int // reads of the news by the second run
	}{
		"before anything is stored": {func(t *testing.T, w *world, row lane.Row) {
			w.box.Realty.FailNext("news", 503, 1)
			_, err := w.worker.Work(t.Context(), row)
			require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		}, 1},
		"the request surely did not arrive": {func(t *testing.T, w *world, row lane.Row) {
			w.box.Realty.FailNext("create", 429, 1)
			_, err := w.worker.Work(t.Context(), row)
			require.Error(t, err)
			require.True(t, w.record(t).TriedAt.IsZero())
		}, 0},
		"the answer was lost": {func(t *testing.T, w *world, row lane.Row) {
			w.box.Realty.DropAnswerNext("create")
			result, err := w.worker.Work(t.Context(), row)
			require.NoError(t, err)
			require.Equal(t, lane.Aside, result.Verdict)
			require.Equal(t, string(w.record(t).ID), result.Key)
			require.Equal(t, w.Now().Add(5*time.Second), result.At)
		}, 1},
		"before the answer was stored": {func(t *testing.T, w *world, row lane.Row) {
			_, err := w.worker.Work(t.Context(), row)
			require.NoError(t, err) // and its writes are lost
		}, 1},
		"stopped right before the call": {func(t *testing.T, w *world, row lane.Row) {
			ctx, cancel := context.WithCancel(t.Context())
			w.onSession = func() {
				if all, err := w.store.Docflows(t.Context(), w.member, 1); err == nil && len(all) == 1 && !all[0].TriedAt.IsZero() {
					cancel()
				}
			}
			_, err := w.worker.Work(ctx, row)
			require.ErrorIs(t, err, context.Canceled)
			require.True(t, w.record(t).TriedAt.IsZero(), "it was never sent: nobody need look for it")
			w.onSession = nil
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			row := extract(w, t)
			tc.crash(t, w, row)
			w.restart(t)
			before := w.ops("news")
			w.run(t, row)
			rec := w.record(t)
			require.Equal(t, docflow.Queued, rec.State)
			require.Len(t, w.box.Realty.Find(rec.RequestID), 1)
			require.GreaterOrEqual(t, w.ops("news")-before, tc.looks)
			require.Equal(t, "filed by an earlier run", w.run(t, row).Note)
			require.Len(t, w.box.Realty.Docflows(), 1)
		})
	}
}

func TestALostFilingIsForAPerson(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]bool{"it never arrived": false, "nobody can look any more": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			row := extract(w, t)
			w.box.Realty.LoseRequestNext("create")
			require.Equal(t, lane.Aside, w.run(t, row).Verdict)
			if forget {
				w.box.Realty.ForgetNews()
			}
			w.Add(time.Minute)
			require.Equal(t, lane.Aside, w.run(t, row).Verdict, "it may still appear")
			w.Add(time.Minute)
			require.Equal(t, lane.Done, w.run(t, row).Verdict)
			rec := w.record(t)
			require.Equal(t, docflow.Uncertain, rec.State)
			told := w.answers(t, w.demo.Extract)
			require.Len(t, told, 1)
			require.Equal(t, "uncertain", told[0]["error_code"])
			require.Contains(t, told[0]["error"], rec.RequestID, "a person can look for it")
			require.Equal(t, 1, w.ops("create"), "nothing is filed again")
			if !forget { // and when it comes after all, the news bring it in
				_, err := w.client.Create(t.Context(), realty.ObjectRequestKind, rec.Body)
				require.NoError(t, err)
				w.news(t)
				require.Equal(t, docflow.Queued, w.record(t).State)
			}
		})
	}
}

func TestAnAccountIsRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, tried := range map[string]docflow.State{"before the call": docflow.Failed, "after it": docflow.Uncertain} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			row := extract(w, t)
			if tried == docflow.Failed {
				w.box.Realty.FailNext("create", 429, 1)
			} else {
				w.box.Realty.DropAnswerNext("create")
			}
			_, _ = w.worker.Work(t.Context(), row)
			w.connect(t)
			w.run(t, row)
			require.Equal(t, tried, w.record(t).State)
			told := w.answers(t, w.demo.Extract)
			require.Len(t, told, 1)
			require.Contains(t, told[0]["error"], "Подключение «main»")
		})
	}
}

func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.worker.Work(t.Context(), lane.Row{Body: []byte("{")})
	require.Error(t, err)
	require.Equal(t, lane.Dead, w.do(t, "realty_novelty", w.demo.Sale, nil).Verdict)
	text := w.refusal(t, "portal_refused", w.call(t, "realty_create", 4000, props{"docflow_type": "right_movement_request"}))
	require.Contains(t, text, "не найдены")
	w.box.Realty.FailNext("create", 429, 1)
	_, err = w.worker.Work(t.Context(), extract(w, t))
	require.Error(t, err)
	require.True(t, strings.HasPrefix(err.Error(), "«Реестро: заказать выписку ЕГРН» не выполнено: "), err)
}

func TestTheNamedAccountFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connect(t, "main", "second")
	w.do(t, "realty_extract", w.demo.Sale, props{"cadastral_number": "47:14:1203001:814", "connection": "second"})
	require.Equal(t, "second", w.record(t).Connection)
	text := w.refusal(t, "no_connection", w.call(t, "realty_extract", w.demo.Sale, props{"cadastral_number": "47:14:1203001:814", "connection": "third"}))
	require.Contains(t, text, "«third»")
}
