package feed

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// letters reads messages of a box, each once, for all who know it.
type letters struct {
	client *diadoc.Client
	box    diadoc.BoxID
	log    *slog.Logger

	mu   sync.Mutex
	read map[string]*diadoc.Message // nil: the service does not show it
	said map[diadoc.EntityID]string // texts of refusals and requests, and names of signers
}

func newLetters(client *diadoc.Client, box diadoc.BoxID, log *slog.Logger) *letters {
	return &letters{client: client, box: box, log: log, read: map[string]*diadoc.Message{}, said: map[diadoc.EntityID]string{}}
}

// Read reads a message after an act of ours, with what is told of it outside the message.
//
// Errors: the client's; diadoc.ErrNotFound where the service does not show the message yet.
func Read(ctx context.Context, client *diadoc.Client, box diadoc.BoxID, id diadoc.MessageID, known docflow.Record, cause string, at time.Time) (docflow.Update, error) {
	l := newLetters(client, box, slog.New(slog.DiscardHandler))
	m, err := client.GetMessage(ctx, box, id, diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return docflow.Update{}, err
	}
	u := FromDiadoc(m, box, cause, "", at)
	l.explain(ctx, m, known, &u)
	return u, nil
}

// load reads those of the records' messages that are not read yet, few at a time.
func (l *letters) load(ctx context.Context, records []docflow.Record, at func(docflow.Record) string) error {
	wanted := map[string]docflow.Record{}
	for _, rec := range records {
		if _, known := l.read[at(rec)]; !known {
			wanted[at(rec)] = rec
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(diadoc.RecommendedParallel)
	for id, rec := range wanted {
		group.Go(func() error {
			m, err := l.one(ctx, id, rec)
			if err != nil {
				return err
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.read[id] = m
			return nil
		})
	}
	return group.Wait()
}

func (l *letters) one(ctx context.Context, id string, rec docflow.Record) (*diadoc.Message, error) {
	m, err := l.client.GetMessage(ctx, l.box, diadoc.MessageID(id), diadoc.MessageOptions{OriginalSignature: true})
	switch {
	case errors.Is(err, diadoc.ErrNoAccess):
		return l.parts(ctx, id, rec)
	case errors.Is(err, diadoc.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &m, nil
}

// parts reads a message document by document, for a user who does not see all of it. One that shows less than
// the known documents is not told of: nobody would know what the rest stands at.
func (l *letters) parts(ctx context.Context, id string, rec docflow.Record) (*diadoc.Message, error) {
	var whole *diadoc.Message
	seen := map[diadoc.EntityID]bool{}
	for _, d := range rec.Documents {
		m, err := l.client.GetMessage(ctx, l.box, diadoc.MessageID(id),
			diadoc.MessageOptions{OriginalSignature: true, EntityID: diadoc.EntityID(d.EntityID)})
		if errors.Is(err, diadoc.ErrNoAccess) || errors.Is(err, diadoc.ErrNotFound) || d.EntityID == "" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if whole == nil {
			whole = &diadoc.Message{}
			*whole = m
			whole.Entities = nil
		}
		for _, e := range m.Entities {
			if !seen[e.EntityID] {
				seen[e.EntityID] = true
				whole.Entities = append(whole.Entities, e)
			}
		}
	}
	return whole, nil
}

// updates tells what became of a record's message: what it passed through unseen, and what it is now. None where
// the service does not show it.
func (l *letters) updates(ctx context.Context, id string, rec docflow.Record, cause, token string, at time.Time) []docflow.Update {
	m := l.read[id]
	if m == nil {
		return nil
	}
	now := FromDiadoc(*m, l.box, cause, token, at)
	acts := actsOf(*m)
	for _, a := range acts { // the moment of what has happened last, if that is news
		if !slices.Contains(rec.Read.Acts, a.name()) && a.at != 0 {
			now.At = a.at.Time()
		}
	}
	var all []docflow.Update
	if rec.State != "" { // of what comes from outside only what it is now is anybody's business
		all = Passed(*m, l.box, rec.Read.Acts, cause, token)
	}
	all = append(all, now)
	for i := range all {
		l.explain(ctx, *m, rec, &all[i])
	}
	return all
}

// explain adds what the message itself does not tell: why a document was refused, is to be revoked or corrected,
// and which person signed. It is a comfort: what can't be had is left out.
func (l *letters) explain(ctx context.Context, m diadoc.Message, rec docflow.Record, u *docflow.Update) {
	acts := actsOf(m)
	for i, d := range u.Documents {
		kind, wanted := reasonOf(d.State)
		if was, known := rec.Document(d.EntityID); known && was.State == d.State && (was.Comment != "" || was.Named) {
			continue // told already
		}
		for _, a := range acts {
			if !wanted || a.kind != kind || !slices.Contains(u.Read.Acts, a.name()) || a.document != "" && entityKey(a.document) != d.EntityID {
				continue
			}
			if kind != answered || a.entity.EntityType != diadoc.EntityTypeSignature {
				u.Documents[i].Comment = l.text(ctx, m, a.entity)
			} else if name := l.signer(ctx, m, a.entity); name != "" {
				u.Documents[i].SignedBy, u.Documents[i].Named = name, true
			}
		}
	}
}

// reasonOf tells what act a state is explained by.
func reasonOf(s docflow.State) (actKind, bool) {
	switch s {
	case docflow.Rejected, docflow.AllSigned, docflow.PartiallySigned:
		return answered, true
	case docflow.RevocationIn, docflow.RevocationOut:
		return asksRevocation, true
	case docflow.Amendment:
		return asksCorrection, true
	case docflow.DeliveryError:
		return undelivered, true
	}
	return 0, false
}

// maxReason bounds a text that is read from a file.
const maxReason = 1 << 20

// text reads why: of a universal message from the message, of a file from its content.
func (l *letters) text(ctx context.Context, m diadoc.Message, e diadoc.Entity) string {
	if e.UniversalMessageInfo != nil {
		var said []string
		for _, event := range e.UniversalMessageInfo.Events {
			if event.PlainText != "" {
				said = append(said, event.PlainText)
			}
		}
		return strings.Join(said, "; ")
	}
	return l.once(e.EntityID, func() (string, error) {
		if e.AttachmentType == diadoc.AttachmentInvoiceCorrectionRequest {
			info, err := l.client.GetInvoiceCorrectionRequestInfo(ctx, l.box, diadoc.DocumentID{MessageID: m.MessageID, EntityID: e.EntityID})
			return sentence(info), err
		}
		content, err := l.client.ReadEntity(ctx, l.box, m.MessageID, e, maxReason)
		if err != nil {
			return "", err
		}
		switch e.AttachmentType {
		case diadoc.AttachmentXmlSignatureRejection:
			info, err := l.client.ParseSignatureRejectionXml(ctx, content)
			return sentence(info), err
		case diadoc.AttachmentRevocationRequest:
			info, err := l.client.ParseRevocationRequestXml(ctx, content)
			return info.Comment, err
		}
		if !utf8.Valid(content) || strings.HasPrefix(strings.TrimSpace(string(content)), "<") {
			return "", nil // not a plain text
		}
		return strings.TrimSpace(string(content)), nil
	})
}

// sentence finds the words in a parsed service file. The documentation names its structure and not its fields;
// ErrorMessage is what the text is called where the same file is generated.
func sentence(info diadoc.Raw) string {
	var fields map[string]json.RawMessage
	if len(info) == 0 || info.Decode(&fields) != nil {
		return ""
	}
	for _, name := range []string{"ErrorMessage", "Comment", "Text"} {
		var text string
		if json.Unmarshal(fields[name], &text) == nil && text != "" {
			return text
		}
	}
	return ""
}

// signer names the owner of the certificate that a signature was made with.
func (l *letters) signer(ctx context.Context, m diadoc.Message, e diadoc.Entity) string {
	return l.once(e.EntityID, func() (string, error) {
		info, err := l.client.GetSignatureInfo(ctx, l.box, diadoc.DocumentID{MessageID: m.MessageID, EntityID: e.EntityID})
		if err != nil {
			return "", err
		}
		var parts []string
		for _, part := range []string{strings.TrimSpace(info.Surname + " " + info.FirstName), info.JobTitle, info.OrgName} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, ", "), nil
	})
}

// once asks once, whatever comes of it.
func (l *letters) once(id diadoc.EntityID, ask func() (string, error)) string {
	if said, known := l.said[id]; known {
		return said
	}
	said, err := ask()
	if err != nil {
		l.log.Warn("a text of Диадок could not be read", "entity", string(id), "error", err)
	}
	l.said[id] = said
	return said
}
