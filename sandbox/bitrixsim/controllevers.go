package bitrixsim

import "time"

// leverVerbs are the levers of the control API, POST /control/bitrix/{portal}/levers/….
func leverVerbs() map[string]func(p *Portal, cmd command) {
	return map[string]func(p *Portal, cmd command){
		"levers/fail":             func(p *Portal, cmd command) { p.FailNext(cmd.Method, cmd.Status, cmd.Code, max(cmd.Count, 1)) },
		"levers/drop":             func(p *Portal, cmd command) { p.DropAnswerNext(cmd.Method) },
		"levers/lose":             func(p *Portal, cmd command) { p.LoseRequestNext(cmd.Method) },
		"levers/hang":             func(p *Portal, cmd command) { p.HangNext(cmd.Method, cmd.duration()) },
		"levers/outage":           func(p *Portal, cmd command) { p.SetOutage(cmd.Status, cmd.Code) },
		"levers/block":            func(p *Portal, cmd command) { p.BlockMethod(cmd.Method, p.s.Now().Add(cmd.duration())) },
		"levers/limit":            func(p *Portal, cmd command) { p.LimitRate(cmd.On) },
		"levers/fillbucket":       func(p *Portal, _ command) { p.FillBucket() },
		"levers/failtoken":        func(p *Portal, cmd command) { p.s.FailTokenNext(cmd.Status, cmd.Code, max(cmd.Count, 1)) },
		"levers/expire":           func(p *Portal, _ command) { p.ExpireAccessTokens() },
		"levers/advance":          func(p *Portal, cmd command) { p.s.Advance(cmd.duration()) },
		"levers/rename":           func(p *Portal, cmd command) { p.Rename(cmd.Name) },
		"levers/plan":             func(p *Portal, cmd command) { p.SetPlan(cmd.Family, cmd.Features...) },
		"levers/dismiss":          func(p *Portal, cmd command) { p.DismissUser(cmd.UserID) },
		"levers/restore":          func(p *Portal, cmd command) { p.RestoreUser(cmd.UserID) },
		"levers/requireconfirm":   func(p *Portal, cmd command) { p.RequireConfirm(cmd.Method) },
		"levers/confirm":          func(p *Portal, cmd command) { p.Confirm(cmd.Method, cmd.On) },
		"levers/pause":            func(p *Portal, cmd command) { p.PauseDelivery(cmd.On) },
		"levers/suspend":          func(p *Portal, cmd command) { p.SuspendOnline(cmd.On) },
		"levers/dropdeliveries":   func(p *Portal, cmd command) { p.DropNextDeliveries(max(cmd.Count, 1)) },
		"levers/deleterobots":     func(p *Portal, cmd command) { p.DeleteRobots(cmd.Code) },
		"levers/deletetriggers":   func(p *Portal, cmd command) { p.DeleteTriggers(cmd.Code) },
		"levers/deletebindings":   func(p *Portal, cmd command) { p.DeleteBindings(cmd.Code) },
		"levers/deleteplacements": func(p *Portal, cmd command) { p.DeletePlacements(cmd.Placement) },
		"levers/deletefield":      func(p *Portal, cmd command) { p.DeleteUserField(cmd.EntityTypeID, cmd.Name) },
		"levers/resetstats":       func(p *Portal, _ command) { p.ResetStats() },
	}
}

// duration reads the milliseconds of a command.
func (c command) duration() time.Duration { return time.Duration(c.Milliseconds) * time.Millisecond }
