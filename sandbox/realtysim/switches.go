package realtysim

// Words of Switches.LastToken.
const (
	// LastTokenAbsent leaves lastToken out of a page that was asked for with after.
	LastTokenAbsent = "absent"
	// LastTokenNull sends lastToken as null on such a page.
	LastTokenNull = "null"
	// LastTokenChanges gives a new token with each empty page instead of repeating the one in after.
	LastTokenChanges = "changes"
	// LastTokenNoContent answers an empty page with 204 and no body.
	LastTokenNoContent = "no_content"
)

// Switches choose among readings that the documentation leaves open. The zero value is the recommended one.
// The letter and number in each comment name the discrepancy in the contract page, section 7.
type Switches struct {
	// NewsKey is the key of the news array (R1); empty means docflowNewsItem.
	NewsKey string `json:"newsKey,omitempty"`
	// LastToken is one of the LastToken words (R2); empty repeats the token of after on an empty page.
	LastToken string `json:"lastToken,omitempty"`
	// WrappedGet answers a get with a news item (token, date, docflow) instead of a bare docflow (R3).
	WrappedGet bool `json:"wrappedGet,omitempty"`
	// RequirementsLater keeps requirements out of the 201 body (R9); a get and the news carry them.
	RequirementsLater bool `json:"requirementsLater,omitempty"`
	// AfterSubmit is the state after an accepted submit (N8): empty means queued; "verified" or " verified"
	// stay until the docflow is dispatched.
	AfterSubmit string `json:"afterSubmit,omitempty"`
	// SubmitRefusesShortage answers 400 to a submit while signatures are missing, instead of an error event.
	SubmitRefusesShortage bool `json:"submitRefusesShortage,omitempty"`
	// BadSignaturesSuspend reports refused signatures as suspended with error and requirements (R10)
	// instead of the final state error.
	BadSignaturesSuspend bool `json:"badSignaturesSuspend,omitempty"`
	// SingleFile sends requirements.signature[].files as one object instead of an array (R6).
	SingleFile bool `json:"singleFile,omitempty"`
	// SharedStatement makes one statement that every person signs, instead of one for each person.
	SharedStatement bool `json:"sharedStatement,omitempty"`
	// SummNumber sends summ as a JSON number (R7).
	SummNumber bool `json:"summNumber,omitempty"`
	// ResultArray sends result as a bare array of files (R8).
	ResultArray bool `json:"resultArray,omitempty"`
	// CreateType names the type field of the create answer "type" instead of "docflowType" (N9).
	CreateType bool `json:"createType,omitempty"`
	// CreateAlways201 answers 201 to every create, with the state telling the outcome (P10).
	CreateAlways201 bool `json:"createAlways201,omitempty"`
	// CamelTypes sends docflowType in camel case in answers, as older pages printed it (N1).
	CamelTypes bool `json:"camelTypes,omitempty"`
	// OldStateNames sends suspend and queue for suspended and queued (N6, N7).
	OldStateNames bool `json:"oldStateNames,omitempty"`
	// LoginFailure is the status of a login with wrong data (P11): 0 means 400; older pages had 401 and 403.
	LoginFailure int `json:"loginFailure,omitempty"`
	// RefusedToken is the status for an unknown news token, which no page documents; 0 means 400.
	RefusedToken int `json:"refusedToken,omitempty"`
	// LinkBase replaces the base address in every contentLink and Location: printed examples mix hosts,
	// so a client must not follow the links.
	LinkBase string `json:"linkBase,omitempty"`
	// ExtraSignature asks signatures for additional_packet_request and action_request too; no page says.
	ExtraSignature bool `json:"extraSignature,omitempty"`
	// CancelCompletes ends a cancelled parent as completed instead of error; no page says which.
	CancelCompletes bool `json:"cancelCompletes,omitempty"`
	// EGRON lists prefixes of cadastral numbers whose requests would go to the unfinished EGRON system: 501.
	EGRON []string `json:"egron,omitempty"`
}

// SetSwitches replaces all switches; what was already stored is rendered by the new ones.
func (s *Server) SetSwitches(sw Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sw.EGRON = append([]string(nil), sw.EGRON...)
	s.sw = sw
	s.notify()
}

// Switches returns the switches now in force.
func (s *Server) Switches() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sw
}
