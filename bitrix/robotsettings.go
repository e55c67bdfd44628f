package bitrix

import (
	"encoding/json"
	"errors"
)

// PlacementRobotSettings is the placement of a robot's own settings page (Robot.UsePlacement). The vendor
// does not document the name; handlers that are in use agree on it.
const PlacementRobotSettings = "BIZPROC_ACTIVITY_PROPERTIES_DIALOG"

// RobotSettings is what a robot's settings page is told. It comes from the user's browser: nothing in it
// is proven. The page saves by BX24.placement.call('setPropertyValue', …); values may be expressions of
// the designer. doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
type RobotSettings struct {
	Code           string // of the robot
	ActivityName   string // of this one among the designer's steps
	Properties     map[string]PropertyInfo
	Values         map[string]json.RawMessage // what is set now, by property
	DocumentType   DocumentType
	DocumentFields map[string]json.RawMessage
	Template       json.RawMessage // parameters, variables, constants, results of earlier steps; absent on older boxes
}

// RobotSettings reads the options of a page opened at PlacementRobotSettings.
// Errors name the missing or malformed key and wrap ErrMalformed.
func (p PageOpening) RobotSettings() (RobotSettings, error) {
	var wire struct {
		Code     Text                 `json:"code"`
		Activity Text                 `json:"activity_name"`
		Props    Map[PropertyInfo]    `json:"properties"`
		Values   Map[json.RawMessage] `json:"current_values"`
		Type     DocumentType         `json:"document_type"`
		Fields   Map[json.RawMessage] `json:"document_fields"`
		Template json.RawMessage      `json:"template"`
	}
	if err := json.Unmarshal([]byte(p.Options), &wire); err != nil {
		return RobotSettings{}, malformed("PLACEMENT_OPTIONS", err)
	}
	if wire.Code == "" {
		return RobotSettings{}, malformed("PLACEMENT_OPTIONS", errors.New("code is missing"))
	}
	return RobotSettings{
		Code: string(wire.Code), ActivityName: string(wire.Activity), Properties: wire.Props, Values: wire.Values,
		DocumentType: wire.Type, DocumentFields: wire.Fields, Template: wire.Template,
	}, nil
}
