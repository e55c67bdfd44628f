package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/internal/upstream"
)

// metrics are few and their labels bounded: no portal, card or docflow is ever a label.
type metrics struct {
	registry  *prometheus.Registry
	jobs      *prometheus.CounterVec
	jobTime   *prometheus.HistogramVec
	jobWait   prometheus.Histogram
	upstream  *prometheus.HistogramVec
	requests  *prometheus.HistogramVec
	newsLag   prometheus.Histogram
	commits   *prometheus.CounterVec
	batchRows prometheus.Histogram
	packer    *packerMetrics
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		jobs:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bridge_jobs_total", Help: "Finished runs of rows of work."}, []string{"kind", "outcome"}),
		jobTime:  histogramVec("bridge_job_seconds", "Time that a run took.", "kind"),
		jobWait:  histogram("bridge_job_wait_seconds", "From the moment a row was due until it ran."),
		upstream: histogramVec("bridge_upstream_seconds", "Calls to other systems.", "api", "status"),
		requests: histogramVec("bridge_request_seconds", "Requests to the bridge.", "route", "status"),
		newsLag:  histogram("bridge_news_lag_seconds", "From a news item's date until it was read."),
		commits:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bridge_commits_total", Help: "Group commits."}, []string{"outcome"}),
		batchRows: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bridge_commit_rows", Help: "Accepted requests per group commit that had any.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10)}),
	}
	m.registry.MustRegister(m.jobs, m.jobTime, m.jobWait, m.upstream, m.requests, m.newsLag, m.commits, m.batchRows,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.packer = newPackerMetrics(m.registry)
	return m
}

var secondsBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: secondsBuckets})
}

func histogramVec(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: secondsBuckets}, labels)
}

func (m *metrics) run(r lane.Run) {
	outcome := r.Verdict.String()
	if r.Canceled {
		outcome = "canceled"
	}
	m.jobs.WithLabelValues(r.Row.Kind, outcome).Inc()
	m.jobTime.WithLabelValues(r.Row.Kind).Observe(r.Took.Seconds())
	m.jobWait.Observe(max(r.Waited, 0).Seconds())
}

func (m *metrics) call(c upstream.Call) {
	status := c.Class
	if c.Status > 0 {
		status = strconv.Itoa(c.Status)
	}
	m.upstream.WithLabelValues(c.API, status).Observe(c.Duration.Seconds())
}

func (m *metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) commit(c store.Commit) {
	if c.Err != nil {
		m.commits.WithLabelValues("failed").Inc()
		return
	}
	m.commits.WithLabelValues("done").Inc()
	if c.Accepts > 0 {
		m.batchRows.Observe(float64(c.Accepts))
	}
}

// scheduler adds gauges of what the scheduler holds.
func (m *metrics) scheduler(s *lane.Scheduler) {
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("bridge_lanes_held", "Lanes that this node works.", func() float64 { n, _, _ := s.Waiting(); return float64(n) })
	gauge("bridge_rows_in_memory", "Rows of held lanes in memory.", func() float64 { _, n, _ := s.Waiting(); return float64(n) })
	gauge("bridge_rows_running", "Rows that run now, the parked ones too.", func() float64 { _, _, n := s.Waiting(); return float64(n) })
	gauge("bridge_rows_parked", "Rows that wait for their portal's limits and need no worker.", func() float64 { return float64(s.Parked()) })
}

// serveOps serves metrics and profiles on the operator's address until ctx ends.
func (m *metrics) serveOps(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
