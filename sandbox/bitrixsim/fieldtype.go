package bitrixsim

func (p *Portal) ownFieldType(string) bool { return false }
