package lane

// Begun marks a row before a call that must not be made twice and that nothing at the service would tell of: the row
// has the mark as its Key when it runs again after a crash. A mark of "" takes it back. What the row's work returns
// in its end says the rest, so nothing of it is needed while the process lives.
type Begun struct {
	Row  int64
	Mark string
}

// LaneWrite marks the write.
func (Begun) LaneWrite() {}
