package diadoc

import (
	"context"
	"iter"
)

// CreateCounteragentGroup creates a group. After a lost answer list the groups before a second try: a name
// that is taken answers [ErrConflict] anyway.
//
// Errors: [ErrNotFound] for a department that is missing, [ErrConflict] for a name that is taken.
func (c *Client) CreateCounteragentGroup(ctx context.Context, box BoxID, group CounteragentGroupToCreate) (CounteragentGroup, error) {
	return ask[CounteragentGroup](ctx, c, "CreateCounteragentGroup", query{"boxId": string(box)}, group)
}

// UpdateCounteragentGroup changes a group. The default group keeps its name ([ErrBadRequest]).
//
// Errors: [ErrNotFound], [ErrConflict] for a name that is taken.
func (c *Client) UpdateCounteragentGroup(ctx context.Context, box BoxID, group GroupID, change CounteragentGroupToUpdate) (CounteragentGroup, error) {
	return ask[CounteragentGroup](ctx, c, "UpdateCounteragentGroup",
		query{"boxId": string(box), "counteragentGroupId": string(group)}, change)
}

// DeleteCounteragentGroup deletes a group; its members fall back to the default group.
//
// Errors: [ErrNotFound], [ErrConflict] for the default group.
func (c *Client) DeleteCounteragentGroup(ctx context.Context, box BoxID, group GroupID) error {
	return c.tell(ctx, "DeleteCounteragentGroup", query{"boxId": string(box), "counteragentGroupId": string(group)}, nil)
}

// GetCounteragentGroup reads a group.
//
// Errors: [ErrNotFound].
func (c *Client) GetCounteragentGroup(ctx context.Context, box BoxID, group GroupID) (CounteragentGroup, error) {
	return ask[CounteragentGroup](ctx, c, "GetCounteragentGroup", query{"boxId": string(box), "counteragentGroupId": string(group)}, nil)
}

// GetCounteragentGroups reads one page of groups, the default group among them. page counts from 1; zeros
// take the service's defaults. See [Client.CounteragentGroups].
func (c *Client) GetCounteragentGroups(ctx context.Context, box BoxID, page, count int) (CounteragentGroupsList, error) {
	return ask[CounteragentGroupsList](ctx, c, "GetCounteragentGroups",
		query{"boxId": string(box), "page": number(page), "count": number(count)}, nil)
}

// CounteragentGroups lists all groups of a box.
func (c *Client) CounteragentGroups(ctx context.Context, box BoxID) iter.Seq2[CounteragentGroup, error] {
	return numbered(func(page int) ([]CounteragentGroup, error) {
		list, err := c.GetCounteragentGroups(ctx, box, page, MaxPage)
		return list.Groups, err
	})
}

// AddCounteragentToGroup moves a partner into a group: he is in exactly one. To take him out, add him to
// [DefaultGroup].
//
// Errors: [ErrNotFound], [ErrConflict] when he is no partner.
func (c *Client) AddCounteragentToGroup(ctx context.Context, box BoxID, group GroupID, counteragent BoxID) error {
	return c.tell(ctx, "AddCounteragentToGroup",
		query{"boxId": string(box), "counteragentGroupId": string(group), "counteragentBoxId": string(counteragent)}, nil)
}

// GetCounteragentsFromGroup reads one page of a group's members; see [Client.GroupMembers]. The key of the
// next page is in the answer.
func (c *Client) GetCounteragentsFromGroup(ctx context.Context, box BoxID, group GroupID, after IndexKey, count int) (CounteragentFromGroupResponse, error) {
	r := rules{operation: "GetCounteragentsFromGroup"}
	if r.page("count", count); r.err != nil {
		return CounteragentFromGroupResponse{}, r.err
	}
	return ask[CounteragentFromGroupResponse](ctx, c, "GetCounteragentsFromGroup",
		query{"boxId": string(box), "counteragentGroupId": string(group), "afterIndexKey": string(after), "count": number(count)}, nil)
}

// GroupMembers lists the boxes of a group. Whether the last page has a key is not documented, so a short
// page ends the list as well as a missing key.
func (c *Client) GroupMembers(ctx context.Context, box BoxID, group GroupID) iter.Seq2[BoxID, error] {
	return keyed("GetCounteragentsFromGroup", IndexKey(""), func(after IndexKey) ([]BoxID, IndexKey, bool, error) {
		page, err := c.GetCounteragentsFromGroup(ctx, box, group, after, MaxPage)
		more := len(page.CounteragentBoxID) >= MaxPage && page.AfterIndexKey != ""
		return page.CounteragentBoxID, page.AfterIndexKey, more, err
	})
}
