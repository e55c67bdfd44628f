package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
)

// begunMark begins the key of a row whose call may have been made by a run that died.
const begunMark = "begun/"

// begun tells whether an earlier run of the row may have made its call.
func (c *call) begun() bool { return strings.HasPrefix(c.row.Key, begunMark) || c.row.Tries > 0 }

// begin stores that the call is about to be made, for calls that have no operation id.
func (r *runner) begin(ctx context.Context, c *call) error {
	return r.Store.Write(ctx, c.row.Lease, lane.Begun{Row: c.row.ID, Mark: fmt.Sprint(begunMark, c.row.ID)})
}

// unbegun takes the mark back where the call surely had no effect, and passes its error on.
func (r *runner) unbegun(ctx context.Context, c *call, err error) error {
	if err == nil || upstream.MaybeDone(err) {
		return err
	}
	if undo := r.Store.Write(context.WithoutCancel(ctx), c.row.Lease, lane.Begun{Row: c.row.ID}); undo != nil {
		return undo
	}
	return err
}
