package diadoc

// State derives where the document stands, as [Document.State] does.
func (d DocumentWithDocflowV5) State() State {
	f := facts{deleted: d.DocumentInfo.IsDeleted}
	if d.Docflow.Revocation != nil {
		f.revocation = d.Docflow.Revocation.RevocationStatus
	}
	for _, title := range d.Docflow.Titles {
		f.title(title)
	}
	for _, request := range d.Docflow.AmendmentRequests {
		f.amendment = f.amendment || request.AmendmentFlags&AmendmentRequested != 0
	}
	f.signed = f.signed && !f.waits // all of them have to sign
	return f.state()
}

func (f *facts) title(t TitleDocflow) {
	if t.TitleIndex == 0 {
		switch t.AuthorSigning.Status {
		case TitleAuthorStatusWaiting, TitleAuthorStatusNotReadyToSign, TitleAuthorStatusInvalidSignature:
			f.unsent = true
		case TitleAuthorStatusSigned, TitleAuthorStatusVerifying:
		default:
			f.unknown = true
		}
	} else {
		f.answer(t.AuthorSigning)
	}
	for _, participant := range t.ParticipantDocflows {
		f.participant(participant)
	}
}

// answer is a title that replies to the first one.
func (f *facts) answer(a TitleAuthorDocflow) {
	switch a.Status {
	case TitleAuthorStatusSigned:
		f.signed = true
	case TitleAuthorStatusWaiting, TitleAuthorStatusInvalidSignature:
		f.waits = true
	}
	if a.OperationResult == nil || a.Status != TitleAuthorStatusSigned {
		return
	}
	switch a.OperationResult.WellKnown {
	case WellKnownTitleOperationResultPartiallySigned:
		f.partly = true
	case WellKnownTitleOperationResultRejected:
		f.rejected = true
	}
}

func (f *facts) participant(p TitleParticipantDocflow) {
	if delivery := p.TitleDelivery; delivery != nil {
		f.deliveryFailed = f.deliveryFailed || delivery.Delivery != nil && delivery.Delivery.Status == DeliveryStatusFailed ||
			delivery.RoamingNotification != nil && !delivery.RoamingNotification.IsSuccess
	}
	if p.Response != nil {
		switch p.Response.Status {
		case TitleParticipantResponseStatusSigned:
			f.signed = true
		case TitleParticipantResponseStatusSignatureRejected:
			f.rejected = true
		case TitleParticipantResponseStatusWaiting, TitleParticipantResponseStatusInvalidSignature, TitleParticipantResponseStatusVerifying:
			f.waits = true
		case TitleParticipantResponseStatusNotAcceptable:
		default:
			f.unknown = true
		}
	}
	if p.Receipt != nil {
		f.receipt(p.Receipt.Status)
	}
}

func (f *facts) receipt(status GeneralReceiptStatus) {
	f.receiptDue = f.receiptDue || status == HaveToCreateReceipt
	f.receiptsAwaited = f.receiptsAwaited || status == WaitingForReceipt
}

// Delivered reports whether every title that was sent has reached those it was for.
func (d DocumentWithDocflowV5) Delivered() bool {
	delivered := false
	for _, title := range d.Docflow.Titles {
		for _, participant := range title.ParticipantDocflows {
			if participant.TitleDelivery == nil || participant.TitleDelivery.Delivery == nil {
				continue
			}
			if participant.TitleDelivery.Delivery.Status != DeliveryStatusDelivered {
				return false
			}
			delivered = true
		}
	}
	return delivered
}

// State derives where the document stands, as [Document.State] does.
func (d DocumentWithDocflowV4) State() State {
	flow := d.Docflow
	f := facts{
		deleted:        d.DocumentInfo.IsDeleted,
		unsent:         flow.SenderTitle.SenderSignatureStatus == WaitingForSenderSignature || flow.SenderTitle.SenderSignatureStatus == SenderSignatureCheckedAndInvalid,
		deliveryFailed: flow.SenderTitle.RoamingNotification != nil && !flow.SenderTitle.RoamingNotification.IsSuccess,
	}
	if flow.Revocation != nil {
		f.revocation = flow.Revocation.RevocationStatus
	}
	if proxy := flow.ProxyResponse; proxy != nil {
		f.proxyWaits = proxy.ResponseStatus == WaitingForRecipientSignature || proxy.ResponseStatus == InvalidRecipientSignature
		f.proxyRejected = proxy.ResponseStatus == RecipientSignatureRequestRejected
	}
	if answer := flow.RecipientResponse; answer != nil {
		f.rejected = answer.ResponseStatus == RecipientSignatureRequestRejected
		f.partly = answer.ResponseStatus == WithRecipientPartiallySignature
		f.signed = answer.ResponseStatus == WithRecipientSignature
		f.waits = answer.ResponseStatus == WaitingForRecipientSignature || answer.ResponseStatus == InvalidRecipientSignature
		f.unknown = !settled(answer.ResponseStatus)
	}
	if request := flow.AmendmentRequest; request != nil {
		f.amendment = request.AmendmentFlags&AmendmentRequested != 0
	}
	for _, receipt := range []*ReceiptDocflowV4{flow.RecipientReceipt, flow.SenderReceipt} {
		if receipt != nil {
			f.receipt(receipt.Status)
		}
	}
	return f.state()
}
