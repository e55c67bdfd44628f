package action

import (
	"context"

	"konturbridge/bitrix"
)

// requests are reads that go to the portal together, in as few requests as they fit into.
type requests struct {
	commands []bitrix.Command
	answers  []bitrix.CommandAnswer
}

// add appends a read and gives its number.
func (r *requests) add(method string, params any) int {
	r.commands = append(r.commands, bitrix.Command{Method: method, Params: params})
	return len(r.commands) - 1
}

func (r *requests) run(ctx context.Context, b24 *bitrix.Client) error {
	for from := 0; from < len(r.commands); from += bitrix.MaxBatch {
		batch, err := b24.Batch(ctx, r.commands[from:min(from+bitrix.MaxBatch, len(r.commands))], false)
		if err != nil {
			return err
		}
		r.answers = append(r.answers, batch.Commands...)
	}
	return nil
}

// read decodes the answer of a read, or gives its own error.
func (r *requests) read(number int, into any) error {
	answer := r.answers[number]
	if answer.Err != nil {
		return answer.Err
	}
	return answer.Decode(into)
}
