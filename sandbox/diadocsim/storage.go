package diadocsim

import "net/http"

func storageArea() map[string]behaviour {
	return map[string]behaviour{
		"GetOrganizationStorageEntries": {body: jsonBody, box: "boxId", serve: (*call).getEntries},
		"PutOrganizationStorageEntries": {body: jsonBody, answer: other, box: "boxId", serve: (*call).putEntries},
		"ExtendedSignerDetails":         {body: jsonBody, box: "boxId", serve: (*call).putSignerDetails},
		"ReadExtendedSignerDetails":     {box: "boxId", serve: (*call).getSignerDetails},
	}
}

// putEntries: KeyValueStorageApiPutRequest is not described. Its list is taken for Entries of Key and Value.
func (c *call) putEntries() (reply, error) {
	var body struct{ Entries []customDataItem }
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if len(body.Entries) == 0 {
		return reply{}, bad("Entries are required")
	}
	if c.box.entries == nil {
		c.box.entries = map[string]string{}
	}
	for _, e := range body.Entries {
		c.box.entries[e.Key] = e.Value
	}
	return reply{status: http.StatusOK}, nil
}

// getEntries: KeyValueStorageApiGetRequest and its answer are not described. Keys are taken from Keys, and the
// entries that there are, are answered in Entries.
func (c *call) getEntries() (reply, error) {
	var body struct{ Keys []string }
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, key := range body.Keys {
		if value, ok := c.box.entries[key]; ok {
			list = append(list, object{"Key": key, "Value": value})
		}
	}
	return jsonReply(object{"Entries": list}), nil
}

// signerKey is what stored defaults of a signer belong to.
func (c *call) signerKey() (string, error) {
	kind, err := c.number("documentTitleType", 0, -1, 26)
	if err != nil {
		return "", err
	}
	return c.arg("thumbprint") + " " + string(rune('A'+1+kind)), nil
}

// putSignerDetails: ExtendedSignerDetailsToPost is not described; what comes is kept and answered.
func (c *call) putSignerDetails() (reply, error) {
	key, err := c.signerKey()
	if err != nil {
		return reply{}, err
	}
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if _, ok := body.(map[string]any); !ok {
		return reply{}, bad("Invalid request body: an object is expected")
	}
	if c.box.signers == nil {
		c.box.signers = map[string]any{}
	}
	c.box.signers[key] = body
	return jsonReply(body), nil
}

func (c *call) getSignerDetails() (reply, error) {
	key, err := c.signerKey()
	if err != nil {
		return reply{}, err
	}
	if c.box.signers[key] == nil {
		return reply{}, refuse(http.StatusNotFound, "There are no details for certificate %s", c.arg("thumbprint"))
	}
	return jsonReply(c.box.signers[key]), nil
}
