package action

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/internal/spool"
	"konturbridge/realty"
	"konturbridge/realty/cms"
)

// runSign hands signature files over, each to the statement that it was made of. The service ends a
// docflow for good when a signature fails its check, so what is wrong is told before anything is handed
// over. What was handed over is stored one by one: the service may keep satisfied entries in its list,
// so our record decides.
func runSign(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	rec, err := r.record(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if rec.State != docflow.Suspended || rec.Requirement != docflow.RequireSignature {
		return lane.Result{}, &docflow.Refusal{Code: "nothing_to_sign",
			CRMText: fmt.Sprintf("Документооборот сейчас не ждёт подписей: %s. Дождитесь статуса «нужны подписи».", reaction.StateText(rec)),
			TextEN:  fmt.Sprintf("The docflow does not wait for signatures (state %s).", rec.State)}
	}
	client, err := r.client(ctx, rec)
	if err != nil {
		return lane.Result{}, err
	}
	signatures, err := r.signatures(ctx, client, c)
	if err != nil {
		return lane.Result{}, err
	}
	pairs, err := r.pair(ctx, client, rec, targets(rec, c), signatures, c.row.Received)
	if err != nil {
		return lane.Result{}, err
	}
	for _, p := range pairs {
		if !p.target.SignedAt.IsZero() {
			continue // by an earlier run of this row
		}
		if err := attach(ctx, client, realty.DocflowID(rec.ExternalID), realty.FileID(p.target.FileID), p.signature); err != nil {
			return lane.Result{}, err
		}
		if err := r.Store.Write(ctx, c.row.Lease, docflow.Signed{ID: rec.ID, FileID: p.target.FileID,
			PersonID: p.target.PersonID, At: r.Now()}); err != nil {
			return lane.Result{}, err
		}
	}
	return c.answer(rec.ID, fmt.Sprintf("%d signatures handed over", len(pairs))), nil
}

// targets lists the statements that the parameter names, in the service's order.
func targets(rec docflow.Record, c *call) []docflow.Statement {
	fileID := c.Properties.First("file_id")
	var all []docflow.Statement
	for _, s := range rec.Statements {
		if fileID == "" || strings.EqualFold(s.FileID, fileID) {
			all = append(all, s)
		}
	}
	return all
}

// pair is a signature and the statement that it goes to.
type pair struct {
	signature signature
	target    docflow.Statement
}

// pair finds each signature's statement: by the hash that was signed, among several signers of one
// statement by who signed it. Signatures that don't tell go to the statements that are left, in order. A
// statement that was signed before this row came is done: its signature is passed over. One that this
// row has signed is not, because a second run must pair as the first did.
func (r *runner) pair(ctx context.Context, client *realty.Client, rec docflow.Record, targets []docflow.Statement, signatures []signature, received time.Time) ([]pair, error) {
	files, err := r.statementFiles(ctx, client, rec, targets)
	defer files.close()
	if err != nil {
		return nil, err
	}
	taken := make([]bool, len(targets))
	for i, t := range targets {
		taken[i] = !t.SignedAt.IsZero() && t.SignedAt.Before(received)
	}
	var (
		pairs  []pair
		silent []signature
		bad    []string
	)
	for _, s := range signatures {
		candidates, known, err := over(s, targets, files)
		if err != nil {
			return nil, err
		}
		at := chosen(s, targets, candidates, taken)
		switch {
		case !known:
			silent = append(silent, s)
		case len(candidates) == 0:
			bad = append(bad, fmt.Sprintf("signatures: «%s» (%s) сделана не для этих заявлений: файл изменился или подписан другой документ. Скачайте заявление из карточки и подпишите его ещё раз", s.name, who(s)))
		case at >= 0:
			taken[at] = true
			pairs = append(pairs, pair{s, targets[at]})
		}
	}
	free := 0
	for _, t := range taken {
		if !t {
			free++
		}
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	if len(silent) > free {
		return nil, &docflow.Refusal{Code: "too_many_signatures",
			CRMText: fmt.Sprintf("signatures: файлов подписей %d, а подписать осталось %d. Оставьте по одному файлу на каждое заявление и подписанта.", len(silent), free),
			TextEN:  fmt.Sprintf("There are %d signature files for %d statements.", len(silent), free)}
	}
	for _, s := range silent {
		at := slices.Index(taken, false)
		taken[at] = true
		pairs = append(pairs, pair{s, targets[at]})
	}
	return pairs, nil
}

// statements are files of a docflow by their ids.
type statements map[string]*spool.File

func (s statements) close() {
	for _, file := range s {
		_ = file.Close() // it was read
	}
}

// statementFiles reads the statements, each file once. The caller closes what it gets, with an error too.
func (r *runner) statementFiles(ctx context.Context, client *realty.Client, rec docflow.Record, targets []docflow.Statement) (statements, error) {
	files := statements{}
	for _, t := range targets {
		if _, ok := files[t.FileID]; ok {
			continue
		}
		file, err := spool.New(maxUpload)
		if err != nil {
			return files, err
		}
		files[t.FileID] = file
		if _, err := client.CopyFile(ctx, realty.DocflowID(rec.ExternalID), realty.FileID(t.FileID), file); err != nil {
			return files, err
		}
	}
	return files, nil
}

// over lists the statements that a signature is over; known is false when the signature does not tell.
func over(s signature, targets []docflow.Statement, files statements) (candidates []int, known bool, err error) {
	if s.signed == nil {
		return nil, false, nil
	}
	for i, t := range targets {
		results, err := s.signed.Check(files[t.FileID].Reader())
		if err != nil {
			return nil, false, err
		}
		for _, result := range results {
			known = known || result.Verdict != cms.Unknown
			if result.Verdict == cms.Matches && !slices.Contains(candidates, i) {
				candidates = append(candidates, i)
			}
		}
	}
	return candidates, known, nil
}

// chosen picks the candidate of the signer's own, else the first that is free; -1: all are taken.
func chosen(s signature, targets []docflow.Statement, candidates []int, taken []bool) int {
	free := slices.DeleteFunc(slices.Clone(candidates), func(i int) bool { return taken[i] })
	for _, i := range free {
		if signedBy(s, targets[i]) {
			return i
		}
	}
	if len(free) == 0 {
		return -1
	}
	return free[0]
}

// signedBy compares the certificate with the person of the requirement: by СНИЛС, else by name. The
// service's answers may print a СНИЛС that is none, so a difference proves nothing.
func signedBy(s signature, t docflow.Statement) bool {
	for _, signer := range s.signed.Signers {
		if signer.Certificate == nil {
			continue
		}
		name := signer.Certificate.Subject
		if t.SNILS != "" && name.SNILS == t.SNILS || t.Person != "" && strings.EqualFold(strings.Join(strings.Fields(name.Person()), " "), t.Person) {
			return true
		}
	}
	return false
}

// who names the signer for people.
func who(s signature) string {
	for _, signer := range s.signed.Signers {
		if signer.Certificate != nil && signer.Certificate.Subject.String() != "" {
			return signer.Certificate.Subject.String()
		}
	}
	return "подписант не указан"
}
