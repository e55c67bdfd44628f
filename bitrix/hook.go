package bitrix

// Hook is the call of the portal's built-in Webhook step. It carries no token at all: a secret in the
// address decides who is trusted, and every value beside the ids is only a hint. The vendor does not
// document it; handlers that are in use agree on this shape.
type Hook struct {
	DocumentID     DocumentID
	MemberID       string
	Domain         string
	ClientEndpoint string
	ServerEndpoint string
	Parameters     Properties // everything else, from the body and the query; the body wins
}

// ParseHook reads the query and the body of a webhook step's call; either may be empty. The query is
// read leniently, because its placeholders are not reliably escaped. Required: document_id and
// auth[member_id]. It keeps no reference to its arguments. Errors name the missing or malformed key.
func ParseHook(query, body []byte) (Hook, error) {
	form, err := ParseForm(body)
	if err != nil {
		return Hook{}, badForm(err)
	}
	asked, err := parseLoose(query)
	if err != nil {
		return Hook{}, badForm(err)
	}
	for _, key := range asked.Keys() {
		if form.At(key) == nil {
			form.add(key, asked.At(key))
		}
	}
	h := Hook{
		MemberID: form.Get("auth", "member_id"), Domain: form.Get("auth", "domain"),
		ClientEndpoint: form.Get("auth", "client_endpoint"), ServerEndpoint: form.Get("auth", "server_endpoint"),
		Parameters: parseProperties(form),
	}
	delete(h.Parameters, "document_id")
	delete(h.Parameters, "auth")
	if h.DocumentID, err = formDocument(form); err != nil {
		return Hook{}, err
	}
	if h.MemberID == "" {
		return Hook{}, missing("auth[member_id]")
	}
	return h, nil
}

// Encode writes the call as a body that ParseHook reads back.
func (h Hook) Encode() []byte {
	var w formWriter
	h.Parameters.write(&w, "", "")
	h.DocumentID.write(&w)
	w.addSet("auth[domain]", h.Domain)
	w.addSet("auth[client_endpoint]", h.ClientEndpoint)
	w.addSet("auth[server_endpoint]", h.ServerEndpoint)
	w.add("auth[member_id]", h.MemberID)
	return []byte(w.String())
}
