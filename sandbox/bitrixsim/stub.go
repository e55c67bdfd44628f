package bitrixsim

import "net/http"

type actor struct {
	user      int
	robot     bool
	connector string
}
type method struct {
	scope           string
	app, admin      bool
	noBatch         bool
	noApp, notAdmin func() *restError
	run             func(c *call) (any, *restError)
}
type cardType struct{}
type historyRow struct{}
type timelineRow struct{}
type workflow struct{}
type binding struct{ Binding }
type placement struct{ Placement }
type robot struct{}
type offlineRow struct{ OfflineRow }
type authBlock struct {
	access  *accessToken
	refresh *refreshToken
}

func restMethods() map[string]method                                         { return nil }
func (p *Portal) addBuiltInTypes()                                            {}
func (p *Portal) writeAuth(f *form, in *installation, a authBlock)            {}
func (p *Portal) writeShortAuth(f *form)                                      {}
func (c *call) batch() (any, *restError)                                      { return nil, nil }
func commandNames(name string, params *array) []string                        { return []string{name} }
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, p *Portal)   {}
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request, p *Portal) {}
func (s *Server) serveState(w http.ResponseWriter, r *http.Request)             {}
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request)           {}

// Tick lets steps whose waiting time is over go on; needed only with Config.Now.
func (s *Server) Tick() {}

// CreateItem adds a card as user 1 and returns its id.
func (p *Portal) CreateItem(entityTypeID int, fields map[string]any) int { return 0 }

// UpdateItem changes a card as user 1.
func (p *Portal) UpdateItem(entityTypeID, id int, fields map[string]any) error { return nil }

// MoveStage moves a card as user 1.
func (p *Portal) MoveStage(entityTypeID, id int, stage string) error { return nil }

// Item is a snapshot of a card.
func (p *Portal) Item(entityTypeID, id int) (map[string]any, bool) { return nil, false }

// Items lists the cards of a type.
func (p *Portal) Items(entityTypeID int) []map[string]any { return nil }

// AddFile stores a file.
func (p *Portal) AddFile(name string, data []byte) int { return 0 }

// File reads a stored file.
func (p *Portal) File(id int) (name string, data []byte, ok bool) { return "", nil, false }

// Timeline lists the entries of a card.
func (p *Portal) Timeline(entityTypeID, id int) []TimelineEntry { return nil }

// PlaceRobot adds a step to the automation of a stage.
func (p *Portal) PlaceRobot(entityTypeID int, stage string, step Step) {}

// AddTemplate adds a workflow template.
func (p *Portal) AddTemplate(t Template) int { return 0 }

// Workflows lists the workflow instances.
func (p *Portal) Workflows() []Workflow { return nil }

// UserFields lists the custom fields of a type.
func (p *Portal) UserFields(entityTypeID int) []UserField { return nil }

// AddUserField makes a custom field.
func (p *Portal) AddUserField(entityTypeID int, f UserField) UserField { return f }

// AddType makes a smart process and returns its type id (not its entityTypeId).
func (p *Portal) AddType(entityTypeID int, title string) int { return 0 }

// AddCategory makes a funnel and returns its id.
func (p *Portal) AddCategory(entityTypeID int, name string) int { return 0 }

// AddRequisite adds a requisite to a contact (3) or company (4).
func (p *Portal) AddRequisite(entityTypeID, id int, fields map[string]any) int { return 0 }

// LinkRequisite chooses the requisite of a card.
func (p *Portal) LinkRequisite(entityTypeID, id, requisiteID int) {}

// OfflineRows lists the offline queues of all applications.
func (p *Portal) OfflineRows() []OfflineRow { return nil }
