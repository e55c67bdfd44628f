package diadocsim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// documentsV4 is GetDocumentsV4Request.
type documentsV4 struct {
	CounteragentBoxIds                 []string
	FromDepartmentIds, ToDepartmentIds []string
	Departments                        []struct {
		DepartmentId          string `dia:"req"`
		ExcludeSubdepartments bool
	}
	DocumentTypeNamedIds                         []string
	DocumentCategory                             string `dia:"req"`
	DocumentStatuses, FileNames, DocumentNumbers []string
	FromDocumentDate, ToDocumentDate             string
	FromTimestamp, ToTimestamp                   *ticksOf
	TotalSums                                    []string
	ToTotalSum, FromTotalSum                     string
	CustomData                                   []customDataItem
	SortDirection                                sortDirection
	Count                                        *int32
	AfterIndexKey                                string

	firstDay, lastDay time.Time
	lowest, highest   float64
}

// check refuses words and numbers that are none, and reads the bounds.
func (f *documentsV4) check() (err error) {
	if !slices.Contains([]string{"Inbound", "Outbound", "Internal", "Proxy"}, f.DocumentCategory) {
		return bad("DocumentCategory %q is unknown", f.DocumentCategory)
	}
	if len(f.DocumentStatuses) == 0 {
		f.DocumentStatuses = []string{""}
	}
	for _, word := range f.DocumentStatuses {
		if categoryTests()[word] == nil {
			return bad("DocumentStatuses: %q is unknown", word)
		}
	}
	if f.firstDay, f.lastDay, err = days(f.FromDocumentDate, f.ToDocumentDate); err != nil {
		return err
	}
	for _, sum := range []struct {
		text string
		into *float64
	}{{f.FromTotalSum, &f.lowest}, {f.ToTotalSum, &f.highest}} {
		if sum.text == "" {
			continue
		}
		if *sum.into, err = strconv.ParseFloat(sum.text, 64); err != nil {
			return bad("%q is not a sum", sum.text)
		}
	}
	return nil
}

// passes tells whether a document is among those that are asked for.
func (f *documentsV4) passes(b *box, d *document) bool {
	in := func(list []string, one string) bool { return len(list) == 0 || containsFold(list, one) }
	status := func(word string) bool { return category{"Any", f.DocumentCategory, word}.passes(b, d) }
	other, at, place := "", moment(b, d), d.place(b).department
	if peer := d.m.counteragent(b); peer != nil {
		other = peer.id
	}
	inDepartment := len(f.Departments) == 0
	for _, one := range f.Departments {
		inDepartment = inDepartment || place == one.DepartmentId || !one.ExcludeSubdepartments && b.under(place, one.DepartmentId)
	}
	return d.m.kind() == "Letter" && inDepartment && slices.ContainsFunc(f.DocumentStatuses, status) && in(f.DocumentTypeNamedIds, d.kind.name) &&
		in(f.DocumentNumbers, d.meta("DocumentNumber")) && in(f.FileNames, d.e.file) && in(plainGUIDs(f.CounteragentBoxIds), other) &&
		within(d.meta("DocumentDate"), f.firstDay, f.lastDay) && (f.FromTimestamp == nil || at >= f.FromTimestamp.Ticks) &&
		(f.ToTimestamp == nil || at <= f.ToTimestamp.Ticks) && in(f.FromDepartmentIds, d.m.fromDepartment) && in(f.ToDepartmentIds, d.m.toDepartment) &&
		in(f.TotalSums, d.meta("TotalSum")) && d.costs(f.lowest, f.highest) && d.tagged(f.CustomData)
}

// getDocumentsV4 takes the ideas of GetDocuments as lists. The values of DocumentCategory are not described: the
// classes of filterCategory are taken.
func (c *call) getDocumentsV4() (reply, error) {
	var body documentsV4
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := body.check(); err != nil {
		return reply{}, err
	}
	count := 100
	if body.Count != nil {
		if count = int(*body.Count); count < 0 || count > 100 {
			return reply{}, bad("Count must be from 0 to 100")
		}
	}
	after, err := placeOfText(documentKey, c.box.id, body.AfterIndexKey)
	if err != nil {
		return reply{}, err
	}
	docs := slices.DeleteFunc(c.allDocs(c.box), func(d *document) bool {
		return !body.passes(c.box, d) || !c.mayEnter(d.place(c.box).department)
	})
	slices.SortStableFunc(docs, func(a, b *document) int { return int(min(1, max(-1, moment(c.box, a)-moment(c.box, b)))) })
	down := body.SortDirection == "Descending"
	if down {
		slices.Reverse(docs)
	}
	total := len(docs)
	docs = slices.DeleteFunc(docs, func(d *document) bool {
		at := moment(c.box, d)
		return after != 0 && (!down && at <= after || down && at >= after)
	})
	more := len(docs) > count
	return c.list(docs[:min(count, len(docs))], func(d *document) string { return textKey(documentKey, c.box.id, moment(c.box, d)) }, more, total), nil
}

// costs tells whether the document's sum is within bounds; zero bounds are none.
func (d *document) costs(lowest, highest float64) bool {
	if lowest == 0 && highest == 0 {
		return true
	}
	sum, err := strconv.ParseFloat(d.meta("TotalSum"), 64)
	return err == nil && sum >= lowest && (highest == 0 || sum <= highest)
}

func plainGUIDs(ids []string) []string {
	var out []string
	for _, id := range ids {
		guid, _ := boxGUID(id)
		out = append(out, guid)
	}
	return out
}

func (d *document) tagged(wanted []customDataItem) bool {
	for _, item := range wanted {
		if !slices.ContainsFunc(d.tags, func(tag [2]string) bool {
			return strings.EqualFold(tag[0], item.Key) && strings.EqualFold(tag[1], item.Value)
		}) {
			return false
		}
	}
	return true
}
