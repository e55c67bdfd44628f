package bitrix

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"time"

	"konturbridge/internal/upstream"
)

// request is a call that has neither an address nor a credential yet: it may be sent again with a
// renewed token or at the portal's new address, so its body is made anew for each try.
type request struct {
	method  string
	v3      bool          // of REST 3.0, which has an address of its own
	header  http.Header   // beside the usual ones
	timeout time.Duration // zero: the transport's own
	params  []byte        // as JSON, of a call that may go in a batch; nil for others
	body    func(access string) (body io.Reader, size int64, err error)
	// maxAnswer bounds the answer in bytes; zero: the transport's own bound.
	maxAnswer int64
}

// to is the request of one try.
func (r request) to(to target) (upstream.Request, error) {
	body, size, err := r.body(to.access)
	if err != nil {
		return upstream.Request{}, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	maps.Copy(header, r.header)
	endpoint := slashed(to.endpoint)
	if r.v3 {
		endpoint = v3Endpoint(endpoint)
	}
	return upstream.Request{
		API: apiName, Op: r.method, Method: http.MethodPost, URL: endpoint + r.method,
		Header: header, Body: body, ContentLength: size, Timeout: r.timeout,
		MaxAnswer: r.maxAnswer,
	}, nil
}

// fixed is a body that is held in memory: the parameters, with the token behind them, where it wins
// over a parameter of the same name.
func fixed(object []byte) func(string) (io.Reader, int64, error) {
	return func(access string) (io.Reader, int64, error) {
		if access == "" {
			return bytes.NewReader(object), 0, nil
		}
		body := make([]byte, 0, len(object)+len(access)+16)
		body = append(body, object[:len(object)-1]...)
		return bytes.NewReader(append(body, authTail(object, access)...)), 0, nil
	}
}

// authTail is what follows the parameters instead of their closing brace.
func authTail(object []byte, access string) []byte {
	quoted, _ := json.Marshal(access) // a string always encodes
	var tail []byte
	if len(object) > 2 {
		tail = append(tail, ',')
	}
	tail = append(append(tail, `"auth":`...), quoted...)
	return append(tail, '}')
}
