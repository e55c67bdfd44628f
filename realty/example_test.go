package realty_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// oneSession logs in anew whenever it is asked; a real source keeps one login in flight.
type oneSession struct {
	up          *upstream.Client
	baseURL     string
	credentials realty.Credentials
	id          string
}

func (s *oneSession) Session(ctx context.Context) (string, error) {
	if s.id == "" {
		return s.Renew(ctx, "")
	}
	return s.id, nil
}

func (s *oneSession) Renew(ctx context.Context, _ string) (string, error) {
	answer, err := realty.Login(ctx, s.up, s.baseURL, s.credentials)
	s.id = answer.SessionID
	return s.id, err
}

func Example() {
	ctx := context.Background()
	up := upstream.New()
	const test = "https://api.testkontur.ru/realty/v1"
	client := realty.New(up, test, &oneSession{up: up, baseURL: test, credentials: realty.Credentials{Login: "email@yandex.ru"}})

	start, err := client.News(ctx, "") // before anything is filed
	if err != nil {
		return
	}
	body, err := client.Spelling().CreateBody(realty.ObjectRequestKind, "client-request-12345",
		realty.ObjectRequest{Type: "info", CadastralNumber: "47:14:1203001:814"})
	if err != nil {
		return
	}
	docflow, err := client.Create(ctx, realty.ObjectRequestKind, body)
	switch {
	case errors.Is(err, realty.ErrRefused):
		fmt.Println("wrong options:", err)
	case upstream.MaybeDone(err):
		fmt.Println("look for the request id in the news after", start.Next)
	case err == nil:
		fmt.Println(docflow.ID, docflow.State)
	}
}

func ExampleClient_NewsPages() {
	var client *realty.Client // see realty.New
	follow := func(ctx context.Context, position realty.Token) (realty.Token, error) {
		for page, err := range client.NewsPages(ctx, position) {
			if err != nil {
				return position, err
			}
			for _, item := range page.Items {
				fmt.Println(item.Docflow.RequestID, item.Docflow.State)
			}
			position = page.Next // stored together with what the items caused
		}
		return position, nil
	}
	_ = follow
}

func ExampleClient_NewsItems() {
	var client *realty.Client // see realty.New
	follow := func(ctx context.Context, position realty.Token, store func(realty.NewsEvent) error) error {
		for event, err := range client.NewsItems(ctx, position) {
			if err != nil {
				return err
			}
			// What the event causes and event.Position are stored in one transaction.
			if err := store(event); err != nil {
				return err // the next reading begins with this event
			}
		}
		return nil
	}
	_ = follow
}

func ExampleClient_CopyFile() {
	var client *realty.Client // see realty.New
	save := func(ctx context.Context, docflow realty.Docflow, folder string) error {
		for _, result := range docflow.Result.Files {
			f, err := os.Create(filepath.Join(folder, string(result.ID)+"."+result.Format()))
			if err != nil {
				return err
			}
			_, err = client.CopyFile(ctx, docflow.ID, result.ID, f) // in a stream, whatever its size
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
		return nil
	}
	_ = save
}

func ExampleSwitchOptions() {
	opts, err := realty.SwitchOptions(map[string]string{"signature_segment": "signature"})
	fmt.Println(len(opts), err)
	_, err = realty.SwitchOptions(map[string]string{"signature_segment": "sign"})
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// realty: switches: signature_segment is signatures or signature, not "sign"
}

func ExampleNewCreateBody() {
	body, err := realty.NewCreateBody("client-request-12345", realty.ObjectRequest{Type: "info", CadastralNumber: "47:14:1203001:814"})
	fmt.Println(string(body), err)
	// Output: {"requestId":"client-request-12345","options":{"cadastralNumber":"47:14:1203001:814","type":"info"}} <nil>
}

func ExampleFault_Summary() {
	docflow, err := realty.ParseDocflow([]byte(`{"docflowId": "d20bd506-6325-43e1-b2e4-105ec5d63417", "state": "error",
		"error": {"message": "Failed to validate input request", "target": "api",
		          "errors": [{"message": "must not be null", "target": "objectRequest.options.cadastralNumber"}]}}`))
	fmt.Println(docflow.Fault.Summary(), err)
	// Output: objectRequest.options.cadastralNumber: must not be null <nil>
}
