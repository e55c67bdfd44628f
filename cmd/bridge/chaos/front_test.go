package chaos_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// front is a load balancer before several nodes: requests go to them in turn, and to the next one when
// a node can't be connected to. A request that a node may have got is never repeated.
type front struct {
	nodes []string // base addresses
	turn  atomic.Int64
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	first := int(f.turn.Add(1))
	for i := range f.nodes {
		req, err := http.NewRequestWithContext(r.Context(), r.Method, f.nodes[(first+i)%len(f.nodes)]+r.URL.RequestURI(), bytes.NewReader(body))
		if err != nil {
			break
		}
		req.Header = r.Header.Clone()
		resp, err := http.DefaultTransport.RoundTrip(req)
		if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
			continue
		}
		if err != nil {
			break
		}
		rw.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(rw, resp.Body) // who asked may be gone
		_ = resp.Body.Close()
		return
	}
	rw.WriteHeader(http.StatusBadGateway)
}
