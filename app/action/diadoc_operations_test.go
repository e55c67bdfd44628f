package action_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/diadoc"
)

var update = flag.Bool("update", false, "write docs/diadoc-operations.md anew")

// TestOperationsDocument keeps docs/diadoc-operations.md: every operation of Диадок, and what the bridge has for it.
func TestOperationsDocument(t *testing.T) {
	t.Parallel()
	const file = "../../docs/diadoc-operations.md"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(operationsDocument()), 0o600))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, operationsDocument(), string(kept), "run go test ./app/action -run TestOperationsDocument -update")
}

var sections = map[string]string{
	"8.1": "Logging in and registration", "8.2": "Users, organisations, boxes, departments, reference data", "8.3": "Counteragents",
	"8.4": "Sending and changing documents", "8.5": "Document types, generation and parsing", "8.6": "Signing services and powers of attorney",
	"8.7": "Reading: feed, messages, documents, docflows, forwarding", "8.8": "Print forms, protocols, archives", "8.9": "Gone",
}

func operationsDocument() string {
	var out strings.Builder
	counts, used, section := map[string]int{}, action.DiadocOperations(), ""
	var tables strings.Builder
	for _, op := range diadoc.Operations() {
		if op.Section != section {
			section = op.Section
			fmt.Fprintf(&tables, "\n## %s\n\n| operation | method, path | state | the bridge uses it for |\n|---|---|---|---|\n", sections[section])
		}
		state, words := stateOf(op)
		counts[state]++
		fmt.Fprintf(&tables, "| `%s` | %s `%s` | %s | %s |\n", op.Name, op.Verb, op.Path, words, used[op.Name])
	}
	fmt.Fprintf(&out, `# Operations of Диадок

Every one of the %d operations that the service documents is a method of the Go client in `+"`diadoc`"+` under its own
name; the two that log in are methods of its DiadocLogin. %d are current, %d are deprecated and still answer, %d have
ended: those are methods too, which refuse without a call and name the successor. The robot `+"`diadoc_call`"+` calls any
operation by its name, but those that hand out tokens.

This page is written by a test from the client's table and from what the robots call; the table is compared with a copy
of the service's documentation.
`, len(diadoc.Operations()), counts["current"], counts["deprecated"], counts["ended"])
	out.WriteString(tables.String())
	return out.String()
}

func stateOf(op diadoc.Operation) (state, words string) {
	successor := ""
	if op.ReplacedBy != "" {
		successor = ", use " + op.ReplacedBy
		if _, known := diadoc.LookupOperation(op.ReplacedBy); known {
			successor = ", use `" + op.ReplacedBy + "`"
		}
	}
	switch {
	case op.Removed != "":
		return "ended", "ended after " + op.Removed + successor
	case op.Ends != "":
		return "deprecated", "deprecated, ends after " + op.Ends + successor
	case op.Deprecated:
		return "deprecated", "deprecated" + successor
	}
	return "current", "typed"
}

// under are the methods that call an operation of another name.
var under = map[string]string{
	"PostStoredMessage": "PostMessage", "PostStoredPatch": "PostMessagePatch", "SendStoredDraft": "SendDraft", "UploadToShelf": "ShelfUpload",
	"ReadEntity": "GetEntityContent", "OpenZip": "ShelfDownload", "OpenPrintForm": "GeneratePrintForm", "NewEvents": "GetNewEvents",
	"Counteragents": "GetCounteragents", "CounteragentGroups": "GetCounteragentGroups", "GroupMembers": "GetCounteragentsFromGroup",
	"Employees": "GetEmployees", "Departments": "GetDepartments", "CounteragentEvents": "GetCounteragentEvents",
}

// polled are the tasks whose results are asked for.
var polled = map[string]string{
	"AcquireTask": "AcquireCounteragentResult", "CloudSignTask": "CloudSignResult", "CloudSignConfirmTask": "CloudSignConfirmResult",
	"DssSignTask": "DssSignResult", "AutoSignReceiptsTask": "AutoSignReceiptsResult", "RegisterPowerTask": "RegisterPowerOfAttorneyResult",
}

// TestDiadocOperationsAreThoseThatAreCalled reads the sources: what is called is in the map, and nothing else.
func TestDiadocOperationsAreThoseThatAreCalled(t *testing.T) {
	t.Parallel()
	named := action.DiadocOperations()
	called := map[string]string{"ShelfUploadPartInit": "UploadToShelf", "ShelfUploadPart": "UploadToShelf", "ShelfDownloadV1": "OpenZip"}
	for _, dir := range []string{".", "..", "../feed", "../reaction"} {
		files, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		for _, name := range files {
			if text, err := os.ReadFile(name); err != nil || strings.HasSuffix(name, "_test.go") || !strings.Contains(string(text), `"konturbridge/diadoc"`) {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if made, ok := n.(*ast.CompositeLit); ok {
					if of, ok := made.Type.(*ast.SelectorExpr); ok && polled[of.Sel.Name] != "" {
						called[polled[of.Sel.Name]] = name
					}
				}
				if call, ok := n.(*ast.CallExpr); ok {
					if method, ok := call.Fun.(*ast.SelectorExpr); ok {
						op := method.Sel.Name
						if under[op] != "" {
							op = under[op]
						}
						if _, known := diadoc.LookupOperation(op); known {
							called[op] = name
						}
					}
				}
				return true
			})
		}
	}
	for op, where := range called {
		require.NotEmpty(t, named[op], "%s is called in %s: name it in DiadocOperations", op, where)
	}
	codes := action.Codes()
	for op, uses := range named {
		require.NotEmpty(t, called[op], "%s is not called", op)
		for word := range strings.FieldsFuncSeq(uses, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
			require.True(t, !strings.HasPrefix(word, "diadoc_") || slices.Contains(codes, word), word)
		}
	}
}
