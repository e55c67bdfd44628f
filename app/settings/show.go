package settings

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"konturbridge/app/config"
)

func path(connection int, key string) string {
	return fmt.Sprintf("connections[%d].%s", connection, key)
}

// shown is the file's form: the keys' order is the order in which they are printed.
type shown struct {
	HookSecret  string            `yaml:"hook_secret,omitempty"`
	Connections []shownConnection `yaml:"connections"`
	Triggers    []shownTrigger    `yaml:"triggers"`
	Mappings    []shownMapping    `yaml:"mappings"`
	Reactions   []shownReaction   `yaml:"reactions"`
	Files       map[string]string `yaml:"files,omitempty"`
	Incoming    []shownIncoming   `yaml:"incoming,omitempty"`
	Roles       *shownRoles       `yaml:"roles,omitempty"`
}

type shownRoles struct {
	Act      []int64 `yaml:"act,flow,omitempty"`
	Journal  []int64 `yaml:"journal,flow,omitempty"`
	Settings []int64 `yaml:"settings,flow,omitempty"`
}

type shownIncoming struct {
	Connection  string   `yaml:"connection,omitempty"`
	Types       []string `yaml:"types,flow,omitempty"`
	Action      string   `yaml:"action"`
	Category    *int     `yaml:"category,omitempty"`
	Stage       string   `yaml:"stage,omitempty"`
	Responsible int64    `yaml:"responsible,omitempty"`
}

type shownConnection struct {
	Name         string        `yaml:"name"`
	Kind         Kind          `yaml:"kind"`
	Default      bool          `yaml:"default,omitempty"`
	Login        string        `yaml:"login,omitempty"`
	Password     config.Secret `yaml:"password,omitempty"`
	AccountID    string        `yaml:"accountId,omitempty"`
	BoxID        string        `yaml:"boxId,omitempty"`
	ClientKey    config.Secret `yaml:"clientKey,omitempty"`
	RefreshToken config.Secret `yaml:"refreshToken,omitempty"`
	ClientID     string        `yaml:"clientId,omitempty"`
	ClientSecret config.Secret `yaml:"clientSecret,omitempty"`
	Certificate  string        `yaml:"certificate,omitempty"`
}

type shownTrigger struct {
	Entity       Entity         `yaml:"entity"`
	EntityTypeID int            `yaml:"entityTypeId,omitempty"`
	Category     *int           `yaml:"category,omitempty"`
	Stage        string         `yaml:"stage,omitempty"`
	Field        string         `yaml:"field,omitempty"`
	Action       string         `yaml:"action"`
	Parameters   map[string]any `yaml:"parameters,omitempty"`
}

type shownMapping struct {
	Name         string `yaml:"name"`
	DocflowType  string `yaml:"docflow_type,omitempty"`
	DocumentType string `yaml:"document_type,omitempty"`
	Options      any    `yaml:"options"`
}

type shownReaction struct {
	System            Kind           `yaml:"system,omitempty"`
	DocflowType       string         `yaml:"docflow_type,omitempty"`
	Entity            Entity         `yaml:"entity,omitempty"`
	EntityTypeID      int            `yaml:"entityTypeId,omitempty"`
	State             string         `yaml:"state,omitempty"`
	Requirement       *string        `yaml:"requirement,omitempty"`
	StartWorkflow     *shownWorkflow `yaml:"start_workflow,omitempty"`
	TerminateWorkflow *shownEnd      `yaml:"terminate_workflow,omitempty"`
	KillWorkflow      *shownEnd      `yaml:"kill_workflow,omitempty"`
	SetFields         map[string]any `yaml:"set_fields,omitempty"`
	MoveStage         string         `yaml:"move_stage,omitempty"`
	Comment           string         `yaml:"comment,omitempty"`
	Todo              string         `yaml:"todo,omitempty"`
	Notify            string         `yaml:"notify,omitempty"`
}

type shownWorkflow struct {
	Template   int            `yaml:"template"`
	Parameters map[string]any `yaml:"parameters,omitempty"`
	Document   any            `yaml:"document,omitempty"`
}

type shownEnd struct {
	Template int    `yaml:"template"`
	Status   string `yaml:"status,omitempty"`
}

// Show prints settings as the file that Parse reads: always in the same order, secrets as *** except
// HookSecret, which is there to be copied. Applying what was shown changes nothing.
func Show(s Settings) []byte {
	out := shown{
		HookSecret:  s.HookSecret.Reveal(),
		Connections: []shownConnection{}, Triggers: []shownTrigger{}, Mappings: []shownMapping{}, Reactions: []shownReaction{},
		Files: s.Files, Roles: (*shownRoles)(s.Roles),
	}
	if s.Roles.Equal(nil) {
		out.Roles = nil
	}
	for _, c := range s.Connections {
		out.Connections = append(out.Connections, shownConnection(c))
	}
	for _, t := range s.Triggers {
		out.Triggers = append(out.Triggers, shownTrigger(t))
	}
	for _, m := range s.Mappings {
		out.Mappings = append(out.Mappings, shownMapping(m))
	}
	for _, x := range s.Reactions {
		out.Reactions = append(out.Reactions, shownReaction{
			System: x.System, DocflowType: x.DocflowType, Entity: x.Entity, EntityTypeID: x.EntityTypeID,
			State: x.State, Requirement: x.Requirement, StartWorkflow: (*shownWorkflow)(x.StartWorkflow),
			TerminateWorkflow: (*shownEnd)(x.TerminateWorkflow), KillWorkflow: (*shownEnd)(x.KillWorkflow),
			SetFields: x.SetFields, MoveStage: x.MoveStage, Comment: x.Comment, Todo: x.Todo, Notify: x.Notify,
		})
	}
	for _, x := range s.Incoming {
		out.Incoming = append(out.Incoming, shownIncoming(x))
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(out); err != nil {
		// Trees hold only what Parse made of YAML, so this is a value that code put in: a bug to be seen at once.
		panic(fmt.Sprintf("settings: a tree that can't be printed: %v", err))
	}
	return b.Bytes()
}
