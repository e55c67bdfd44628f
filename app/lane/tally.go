package lane

// tally counts rows of a lane, in all and by kind.
type tally struct {
	all   int
	kinds map[string]int
	limit int // of all, of which the last quarter is kept for kinds that have few; 0: none
}

func (t *tally) add(kind string, n int) {
	if t.kinds == nil {
		t.kinds = map[string]int{}
	}
	t.all += n
	if t.kinds[kind] += n; t.kinds[kind] == 0 {
		delete(t.kinds, kind)
	}
}

// room reports whether one more row of a kind fits. Rows of one kind often wait for the same thing, such as
// the portal's budget of requests: however many, they leave room to the other kinds.
func (t *tally) room(kind string) bool {
	return t.limit == 0 || t.all < t.limit-t.limit/4 || t.kinds[kind] < max(1, t.limit/16)
}
