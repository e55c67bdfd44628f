package action

import (
	"fmt"

	"konturbridge/app/mapping"
	"konturbridge/realty"
)

// frozen is a request as it is stored before the first try, and what was doubtful about it: the service
// may take that all the same, so it is told and sent.
type frozen struct {
	body     []byte
	doubtful []string
}

// checked freezes options that the schema of their kind does not refuse. params says which parameter of the
// robot a path of the options comes from.
func (r *runner) checked(client *realty.Client, kind realty.Kind, requestID string, options map[string]any, params map[string]string) (frozen, error) {
	var bad, doubtful []string
	for _, p := range r.Check.Check(string(kind), options) {
		line := p.Path + ": " + p.MessageRU
		if param := params[p.Path]; param != "" {
			line = fmt.Sprintf("%s (параметр %s): %s", p.Path, param, p.MessageRU)
		}
		if p.Severity == mapping.SeverityError {
			bad = append(bad, line)
		} else {
			doubtful = append(doubtful, line)
		}
	}
	if len(bad) > 0 {
		return frozen{}, invalid(bad)
	}
	body, err := client.Spelling().CreateBody(kind, requestID, options)
	return frozen{body, doubtful}, err
}
