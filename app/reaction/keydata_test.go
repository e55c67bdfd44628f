package reaction_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
	"konturbridge/app/reaction"
)

// TestKeyFieldsAreListed: what `bridge settings fields` makes for extracts is what the bridge fills.
func TestKeyFieldsAreListed(t *testing.T) {
	t.Parallel()
	fields, err := mapping.FieldsFor("object_request")
	require.NoError(t, err)
	var written []string
	for _, f := range fields {
		if f.Written {
			written = append(written, f.Name)
		}
	}
	require.ElementsMatch(t, []string{reaction.FieldExtractNumber, reaction.FieldExtractDate, reaction.FieldExtractObject, reaction.FieldExtractAddress,
		reaction.FieldExtractArea, reaction.FieldExtractCost, reaction.FieldExtractRights, reaction.FieldExtractEncumbrances}, written)
}
