package bitrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MaxBatch is the number of commands that one batch holds. doc: settings/how-to-call-rest-api/batch.md
const MaxBatch = 50

// maxCommand bounds one command's query, in bytes: what is longer carries a file or a text that is
// better sent alone, within the 60 seconds that a whole batch has.
const maxCommand = 256 << 10

// Command is one call inside a batch.
type Command struct {
	// Name must be unique and start with a letter; empty lets Batch name it by its position. The
	// portal runs commands in the order in which they are given.
	Name   string
	Method string
	Params any // as for [Call]
	// References says that Params may hold "$result[name][field]" of earlier commands on purpose. Without
	// it a text that looks like one is refused: it would be replaced, and may come from a user.
	References bool
}

// BatchAnswer holds one answer per command, in the order of the commands.
type BatchAnswer struct {
	Commands []CommandAnswer
	Time     CallTime // of the whole batch
}

// CommandAnswer is the outcome of one command.
type CommandAnswer struct {
	Name string
	Answer
	// Err is nil when the command succeeded. It is an *APIError, or an error matching ErrNotRun for
	// a command behind the failed one of a halted batch.
	Err error
}

// Get is the answer of the named command.
func (b *BatchAnswer) Get(name string) (CommandAnswer, bool) {
	for _, answer := range b.Commands {
		if answer.Name == name {
			return answer, true
		}
	}
	return CommandAnswer{}, false
}

// Batch runs up to MaxBatch commands in one request, in their order. It is not a transaction: halt
// stops behind the first failed command and keeps what was done.
//
// The error is that of the request as a whole; a command's own failure is in its answer. When the
// error may be done (upstream.MaybeDone), any part of the commands may have run. Commands that a batch
// cannot carry are refused before anything is sent, with ErrNotBatchable.
// doc: settings/how-to-call-rest-api/batch.md
func (c *Client) Batch(ctx context.Context, commands []Command, halt bool) (*BatchAnswer, error) {
	named, body, err := encodeBatch(commands, halt)
	if err != nil {
		return nil, err
	}
	answer, err := c.Do(ctx, "batch", json.RawMessage(body))
	if err != nil {
		return nil, err
	}
	var wire batchResult
	if err := answer.Decode(&wire); err != nil {
		return nil, err
	}
	wire.start = answer.Time.Start
	batch := &BatchAnswer{Time: answer.Time}
	failed := false
	for _, command := range named {
		one := c.command(command, &wire, halt && failed)
		failed = failed || one.Err != nil
		batch.Commands = append(batch.Commands, one)
	}
	return batch, nil
}

// batchResult is the five maps of a batch's answer.
type batchResult struct {
	Result Map[json.RawMessage] `json:"result"`
	Error  Map[json.RawMessage] `json:"result_error"`
	Total  Map[ID]              `json:"result_total"`
	Next   Map[ID]              `json:"result_next"`
	Time   Map[CallTime]        `json:"result_time"`
	start  time.Time            // of the whole batch: no command began before
}

func (c *Client) command(command Command, wire *batchResult, halted bool) CommandAnswer {
	name := command.Name
	one := CommandAnswer{Name: name, Answer: Answer{
		Method: command.Method, Result: wire.Result[name], Total: int(wire.Total[name]),
		Next: int(wire.Next[name]), Time: wire.Time[name],
	}}
	if one.Time.Start.IsZero() {
		one.Time.Start = wire.start
	}
	c.observe(command.Method, one.Time)
	switch failed := errorOf(wire.Error[name]); {
	case failed != nil:
		failed.Method, failed.Status = command.Method, http.StatusOK
		one.Err = c.finish(failed, "", one.Time, nil)
	case one.Result != nil:
	case halted:
		one.Err = &AnswerError{Method: command.Method, Status: http.StatusOK, Cause: ErrNotRun, notRun: true}
	default:
		one.Err = &AnswerError{Method: command.Method, Status: http.StatusOK, Cause: errors.New("the batch does not answer the command")}
	}
	return one
}

// encodeBatch checks and names the commands and writes the request.
func encodeBatch(commands []Command, halt bool) ([]Command, []byte, error) {
	if len(commands) == 0 || len(commands) > MaxBatch {
		return nil, nil, fmt.Errorf("bitrix: batch: %d commands, 1 to %d fit", len(commands), MaxBatch)
	}
	named, lines := make([]Command, len(commands)), make([]string, len(commands))
	seen := map[string]bool{}
	for i, command := range commands {
		if command.Name == "" {
			command.Name = commandName(i)
		}
		if !isCommandName(command.Name) || seen[command.Name] {
			return nil, nil, fmt.Errorf("bitrix: batch: command name %.64q is repeated or does not start with a letter", command.Name)
		}
		seen[command.Name] = true
		line, err := encodeCommand(command)
		if err != nil {
			return nil, nil, err
		}
		named[i], lines[i] = command, line
	}
	return named, batchBody(named, lines, halt), nil
}

// commandName names a command by its position.
func commandName(i int) string { return fmt.Sprintf("c%02d", i) }

// batchBody is the request of a batch: named commands with their lines, in their order, which a Go map
// would lose.
func batchBody(named []Command, lines []string, halt bool) []byte {
	var body bytes.Buffer
	body.WriteString(`{"halt":` + map[bool]string{true: "1", false: "0"}[halt] + `,"cmd":{`)
	for i, command := range named {
		if i > 0 {
			body.WriteByte(',')
		}
		quoted, _ := json.Marshal(lines[i]) // a string always encodes
		fmt.Fprintf(&body, "%q:%s", command.Name, quoted)
	}
	body.WriteString("}}")
	return body.Bytes()
}

// Batchable tells whether a call can go into a batch, without sending anything: nil, or an error that
// wraps ErrNotBatchable. Nested batches, file methods and parameters with files or empty lists cannot.
func Batchable(method string, params any) error {
	_, err := encodeCommand(Command{Method: method, Params: params})
	return err
}

func encodeCommand(command Command) (string, error) {
	refuse := func(why string) error {
		return fmt.Errorf("bitrix: batch: %s: %s: %w", command.Method, why, ErrNotBatchable)
	}
	method := strings.ToLower(command.Method)
	switch {
	case method == "" || strings.ContainsAny(method, "?&# "):
		return "", refuse("it is no method name")
	case method == "batch":
		return "", refuse("a batch cannot be nested")
	case strings.Contains(method, "upload"), strings.Contains(method, "download"):
		return "", refuse("file methods are called directly")
	}
	query, err := EncodeQuery(command.Params)
	if err != nil {
		return "", fmt.Errorf("bitrix: batch: %s: %w", command.Method, err)
	}
	switch {
	case len(query) > maxCommand:
		return "", refuse("its parameters are too long")
	case hasFile(query):
		return "", refuse("parameters with files are sent directly")
	case !command.References && strings.Contains(query, "%24result%5B"):
		return "", refuse("a text in it looks like a reference to another command")
	case query == "":
		return command.Method, nil
	}
	return command.Method + "?" + query, nil
}

// hasFile finds the keys under which the file methods' pages put contents.
// doc: api-reference/files/how-to-upload-files.md
func hasFile(query string) bool {
	for _, key := range []string{"%5BFILES%5D", "fileData", "fileContent", "TEMPLATE_DATA"} {
		if strings.Contains(query, key+"%5B") || strings.Contains(query, key+"=") {
			return true
		}
	}
	return false
}

func isCommandName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '_') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
