package diadocsim

// Switches choose among readings that the documentation leaves open. The zero value is the recommended one.
// "10.3" in a comment means the list of open questions there.
type Switches struct {
	// RefuseUnknown answers 400 to unknown fields of a body and unknown query parameters; the service is said to
	// ignore them. Either way Call.Unknown tells of them.
	RefuseUnknown bool `json:"refuseUnknown,omitempty"`
	// GUIDBoxIDs writes box ids as GUIDs in structures where the service writes the old form (3.1).
	GUIDBoxIDs bool `json:"guidBoxIds,omitempty"`
	// KeepRefreshToken leaves refresh_token out of an exchange's answer and keeps the old one alive (10.3, 1).
	KeepRefreshToken bool `json:"keepRefreshToken,omitempty"`
	// RefuseReusedOperation answers 409 to an operationId that comes again with another body; the pages only say
	// that the first result is answered (1.8).
	RefuseReusedOperation bool `json:"refuseReusedOperation,omitempty"`
	// NotReady is the status of a print form, protocol or archive that is not ready: 0 means 204 (10.3, 4).
	NotReady int `json:"notReady,omitempty"`
	// EventsShowThen keeps an event as it was; otherwise it shows its documents as they are now (10.3, 13).
	EventsShowThen bool `json:"eventsShowThen,omitempty"`
	// UnknownTarget is the status for an unknown recipient or linked document on sending: 0 means 400 (10.3, 14).
	UnknownTarget int `json:"unknownTarget,omitempty"`
	// LockedPart is the status for acting on a part of a closed packet: 0 means 409 (10.3, 14).
	LockedPart int `json:"lockedPart,omitempty"`
	// ForbiddenAcceptance fails the task of an acceptance that must be a signature with 409; otherwise it ends
	// without effect (10.3, 14).
	ForbiddenAcceptance bool `json:"forbiddenAcceptance,omitempty"`
	// KeyOnLastPage repeats AfterIndexKey on the last page of GetCounteragentsFromGroup (10.3, 15).
	KeyOnLastPage bool `json:"keyOnLastPage,omitempty"`
	// NullForAbsent writes null for a message field that is not set (10.3, 8).
	NullForAbsent bool `json:"nullForAbsent,omitempty"`
	// DateTimes writes DateTime beside Ticks everywhere, not only for employees (10.3, 15).
	DateTimes bool `json:"dateTimes,omitempty"`
	// DssSampleName writes DssFileSigningResult for FileSigningResults, as a sample of the page does (1.3).
	DssSampleName bool `json:"dssSampleName,omitempty"`
	// DeprecatedGone answers 410 to operations whose last day is announced but still ahead, as the test stand does
	// (1.6).
	DeprecatedGone bool `json:"deprecatedGone,omitempty"`
	// SearchCountsHidden makes FirstIndex of SearchDocflows count documents that the user may not see, so that
	// pages are shorter than Count or empty (10.3, 15).
	SearchCountsHidden bool `json:"searchCountsHidden,omitempty"`
}

// SetSwitches replaces all switches; what was already stored is rendered by the new ones.
func (s *Server) SetSwitches(sw Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sw = sw
	s.notify()
}

// Switches returns the switches now in force.
func (s *Server) Switches() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sw
}

func either(status, fallback int) int {
	if status == 0 {
		return fallback
	}
	return status
}
