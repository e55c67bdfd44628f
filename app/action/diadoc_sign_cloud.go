package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
	"konturbridge/internal/spool"
	"konturbridge/internal/upstream"
)

// signPatience is how long a certificate's owner is waited for. The service has a limit of its own for
// confirmations on the phone; for codes from an SMS none is documented.
const signPatience = time.Hour

// signLooks is how many looking pauses pass between two questions whether somebody has confirmed.
const signLooks = 3

// certificate finds a certificate of the user in whose name the bridge works, and refuses one that the service
// can't sign with by itself.
func (r *runner) certificate(ctx context.Context, at office, thumbprint string) (diadoc.CertificateInfoV2, error) {
	list, err := at.client.GetMyCertificates(ctx, at.box, false)
	if err != nil {
		return diadoc.CertificateInfoV2{}, err
	}
	var offered []string
	for _, cert := range list.Certificates {
		if strings.EqualFold(cert.Thumbprint, thumbprint) {
			return cert, usable(cert, r.Now())
		}
		if usable(cert, r.Now()) == nil {
			offered = append(offered, fmt.Sprintf("%s (%s)", cert.Thumbprint, ownerOf(cert)))
		}
	}
	slices.Sort(offered)
	choice := "облачных сертификатов у пользователя нет: подпишите файлы сами и приложите подписи (.sig)"
	if len(offered) > 0 {
		choice = "доступны: " + strings.Join(offered, ", ")
	}
	return diadoc.CertificateInfoV2{}, &docflow.Refusal{Code: "certificate_not_found",
		CRMText: fmt.Sprintf("Параметр sign_with: у пользователя, от имени которого работает мост, нет сертификата %s; %s.", thumbprint, choice),
		TextEN:  fmt.Sprintf("Parameter sign_with: the user has no certificate %s; available: %s.", thumbprint, strings.Join(offered, ", "))}
}

func ownerOf(c diadoc.CertificateInfoV2) string {
	name := strings.Join(strings.Fields(c.UserLastName+" "+c.UserFirstName+" "+c.UserMiddleName), " ")
	if name == "" {
		return c.OrganizationName
	}
	return name
}

func usable(c diadoc.CertificateInfoV2, now time.Time) error {
	why := ""
	switch {
	case c.ValidTo != 0 && c.ValidTo.Time().Before(now):
		why = "срок его действия истёк " + c.ValidTo.Time().Format("02.01.2006")
	case c.Type == diadoc.CertificateToken && !slices.Contains(c.Usages, diadoc.DssUsage) && !slices.Contains(c.Usages, diadoc.KonturCertificateUsage):
		why = "он на носителе, и Диадок не может подписать им сам: подпишите файлы на своём компьютере и приложите подписи (.sig)"
	case c.Type == diadoc.CertificateGoskey:
		why = "он в приложении «Госключ»: подпишите документ в Диадоке"
	default:
		return nil
	}
	return &docflow.Refusal{Code: "certificate_unusable", CRMText: fmt.Sprintf("Параметр sign_with: сертификатом %s подписать нельзя: %s.", c.Thumbprint, why),
		TextEN: fmt.Sprintf("Parameter sign_with: certificate %s can't be used.", c.Thumbprint)}
}

// byCode reports whether the certificate's owner confirms by a code from an SMS. The service's own page knows
// only confirmations on the phone, which are tried for whatever kind is not known.
func byCode(c diadoc.CertificateInfoV2) bool {
	return c.Type == diadoc.CertificateKonturCertificate && !slices.Contains(c.Usages, diadoc.DssUsage)
}

// askOwner takes one step of a signing on the service's side. Nothing stands still meanwhile: what must wait
// gives the row back with its time.
func (r *runner) askOwner(ctx context.Context, c *call, j *job, s *docflow.Signing) error {
	l := j.letter
	if s.Stage != docflow.SigningDue && r.Now().After(s.Until) {
		return &docflow.Refusal{Code: "not_confirmed",
			CRMText: "Подпись не подтверждена вовремя, документы не подписаны. Повторите подписание роботом «Диадок: подписать».",
			TextEN:  "The signing was not confirmed in time; nothing was signed."}
	}
	switch s.Stage {
	case docflow.SigningDue:
		return r.startSigning(ctx, c, j, s)
	case docflow.SigningAsked:
		return r.lookAtDss(ctx, c, l, s)
	case docflow.SigningSending:
		return r.lookAtCode(ctx, c, l, s)
	default: // the code is handed over by another row, which sees it through
		return r.pause(l, "ждёт кода из SMS")
	}
}

func (r *runner) pause(l letter, note string) error {
	return asideUntil(l, note, r.Now().Add(signLooks*r.Look))
}

// startSigning has the owner asked. An answer that is lost here asks a second time: nothing is signed by that.
func (r *runner) startSigning(ctx context.Context, c *call, j *job, s *docflow.Signing) error {
	l := j.letter
	cert, err := r.certificate(ctx, l.office, s.Certificate)
	if err != nil {
		return err
	}
	if len(s.Parts) == 0 { // of a message that was stored to be signed
		if s.Parts, err = j.parts(ctx); err != nil {
			return err
		}
	}
	s.Until = r.Now().Add(signPatience)
	if !byCode(cert) {
		request := diadoc.DssSignRequestV2{SignDataSource: diadoc.CertificateSign, CertificateData: &diadoc.DssCertificateData{Thumbprint: s.Certificate}}
		for _, p := range s.Parts {
			request.Files = append(request.Files, diadoc.DssSignFile{FileName: p.Name, Content: contentOfPart(l, p)})
		}
		task, err := l.client.DssSign(ctx, l.box, request)
		if err != nil {
			return err
		}
		s.Stage, s.Task = docflow.SigningAsked, string(task.ID)
		return r.keep(ctx, c, l, s)
	}
	var request diadoc.CloudSignRequest
	for i, p := range s.Parts {
		if p.Shelf == "" { // it takes files alone
			if s.Parts[i].Shelf, err = l.onShelf(ctx, p); err != nil {
				return err
			}
		}
		request.Files = append(request.Files, diadoc.CloudSignFile{FileName: p.Name, Content: &diadoc.ContentV2{NameOnShelf: diadoc.ShelfName(s.Parts[i].Shelf)}})
	}
	task, err := l.client.CloudSign(ctx, s.Certificate, request)
	if err != nil {
		return err
	}
	s.Stage, s.Task = docflow.SigningSending, string(task.ID)
	return r.keep(ctx, c, l, s)
}

func contentOfPart(l letter, p docflow.SignPart) diadoc.ContentV3 {
	if p.Shelf != "" {
		return diadoc.ContentV3{NameOnShelf: diadoc.ShelfName(p.Shelf)}
	}
	return diadoc.ContentV3{EntityID: &diadoc.DocumentID{MessageID: l.message(), EntityID: diadoc.EntityID(p.Entity)}}
}

// content brings a document of the letter to the disk. The caller closes it.
func (l letter) content(ctx context.Context, entity string) (*spool.File, error) {
	body, err := l.client.GetEntityContent(ctx, l.box, diadoc.DocumentID{MessageID: l.message(), EntityID: diadoc.EntityID(entity)})
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }() // it was read to its end, or failed
	file, err := spool.New(maxUpload)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(file, body); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// onShelf copies a document of the letter to the shelf.
func (l letter) onShelf(ctx context.Context, p docflow.SignPart) (string, error) {
	file, err := l.content(ctx, p.Entity)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was read
	name, err := l.client.UploadToShelf(ctx, file.Reader(), path.Ext(p.Name))
	return string(name), err
}

// lookAtDss looks whether the owner has confirmed on the phone. The first look tells how he is asked.
func (r *runner) lookAtDss(ctx context.Context, c *call, l letter, s *docflow.Signing) error {
	result, err := diadoc.DssSignTask{Box: l.box, ID: diadoc.TaskID(s.Task)}.Poll(ctx, l.client)
	if failed, ok := errors.AsType[*diadoc.DssError](err); ok {
		return r.dssFailed(ctx, c, l, s, failed)
	}
	if errors.Is(err, diadoc.ErrNotReady) {
		if !s.Told {
			s.Told = true
			if err := r.keep(ctx, c, l, s, tellOwner(l, onPhone(result))); err != nil {
				return err
			}
		}
		return r.pause(l, "ждёт подтверждения подписи на телефоне")
	}
	if err != nil {
		return err
	}
	if len(result.FileSigningResults) != len(s.Parts) {
		return fmt.Errorf("%w: %d signatures of %d files", diadoc.ErrBadAnswer, len(result.FileSigningResults), len(s.Parts))
	}
	for i, one := range result.FileSigningResults { // by their order: they have no names
		if one.FileSigningStatus != diadoc.SigningCompleted || len(one.Signature) == 0 {
			return &docflow.Refusal{Code: "signing_failed", CRMText: fmt.Sprintf("Не удалось подписать «%s» сертификатом %s. Повторите или подпишите документ в Диадоке.", s.Parts[i].Name, s.Certificate),
				TextEN: "A file could not be signed."}
		}
		s.Parts[i].Signature = one.Signature
	}
	s.Stage, s.Task = docflow.Signatures, ""
	return r.keep(ctx, c, l, s)
}

// dssFailed judges a signing that ended without signatures.
func (r *runner) dssFailed(ctx context.Context, c *call, l letter, s *docflow.Signing, failed *diadoc.DssError) error {
	if !failed.Again.IsZero() {
		s.Stage, s.Task, s.Told = docflow.SigningDue, "", false
		if err := r.keep(ctx, c, l, s); err != nil {
			return err
		}
		return asideUntil(l, "сервис подписи просит начать заново позже", failed.Again)
	}
	code, why := "signing_failed", "сервис подписи не справился"
	switch failed.Status {
	case diadoc.DssOperationCanceledByUser:
		code, why = "signing_refused", "владелец сертификата отказался подписать"
	case diadoc.DssOperationTimeout:
		code, why = "not_confirmed", "владелец сертификата не подтвердил подпись вовремя"
	case diadoc.DssOperationUserHasUnconfirmedOperation:
		code, why = "signing_busy", "на телефоне владельца сертификата ждёт другая операция: подтвердите или отклоните её"
	}
	return &docflow.Refusal{Code: code, CRMText: "Документы не подписаны: " + why + ". Повторите подписание роботом «Диадок: подписать».",
		TextEN: "Nothing was signed: " + string(failed.Status) + ".", Cause: failed}
}

// onPhone says how the owner is asked.
func onPhone(result diadoc.DssSignResult) string {
	where := "в приложении на телефоне"
	switch result.ConfirmType {
	case diadoc.ConfirmSms:
		where = "по SMS"
	case diadoc.ConfirmMyDss:
		where = "в приложении myDSS на телефоне"
	case diadoc.ConfirmApplet:
		where = "на SIM-карте телефона"
	case diadoc.ConfirmNone:
		return "Подпись выполняется, подтверждать её не нужно."
	}
	if result.PhoneLastNumbers != "" {
		where += ", номер оканчивается на " + result.PhoneLastNumbers
	}
	return "Подтвердите подпись документов Диадока " + where + "."
}

// lookAtCode looks whether the owner was sent the code.
func (r *runner) lookAtCode(ctx context.Context, c *call, l letter, s *docflow.Signing) error {
	result, err := diadoc.CloudSignTask{ID: diadoc.TaskID(s.Task)}.Poll(ctx, l.client)
	if errors.Is(err, diadoc.ErrNotReady) {
		return r.pause(l, "Диадок отправляет код владельцу сертификата")
	}
	if err != nil {
		return taskRefused(err, "Диадок не смог отправить код владельцу сертификата")
	}
	s.Stage, s.Task, s.Token = docflow.SigningCode, "", result.Token
	return r.keep(ctx, c, l, s, tellOwner(l, "Владельцу сертификата отправлен код по SMS. Передайте код роботом «Диадок: подписать» в параметре confirm_code."))
}

// lookAtConfirmed looks whether the code was right.
func (r *runner) lookAtConfirmed(ctx context.Context, c *call, l letter, s *docflow.Signing) error {
	result, err := diadoc.CloudSignConfirmTask{ID: diadoc.TaskID(s.Task)}.Poll(ctx, l.client)
	switch {
	case errors.Is(err, diadoc.ErrNotReady):
		return r.pause(l, "Диадок проверяет код")
	case err != nil && upstream.ClassOf(err) == upstream.Refused: // another code may be tried
		s.Stage, s.Task = docflow.SigningCode, ""
		if err := r.keep(ctx, c, l, s); err != nil {
			return err
		}
		return wrongCode(err)
	case err != nil:
		return err
	case len(result.Signatures) != len(s.Parts):
		return fmt.Errorf("%w: %d signatures of %d files", diadoc.ErrBadAnswer, len(result.Signatures), len(s.Parts))
	}
	for i, one := range result.Signatures {
		s.Parts[i].Signature = one.Content
	}
	s.Stage, s.Task, s.Token = docflow.Signatures, "", ""
	return r.keep(ctx, c, l, s)
}

func wrongCode(err error) *docflow.Refusal {
	said := ""
	if api, ok := errors.AsType[*diadoc.APIError](err); ok && api.Text != "" {
		said = " (ответ Диадока: " + api.Text + ")"
	}
	return &docflow.Refusal{Code: "wrong_code", CRMText: "Параметр confirm_code: Диадок не принял код" + said + ". Проверьте код и передайте его ещё раз.",
		TextEN: "Parameter confirm_code: Diadoc did not accept the code.", Cause: err}
}

func taskRefused(err error, text string) error {
	if upstream.ClassOf(err) != upstream.Refused {
		return err
	}
	return &docflow.Refusal{Code: "signing_failed", CRMText: text + ". Повторите подписание роботом «Диадок: подписать».", TextEN: "The signing failed.", Cause: err}
}

// confirm hands the owner's code over for whichever row has begun the signing.
func (r *runner) confirm(ctx context.Context, c *call, l letter, code string) (lane.Result, error) {
	s := l.rec.Signing
	switch {
	case s != nil && (s.Stage == docflow.Signatures || s.Stage == docflow.SigningFrozen), // by an earlier run of this row
		s == nil && !slices.ContainsFunc(l.rec.Documents, ours):
		return c.awaitLetter(l, docflow.UntilHanded), nil
	case s == nil || s.Stage != docflow.SigningCode && s.Stage != docflow.SigningConfirming:
		return lane.Result{}, &docflow.Refusal{Code: "nothing_to_confirm",
			CRMText: "Параметр confirm_code: сейчас в этом сообщении ничего не подписывается с кодом из SMS. Начните подписание роботом «Диадок: подписать» с параметром sign_with.",
			TextEN:  "Parameter confirm_code: nothing of the message waits for a code."}
	}
	if s.Stage == docflow.SigningCode {
		task, err := l.client.CloudSignConfirm(ctx, s.Token, code, diadoc.SignatureInline)
		if err != nil && upstream.ClassOf(err) == upstream.Refused {
			return lane.Result{}, wrongCode(err)
		}
		if err != nil {
			return lane.Result{}, err
		}
		s.Stage, s.Task = docflow.SigningConfirming, string(task.ID)
		if err := r.keep(ctx, c, l, s); err != nil {
			return lane.Result{}, err
		}
	}
	if err := r.lookAtConfirmed(ctx, c, l, s); err != nil {
		return lane.Result{}, err
	}
	return c.awaitLetter(l, docflow.UntilHanded), nil // the row that began goes on by itself
}
