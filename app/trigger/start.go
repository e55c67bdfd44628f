package trigger

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
)

// start makes the rows that run the triggers' actions, with their parameters rendered now: what the card
// said when it entered the stage. The card is read once, for all that the parameters look at.
func (w *Worker) start(ctx context.Context, id portal.ID, card docflow.Card, firing []settings.Trigger) ([]lane.Write, error) {
	var reads []string
	for _, t := range firing {
		more, err := mapping.Reads(parameters(t))
		if err != nil {
			return nil, err
		}
		reads = append(reads, more...)
	}
	seen := mapping.Card{Entity: card.Entity()}
	if len(reads) > 0 {
		var err error
		if seen, err = w.Cards.Read(ctx, id, card, reads); err != nil {
			return nil, err
		}
	}
	rows := make([]lane.Write, 0, len(firing))
	for _, t := range firing {
		value, problems := mapping.RenderValue(parameters(t), seen)
		if len(problems) > 0 {
			rows = append(rows, w.Refused(string(id), card, t.Action, badParameters(t, problems)))
			continue
		}
		call := inbox.Call{Card: card, Properties: bitrix.Properties{}}
		rendered, _ := value.(map[string]any)
		for name := range t.Parameters {
			call.Properties[name] = propertyOf(rendered[name])
		}
		body, err := json.Marshal(call)
		if err != nil {
			return nil, err
		}
		rows = append(rows, lane.NewRow{Lane: string(id), Part: card.String(), Key: call.Properties.First("docflow_id"),
			Kind: w.Kind, Code: t.Action, Body: body})
	}
	return rows, nil
}

// badParameters says which parameters of a trigger could not be made of the card.
func badParameters(t settings.Trigger, problems []mapping.Problem) *docflow.Refusal {
	ru, en := make([]string, 0, len(problems)), make([]string, 0, len(problems))
	for _, p := range problems {
		ru, en = append(ru, p.Text()), append(en, p.English())
	}
	return &docflow.Refusal{Code: "bad_parameters", Cause: mapping.Problems(problems),
		CRMText: fmt.Sprintf("Действие %s не запущено, проверьте параметры триггера в настройках моста:\n%s", t.Action, strings.Join(ru, "\n")),
		TextEN:  fmt.Sprintf("%s was not started; check the trigger's parameters:\n%s", t.Action, strings.Join(en, "\n"))}
}

func parameters(t settings.Trigger) map[string]any {
	if t.Parameters == nil {
		return map[string]any{}
	}
	return t.Parameters
}

func propertyOf(value any) bitrix.PropertyValue {
	switch v := value.(type) {
	case nil:
		return bitrix.PropertyValue{}
	case []any:
		p := bitrix.PropertyValue{List: true}
		for _, each := range v {
			p.Values = append(p.Values, propertyOf(each).First())
		}
		return p
	case map[string]any: // a file: its address carries a token, so only its id is kept
		return propertyOf(v["id"])
	case float64: // as people write numbers: 4500000, not 4.5e+06
		return bitrix.PropertyValue{Values: []string{strconv.FormatFloat(v, 'f', -1, 64)}}
	default:
		return bitrix.PropertyValue{Values: []string{fmt.Sprint(v)}}
	}
}
