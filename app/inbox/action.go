package inbox

import (
	"encoding/json"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/bitrix"
)

// ActionRow makes the work of running an action for a card.
func ActionRow(portal string, card docflow.Card, code string, properties map[string]string) (lane.NewRow, error) {
	call := Call{Card: card, Properties: bitrix.Properties{}}
	for name, value := range properties {
		call.Properties[name] = bitrix.PropertyValue{Values: []string{value}}
	}
	body, err := json.Marshal(call)
	return lane.NewRow{Lane: portal, Part: card.String(), Kind: KindAction, Code: code, Body: body}, err
}
