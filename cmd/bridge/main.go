// Command bridge is the service between Bitrix24 and Kontur, and the tools of whoever runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// commandLine is what may be typed: one field for each subcommand, each in a file of its own.
type commandLine struct {
	Config string `help:"YAML file with settings of the process; the environment wins over it." placeholder:"FILE"`

	Serve    serveCommand    `cmd:"" help:"Run the service."`
	Demo     demoCommand     `cmd:"" help:"Run the bridge against the sandbox on this machine, with nothing to install."`
	Sandbox  sandboxCommand  `cmd:"" help:"Run the simulated Bitrix24 and Реестро alone."`
	Doctor   doctorCommand   `cmd:"" help:"Check the settings and everything that the service needs."`
	Portals  portalsCommand  `cmd:"" help:"List portals, or show one."`
	Docflows docflowsCommand `cmd:"" help:"List docflows, or show one with its history."`
	Jobs     jobsCommand     `cmd:"" help:"List work, show, retry or cancel it."`
	Settings settingsCommand `cmd:"" help:"Show or apply a portal's settings."`
	Connect  connectCommand  `cmd:"" help:"Connect a portal to Диадок."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of a docflow type, or list the types."`
	Keygen   keygenCommand   `cmd:"" help:"Print a fresh secret key."`
	Version  versionCommand  `cmd:"" help:"Print version, commit and Go version."`
}

func main() { os.Exit(run(os.Args[1:])) }

// run does what the arguments say and gives the exit code.
func run(args []string) int {
	var cli commandLine
	parser, err := kong.New(&cli, kong.Name("bridge"), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("The bridge between Bitrix24 and Kontur (Реестро)."))
	if err != nil { // the commands above contradict each other
		return fail(err, exitFailed)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(fmt.Errorf("%w; bridge --help tells more", err), exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	parsed.BindTo(ctx, (*context.Context)(nil))
	p := &process{environ: os.Environ(), configFile: cli.Config, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	err = parsed.Run(p)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	if err != nil {
		return fail(err, exitFailed)
	}
	return exitDone
}

// fail tells the error as one line.
func fail(err error, code int) int {
	if text := oneLine(err); text != "" {
		fmt.Fprintln(os.Stderr, "bridge: "+text)
	}
	return code
}

// errQuiet ends a command as failed when it has said already what is wrong.
var errQuiet = errors.New("")

// oneLine is an error in one line: joined errors bring line breaks.
func oneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// isMissing reports whether a file is not there, whatever else could be wrong with it.
func isMissing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
