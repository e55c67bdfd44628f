package store

import (
	"strconv"
	"strings"
	"sync"
)

// dialect is what differs between the two databases; everything else is the same SQL.
type dialect struct {
	postgres bool
	rebound  sync.Map // query with ? → query with $n
}

// sql gives the query in the placeholders of the database. Queries are constants, so the cache is bounded.
func (d *dialect) sql(query string) string {
	if !d.postgres {
		return query
	}
	if bound, ok := d.rebound.Load(query); ok {
		return bound.(string)
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	d.rebound.Store(query, b.String())
	return b.String()
}

// forUpdate locks the read rows where the database has several writers.
func (d *dialect) forUpdate() string {
	if d.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// marks gives n placeholders for an IN list: "?, ?, ?".
func marks(n int) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("?, ", n-1) + "?"
}
