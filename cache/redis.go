package cache

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// DefaultPrefix begins every key in Redis, so that several services can share a server.
const DefaultPrefix = "bridge:"

// Redis is slow only when it is sick; then its consumers are better off without it.
const (
	redisDialTimeout = time.Second
	redisCallTimeout = time.Second
)

// RedisOptions tunes NewRedis; the zero value is ready to use.
type RedisOptions struct {
	Prefix   string // of every key; empty: DefaultPrefix
	PoolSize int    // connections at most; zero: the library's default, ten for each processor
}

// Redis is the cache that several nodes share. Safe for concurrent use.
type Redis struct {
	client *redis.Client
	prefix string
}

var _ Full = (*Redis)(nil)

var (
	//go:embed lock.lua
	lockSource string
	//go:embed unlock.lua
	unlockSource string
	//go:embed take.lua
	takeSource string
	//go:embed drain.lua
	drainSource string

	lockScript   = redis.NewScript(lockSource)
	unlockScript = redis.NewScript(unlockSource)
	takeScript   = redis.NewScript(takeSource)
	drainScript  = redis.NewScript(drainSource)
)

// NewRedis reads a redis:// or rediss:// URL and connects when first used: a server that is down is not
// an error here. Its errors never hold the URL, which may hold a password.
func NewRedis(url string, opts RedisOptions) (*Redis, error) {
	parsed, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("cache: the Redis address is not a redis:// URL")
	}
	parsed.DialTimeout, parsed.DialerRetries = redisDialTimeout, 1
	parsed.ReadTimeout, parsed.WriteTimeout, parsed.PoolTimeout = redisCallTimeout, redisCallTimeout, redisCallTimeout
	parsed.ContextTimeoutEnabled = true
	// One repeat gets over a connection that died while it was idle. Every command here may run twice:
	// at worst a budget counts a call double, which is the careful side.
	parsed.MaxRetries, parsed.MinRetryBackoff, parsed.MaxRetryBackoff = 1, time.Millisecond, 10*time.Millisecond
	if opts.PoolSize > 0 {
		parsed.PoolSize = opts.PoolSize
	}
	// The driver has one logger for the process, which writes the server's address to stderr at every
	// failed dial. All that it could say comes back as an error.
	logging.Disable()
	prefix := opts.Prefix
	if prefix == "" {
		prefix = DefaultPrefix
	}
	return &Redis{client: redis.NewClient(parsed), prefix: prefix}, nil
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// Ping implements Full.
func (r *Redis) Ping(ctx context.Context) error { return r.failed(ctx, r.client.Ping(ctx).Err()) }

// Get implements Cache.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, err := r.client.Get(ctx, r.prefix+"value:"+key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, r.failed(ctx, err)
	}
	return value, true, nil
}

// Set implements Cache.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := checkTTL(ttl); err != nil {
		return err
	}
	// Redis counts in milliseconds; a shorter life would be refused.
	return r.failed(ctx, r.client.Set(ctx, r.prefix+"value:"+key, value, max(ttl, time.Millisecond)).Err())
}

// Delete implements Cache.
func (r *Redis) Delete(ctx context.Context, key string) error {
	return r.failed(ctx, r.client.Del(ctx, r.prefix+"value:"+key).Err())
}

// Lock implements Locker. The value of a lock is its holder's fencing token.
func (r *Redis) Lock(ctx context.Context, key string, ttl time.Duration) (func(), error) {
	if err := checkTTL(ttl); err != nil {
		return nil, err
	}
	name, token := r.prefix+"lock:"+key, rand.Text()
	unlock := sync.OnceFunc(func() { r.unlock(ctx, name, token) })
	for {
		got, err := lockScript.Run(ctx, r.client, []string{name}, token, milliseconds(ttl)).Bool()
		if err != nil {
			go unlock() // the answer may be all that was lost
			return nil, r.failed(ctx, err)
		}
		if got {
			return unlock, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a lock: %w", ctx.Err())
		case <-time.After(pollPause()):
		}
	}
}

// unlock works even when the holder's context has ended. A failure is left to the lock's lifetime.
func (r *Redis) unlock(ctx context.Context, name, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisCallTimeout)
	defer cancel()
	_ = unlockScript.Run(ctx, r.client, []string{name}, token).Err()
}

// Take implements Budget. Time is the Redis server's: the nodes' clocks need not agree.
func (r *Redis) Take(ctx context.Context, key string, n int, rate Rate) (time.Duration, error) {
	if err := rate.check(n); err != nil {
		return 0, err
	}
	wait, err := takeScript.Run(ctx, r.client, []string{r.prefix + "budget:" + key},
		n, rate.PerSecond, rate.Burst, milliseconds(rate.drained()), rate.Start).Int64()
	if err != nil {
		return 0, r.failed(ctx, err)
	}
	return time.Duration(wait) * time.Microsecond, nil
}

// Drain implements Budget.
func (r *Redis) Drain(ctx context.Context, key string, rate Rate) error {
	if err := rate.check(0); err != nil {
		return err
	}
	return r.failed(ctx, drainScript.Run(ctx, r.client, []string{r.prefix + "budget:" + key},
		rate.Burst, milliseconds(rate.drained())).Err())
}

// milliseconds rounds up: Redis takes no life of zero.
func milliseconds(d time.Duration) int64 { return int64((d-1)/time.Millisecond) + 1 }

// failed hides what a driver error may quote (addresses, commands, values) behind a short reason.
func (r *Redis) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("cache: %w", cause)
	}
	return fmt.Errorf("%w: %s", ErrUnavailable, reason(err))
}

func reason(err error) string {
	var timeout interface{ Timeout() bool }
	switch text := err.Error(); {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, redis.ErrClosed):
		return "closed"
	case strings.HasPrefix(text, "NOAUTH"), strings.HasPrefix(text, "WRONGPASS"), strings.HasPrefix(text, "NOPERM"):
		return "the user or password is not accepted"
	case strings.HasPrefix(text, "LOADING"), strings.HasPrefix(text, "BUSY"):
		return "the server is busy"
	case strings.HasPrefix(text, "OOM"):
		return "the server is out of memory"
	case strings.HasPrefix(text, "READONLY"), strings.HasPrefix(text, "MISCONF"):
		return "the server takes no writes"
	default:
		return "no connection"
	}
}
