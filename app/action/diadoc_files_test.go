package action_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
)

// TestFiles: what the service takes its time to make is asked for again when it said, in a run of its own, and is put
// where the settings want it.
func TestFiles(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, _ := d.deliver(t)
	p := props{"message_id": message}
	for code, name := range map[string]string{"diadoc_print_form": "", "diadoc_protocol": "Протокол передачи Неформализованный документ Договор.pdf", "diadoc_zip": "Архив документа Неформализованный документ Договор.zip"} {
		d.answers(t, d.demo.Sale)
		d.sim.RetryLaterNext(map[string]string{"diadoc_print_form": "GeneratePrintForm", "diadoc_protocol": "GenerateDocumentProtocol", "diadoc_zip": "GenerateDocumentZip"}[code], 200)
		row := d.call(t, code, d.demo.Sale, p)
		var result lane.Result
		for runs := 0; ; runs++ {
			result = d.run(t, row)
			if result.Verdict == lane.Done {
				require.Positive(t, runs, code)
				break
			}
			require.Equal(t, lane.Aside, result.Verdict, code)
			require.Equal(t, d.Now().Add(time.Second), result.At, "as the service said")
			require.NotEmpty(t, result.Key)
			d.Add(time.Second)
			require.Less(t, runs, 5)
		}
		var comment reaction.CommentParams
		for _, e := range d.effects(t) {
			require.NotEqual(t, reaction.AttachFiles, e.Kind)
			if e.Kind == reaction.Comment {
				require.NoError(t, json.Unmarshal(e.Params, &comment))
			}
		}
		require.Len(t, comment.Files, 1, code)
		told := d.answers(t, d.demo.Sale)[0]
		require.Equal(t, comment.Files[0].Name, told["file"])
		if name != "" {
			require.Equal(t, name, told["file"])
		}
	}

	d.set = settings.Settings{Files: map[string]string{"deal": "UF_CRM_KB_REALTY_FILES"}}
	d.run(t, d.call(t, "diadoc_print_form", d.demo.Sale, p))
	var kinds []reaction.Kind
	for _, e := range d.effects(t) {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []reaction.Kind{reaction.AttachFiles, reaction.Comment, reaction.RobotReturn}, kinds)
	d.answers(t, d.demo.Sale)

	d.sim.FailNext("GeneratePrintForm", 409, 1)
	require.Contains(t, d.no(t, "conflict", "diadoc_print_form", p), "нет печатной формы")
	late := d.call(t, "diadoc_zip", d.demo.Sale, p)
	d.Add(time.Hour)
	d.sim.RetryLaterNext("GenerateDocumentZip", 204)
	require.Contains(t, d.refusal(t, "not_ready", late), "за 30 минут")
}
