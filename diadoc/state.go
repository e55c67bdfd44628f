package diadoc

// State is where a document stands, in one word. The words are this package's; they are derived from the
// service's enumerations alone, never from its texts.
type State string

// Values of [State], in the order in which they are looked for.
const (
	StateDeleted            State = "deleted"
	StateRevoked            State = "revoked"
	StateRevocationIn       State = "revocation-in"  // they ask us to revoke it
	StateRevocationOut      State = "revocation-out" // we asked them
	StateUnsent             State = "unsent"         // waits for the sender's signature, or that one is invalid
	StateDeliveryError      State = "delivery-error"
	StateProxyWait          State = "proxy-wait" // waits for the one who signs first
	StateProxyRejected      State = "proxy-rejected"
	StateRejected           State = "rejected"
	StatePartiallySigned    State = "partially-signed"
	StateSigned             State = "signed"
	StateAwaitingAnswer     State = "awaiting-answer"
	StateAmendmentRequested State = "amendment"
	StateReceiptDue         State = "receipt-due"
	StateFinished           State = "finished" // sent, and nothing is awaited
	StateSent               State = "sent"     // sent, and a receipt is awaited from the others
	StateUnknown            State = "unknown"  // the answer carries values that this package does not know
)

// Final reports whether nothing more is expected of anybody. A signed document may still be revoked.
func (s State) Final() bool {
	switch s {
	case StateDeleted, StateRevoked, StateProxyRejected, StateRejected, StatePartiallySigned, StateSigned, StateFinished:
		return true
	}
	return false
}

// AmendmentRequested, Revised and Corrected are the bits of AmendmentRequestMetadata.AmendmentFlags.
const (
	AmendmentRequested = 1 << iota
	AmendmentRevised
	AmendmentCorrected
)

// facts is what both forms of a document say about where it stands.
type facts struct {
	deleted                     bool
	revocation                  RevocationStatus
	unsent                      bool
	deliveryFailed              bool
	proxyWaits, proxyRejected   bool
	rejected, partly, signed    bool
	waits                       bool
	amendment                   bool
	receiptDue, receiptsAwaited bool
	unknown                     bool // something decisive has an unknown value
}

// state takes the first that holds.
func (f facts) state() State {
	for _, one := range []struct {
		holds bool
		state State
	}{
		{f.deleted, StateDeleted},
		{f.revocation == RevocationAccepted, StateRevoked},
		{f.revocation == RequestsMyRevocation, StateRevocationIn},
		{f.revocation == RevocationIsRequestedByMe, StateRevocationOut},
		{f.unsent, StateUnsent},
		{f.deliveryFailed, StateDeliveryError},
		{f.proxyWaits, StateProxyWait},
		{f.proxyRejected, StateProxyRejected},
		{f.rejected, StateRejected},
		{f.partly, StatePartiallySigned},
		{f.signed, StateSigned},
		{f.waits, StateAwaitingAnswer},
		{f.amendment, StateAmendmentRequested},
		{f.receiptDue, StateReceiptDue},
		{f.unknown, StateUnknown},
		{f.receiptsAwaited, StateSent},
	} {
		if one.holds {
			return one.state
		}
	}
	return StateFinished
}

// State derives where the document stands. A notice of failed delivery is an entity of the message, not of
// the document: see [Message.DeliveryFailed].
func (d Document) State() State {
	receipts := []GeneralReceiptStatus{d.RecipientReceiptMetadata.ReceiptStatus, d.SenderReceiptMetadata.ReceiptStatus, d.ConfirmationMetadata.ReceiptStatus}
	return facts{
		deleted:         d.IsDeleted,
		revocation:      d.RevocationStatus,
		unsent:          d.SenderSignatureStatus == WaitingForSenderSignature || d.SenderSignatureStatus == SenderSignatureCheckedAndInvalid,
		deliveryFailed:  d.RoamingNotificationStatus == RoamingNotificationStatusError,
		proxyWaits:      d.ProxySignatureStatus == WaitingForProxySignature || d.ProxySignatureStatus == InvalidProxySignature,
		proxyRejected:   d.ProxySignatureStatus == ProxySignatureRejected,
		rejected:        d.RecipientResponseStatus == RecipientSignatureRequestRejected,
		partly:          d.RecipientResponseStatus == WithRecipientPartiallySignature,
		signed:          d.RecipientResponseStatus == WithRecipientSignature,
		waits:           d.RecipientResponseStatus == WaitingForRecipientSignature || d.RecipientResponseStatus == InvalidRecipientSignature,
		amendment:       d.AmendmentRequestMetadata.AmendmentFlags&AmendmentRequested != 0,
		receiptDue:      has(receipts, HaveToCreateReceipt),
		receiptsAwaited: has(receipts, WaitingForReceipt),
		unknown:         !settled(d.RecipientResponseStatus),
	}.state()
}

// settled reports whether the answer's status says that no answer is needed.
func settled(status RecipientResponseStatus) bool {
	return status == RecipientResponseStatusNotAcceptable
}

func has[T comparable](values []T, wanted T) bool {
	for _, v := range values {
		if v == wanted {
			return true
		}
	}
	return false
}

// Delivered reports whether the document has reached the other side.
func (d Document) Delivered() bool { return d.DeliveryTimestampTicks != 0 }

// OurTurn reports whether the next step is this box's: to sign or refuse what came in, to answer a revocation,
// to sign what was not sent, to make a receipt.
func (d Document) OurTurn() bool {
	switch d.State() {
	case StateRevocationIn, StateReceiptDue:
		return true
	case StateUnsent: // of what came in, the sender's signature is his
		return d.DocumentDirection != DirectionInbound
	case StateAwaitingAnswer: // an invalid answer is to be repeated by who gave it
		return d.DocumentDirection == DirectionInbound || d.DocumentDirection == DirectionInternal
	}
	return false
}
