package bench_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// roleVariable tells the test binary that it is a server, and which.
const roleVariable = "KONTURBRIDGE_BENCH_ROLE"

// The roles.
const (
	roleBaseline = "baseline" // parses the form and answers
	roleAccept   = "accept"   // the bridge, whose work never ends: accepting alone is measured
	roleWork     = "work"     // the bridge with a robot's action that does nothing
)

// serveAs serves until its parent closes the standard input, or dies.
func serveAs(role string) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	if role == roleBaseline {
		return baseline(ctx, listener)
	}
	return bridge(ctx, listener, role)
}

// baseline is what a handler costs that takes the same form and does nothing with it.
func baseline(ctx context.Context, listener net.Listener) error {
	f := fiber.New(fiber.Config{DisableStartupMessage: true})
	f.Post(route, func(c *fiber.Ctx) error {
		if _, err := bitrix.ParseForm(c.BodyRaw()); err != nil {
			return err
		}
		return c.SendStatus(http.StatusOK)
	})
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	return f.Listener(listener)
}

// worker is a row's work that a benchmark puts in the place of the real one.
type worker func(ctx context.Context, row lane.Row) (lane.Result, error)

func (w worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) { return w(ctx, row) }

func bridge(ctx context.Context, listener net.Listener, role string) error {
	cfg, err := config.Load(os.Environ(), "")
	if err != nil {
		return err
	}
	work := worker(func(context.Context, lane.Row) (lane.Result, error) { return lane.Result{}, nil })
	if role == roleAccept {
		work = func(ctx context.Context, _ lane.Row) (lane.Result, error) {
			<-ctx.Done()
			return lane.Result{}, ctx.Err()
		}
	}
	quiet := worker(func(context.Context, lane.Row) (lane.Result, error) {
		return lane.Result{Verdict: lane.Again, At: time.Now().Add(time.Hour)}, nil
	})
	a, err := app.New(ctx, cfg, app.Options{
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Instead: map[string]lane.Worker{
			inbox.KindRobot: work, inbox.KindOffline: quiet, portal.KindSetup: quiet, portal.KindCheck: quiet,
		},
	})
	if err != nil {
		return err
	}
	return a.Serve(ctx, listener)
}
