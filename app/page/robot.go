package page

// RobotForm is a rule's settings as their page shows them.
type RobotForm struct {
	Title  string
	Fault  string // why nothing can be set up; "" when it can
	Fields []RobotField
	Insert []Choice // expressions that may be put into a text, by what they are called
	Fresh  bool     // what is shown differs from what is stored: defaults of a new rule
}

// The kinds of a field. A choice may always be replaced by a typed value: the designer's expressions are
// values too.
const (
	FieldText   = "text"
	FieldLines  = "lines" // several values, one a line
	FieldChoice = "choice"
)

// RobotField is one parameter of a rule.
type RobotField struct {
	ID       string
	Label    string
	Kind     string
	Required bool
	Choices  []Choice
	// By names the field that decides which choices fit: those whose For is its value, or "".
	By    string
	Typed bool   // the value is none of the choices
	Value string // of a text, or typed; several are one a line
}

// Choice is one entry of a list.
type Choice struct {
	Value, Label string
	For          string
	Selected     bool
}
