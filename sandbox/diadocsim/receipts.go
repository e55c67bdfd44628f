package diadocsim

func receiptArea() map[string]behaviour {
	return map[string]behaviour{
		"AutoSignReceipts":       {box: "boxId", right: signDocuments, serve: (*call).autoSignReceipts},
		"AutoSignReceiptsResult": {serve: func(c *call) (reply, error) { return c.poll("AutoSignReceipts") }},
	}
}

// autoSignReceipts makes every receipt that the box owes. AutosignReceiptsResult is not described: an empty
// structure is answered.
func (c *call) autoSignReceipts() (reply, error) {
	if err := c.wantCertificate(c.arg("thumbprint")); err != nil {
		return reply{}, err
	}
	for _, d := range c.allDocs(c.box) {
		parent := ""
		switch title := d.answerEntity(); {
		case !c.mayEnter(d.place(c.box).department):
		case c.box != d.m.from && d.receipt == receiptDue:
			parent = d.e.id
		case c.box == d.m.from && d.answerReceipt == receiptDue && title != nil:
			parent = title.id
		}
		if parent == "" || !d.m.sentOn {
			continue
		}
		parts, err := c.partOf(parent, "получено")
		if err != nil {
			return reply{}, err
		}
		body := patchBody{BoxId: c.box.id, MessageId: d.m.id, Receipts: parts}
		if _, err := c.Server.apply(&patching{call: c, m: d.m, touched: map[*document]string{}}, &body); err != nil {
			return reply{}, err
		}
	}
	t := c.addTask("AutoSignReceipts")
	t.result = jsonReply(object{})
	return jsonReply(object{"TaskId": t.id}), nil
}
