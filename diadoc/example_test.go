package diadoc_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// oneUser refreshes whenever it is asked; a real source keeps one exchange in flight and stores the new
// refresh token before it hands the access token out.
type oneUser struct {
	identity *diadoc.Identity
	tokens   diadoc.Tokens
}

func (u *oneUser) Token(ctx context.Context) (diadoc.Authorization, error) {
	if u.tokens.Access == "" || time.Now().After(u.tokens.Expires) {
		return u.Renew(ctx, "")
	}
	return u.tokens.Authorization(), nil
}

func (u *oneUser) Renew(ctx context.Context, _ diadoc.Authorization) (diadoc.Authorization, error) {
	fresh, err := u.identity.Refresh(ctx, u.tokens.Refresh)
	if errors.Is(err, diadoc.ErrGrantRefused) {
		fmt.Println("a new refresh token has to be issued by hand")
	}
	if err != nil {
		return "", err
	}
	u.tokens = fresh
	return fresh.Authorization(), nil
}

func Example() {
	ctx := context.Background()
	up := upstream.New()
	user := &oneUser{identity: diadoc.NewIdentity(up, diadoc.IdentityURL, "client-id", "client-secret"),
		tokens: diadoc.Tokens{Refresh: "issued by hand"}}
	client := diadoc.New(up, diadoc.ProductionURL, user,
		diadoc.WithLimiter(diadoc.NewLimiter(diadoc.RecommendedRate, diadoc.RecommendedParallel)),
		diadoc.WithSunset(func(s diadoc.Sunset) { fmt.Println(s.Operation, "ends at", s.At) }))
	mine, err := client.GetMyOrganizations(ctx, false)
	if err != nil {
		return
	}
	for _, organization := range mine.Organizations {
		fmt.Println(organization.ShortName, organization.Boxes[0].BoxIDGUID)
	}
}

func ExampleDiadocLogin() {
	ctx := context.Background()
	login := diadoc.NewDiadocLogin(upstream.New(), diadoc.StagingURL, "developer-key")
	token, err := login.ByPassword(ctx, "robot@example.ru", "password")
	if errors.Is(err, diadoc.ErrLoginRefused) {
		fmt.Println("never try the same password again")
	}
	_ = login.Authorization(token) // valid for diadoc.LegacyTokenLife
}

func ExampleClient_AcquireCounteragent() {
	var client *diadoc.Client // see diadoc.New
	const box = diadoc.BoxID("aaaaaaaa-0000-4000-8000-000000000001")
	invite := func(ctx context.Context, inn, kpp string) error {
		found, err := client.GetOrganizationsByInnKpp(ctx, inn, kpp, false)
		if err != nil || len(found.Organizations) == 0 {
			return err
		}
		partner := found.Organizations[0].Boxes[0].BoxIDGUID
		relation, err := client.GetCounteragent(ctx, box, partner)
		if err == nil && relation.CurrentStatus == diadoc.IsMyCounteragent {
			return nil
		} else if err != nil && !errors.Is(err, diadoc.ErrNotFound) { // not found: no relation yet
			return err
		}
		task, err := client.AcquireCounteragent(ctx, box, "", diadoc.AcquireCounteragentRequest{
			BoxID: partner, MessageToCounteragent: "Предлагаем обмениваться документами через Диадок",
		})
		if err != nil {
			return err
		}
		_, err = task.Poll(ctx, client)
		if errors.Is(err, diadoc.ErrNotReady) {
			fmt.Println("store the task and poll it at", upstream.RetryAt(err))
		}
		return err
	}
	_ = invite
}

func ExampleClient_PostMessage() {
	var client *diadoc.Client // see diadoc.New
	send := func(ctx context.Context, pdf, signature []byte) error {
		body, err := diadoc.Body("PostMessage", diadoc.MessageToPost{
			FromBoxID: "aaaaaaaa-0000-4000-8000-000000000001", ToBoxID: "bbbbbbbb-0000-4000-8000-000000000002",
			DocumentAttachments: []diadoc.DocumentAttachment{{
				TypeNamedID: "Nonformalized", CustomDocumentID: "deal-17/contract", NeedRecipientSignature: true,
				SignedContent: diadoc.SignedContent{Content: pdf, Signature: signature},
				Metadata:      []diadoc.MetadataItem{{Key: "FileName", Value: "Спецификация.pdf"}},
			}},
		})
		if err != nil {
			return err
		}
		const operation = diadoc.OperationID("0d9c3c1a-row-17") // stored with the body before the first try
		message, err := client.PostStoredMessage(ctx, operation, body)
		switch {
		case errors.Is(err, diadoc.ErrNotReady), upstream.MaybeDone(err):
			fmt.Println("send the same bytes with the same operation id again")
		case errors.Is(err, diadoc.ErrConflict):
			fmt.Println("look it up by its custom id")
		case err == nil:
			fmt.Println(message.MessageID, message.Documents()[0].EntityID)
		}
		return err
	}
	_ = send
}

func ExampleClient_PostMessagePatch() {
	var client *diadoc.Client // see diadoc.New
	sign := func(ctx context.Context, document diadoc.DocumentID, signature []byte) error {
		_, err := client.PostMessagePatch(ctx, "stored-before-the-call", diadoc.MessagePatchToPostV2{
			BoxID: "bbbbbbbb-0000-4000-8000-000000000002", MessageID: document.MessageID,
			Signatures: []diadoc.DocumentSignature{{
				ParentEntityID: document.EntityID, Signature: signature,
				PowerOfAttorney: &diadoc.PowerOfAttorneyToPost{UseDefault: true},
			}},
		})
		return err
	}
	_ = sign
}

func ExampleClient_NewEvents() {
	var client *diadoc.Client // see diadoc.New
	follow := func(ctx context.Context, box diadoc.BoxID, position diadoc.IndexKey) (diadoc.IndexKey, error) {
		for event, err := range client.NewEvents(ctx, box, diadoc.EventQuery{AfterIndexKey: position}) {
			if err != nil {
				return position, err
			}
			switch {
			case event.Err != nil:
				fmt.Println("unreadable, read the open documents anew:", event.EventID)
			case event.Message != nil && !event.Message.FromBoxID.Same(box):
				fmt.Println("new message from", event.Message.FromTitle)
			case event.Patch != nil && event.Patch.MessageIsDelivered:
				fmt.Println("delivered:", event.Patch.MessageID)
			}
			position = event.IndexKey // stored together with what the event caused
		}
		return position, nil
	}
	_ = follow
}

func ExampleClient_GeneratePrintForm() {
	var client *diadoc.Client // see diadoc.New
	try := func(ctx context.Context, box diadoc.BoxID, document diadoc.DocumentID) (next time.Time, err error) {
		form, err := client.GeneratePrintForm(ctx, box, document)
		switch {
		case errors.Is(err, diadoc.ErrNotReady):
			return upstream.RetryAt(err), nil // the same call again, then
		case errors.Is(err, diadoc.ErrConflict):
			fmt.Println("no print form for this type: offer the original")
			return time.Time{}, nil
		case err != nil:
			return time.Time{}, err
		}
		fmt.Println(form.Name, len(form.Body))
		return time.Time{}, nil
	}
	_ = try
}

func ExampleBody() {
	body, err := diadoc.Body("PostMessagePatch", diadoc.MessagePatchToPostV2{BoxID: "b", MessageID: "m",
		CustomDataPatches: []diadoc.CustomDataPatch{{ParentEntityID: "e", Operation: diadoc.CustomDataSet, Key: "stage", Value: "won"}}})
	fmt.Println(string(body), err)
	// Output: {"BoxId":"b","MessageId":"m","CustomDataPatches":[{"ParentEntityId":"e","Operation":"Set","Key":"stage","Value":"won"}]} <nil>
}

func ExampleAPIError_Explanation() {
	err := error(&diadoc.APIError{Operation: "PostMessage", Status: 402, Cause: diadoc.ErrNoSubscription})
	if failure, ok := errors.AsType[*diadoc.APIError](err); ok {
		fmt.Println(failure.Explanation().RU)
	}
	// Output: у организации нет подписки на API Диадока
}
