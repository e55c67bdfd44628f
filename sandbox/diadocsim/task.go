package diadocsim

import "net/http"

// task is work that the service does on its own; its result is polled.
type task struct {
	id, kind string
	box      *box
	user     *user
	at       int64
	polls    int
	result   reply
	err      error
	data     any // what a later step needs
}

func (c *call) addTask(kind string) *task {
	t := &task{id: newGUID(), at: c.next(), kind: kind, box: c.box, user: c.user}
	c.tasks[t.id] = t
	return t
}

// ripe counts a poll of something and tells whether it is ready now.
func (s *Server) ripe(polls *int) bool {
	*polls++
	return *polls > s.cfg.Polls
}

// poll answers the result of a task, or 204 with Retry-After while it runs.
func (c *call) poll(kind string) (reply, error) {
	t := c.tasks[c.arg("taskId")]
	if t == nil || t.kind != kind || t.user != c.user || c.box != nil && t.box != c.box {
		return reply{}, refuse(http.StatusNotFound, "Task %s is not found", c.arg("taskId"))
	}
	if !c.ripe(&t.polls) {
		return laterReply(http.StatusNoContent, c.cfg.RetryAfter), nil
	}
	return t.result, t.err
}
