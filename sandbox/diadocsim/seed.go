package diadocsim

// Demo names what SeedDemo made.
type Demo struct {
	ClientID, ClientSecret string
	Login, Password        string
	RefreshToken           string // the first one, as the Integrator Cabinet issues it
	Box                    string // ours
	Sales, Law             string // its departments
	// Partner is our counteragent; Inviter waits for our answer; Stranger has no relation to us; Closed accepts
	// documents from its partners only and is none of ours.
	Partner, Inviter, Stranger, Closed string
}

// SeedDemo makes our organisation with two departments and an employee who may do everything, and four others.
// All of them are made up: the INN have impossible check digits.
func (s *Server) SeedDemo(redirects ...string) Demo {
	d := Demo{ClientID: "bridge-demo", ClientSecret: "demo-secret", Login: "robot@example.test", Password: "demo"}
	s.AddClient(d.ClientID, d.ClientSecret, redirects...)
	s.AddUser(User{Login: d.Login, Password: d.Password, Surname: "Мостовой", FirstName: "Робот", Patronymic: "Примерович", SID: "demo-sid"})
	add := func(inn, name string, closed bool) string {
		return s.AddOrganization(Organization{INN: inn, KPP: inn[:4] + "01001", FullName: "Общество с ограниченной ответственностью «" + name + "»",
			ShortName: "ООО «" + name + "»", CounteragentsOnly: closed, Test: true})
	}
	d.Box = add("7700000001", "Агентство Пример", false)
	d.Partner = add("5400000002", "Застройщик Выдуманный", false)
	d.Inviter = add("6600000003", "Банк Мнимый", false)
	d.Stranger = add("7800000004", "Оценка Несуществующая", false)
	d.Closed = add("2300000005", "Страхование Закрытое", true)
	// The boxes have just been made and the texts are fixed: none of these can fail.
	d.Sales, _ = s.AddDepartment(d.Box, "", "Отдел продаж")
	d.Law, _ = s.AddDepartment(d.Box, "", "Юридический отдел")
	_ = s.Hire(d.Box, d.Login, Employee{Position: "Интеграция", Administrator: true})
	_ = s.Partner(d.Box, d.Partner)
	_ = s.Invite(d.Inviter, d.Box, "Предлагаем обмениваться документами")
	d.RefreshToken, _ = s.IssueRefreshToken(d.ClientID, d.Login)
	return d
}
