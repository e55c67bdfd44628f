package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// require reports keys that are missing or blank.
func (r *reader) require(node *yaml.Node, path string, values map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if values[key] == "" {
			r.fail(node, join(path, key), "обязательный ключ не заполнен", "required")
		}
	}
}

// forbid reports keys that mean nothing here.
func (r *reader) forbid(node *yaml.Node, path, reasonRU, reasonEN string, given map[string]bool, names ...string) {
	for _, name := range names {
		if given[name] {
			r.fail(node, join(path, name), reasonRU, reasonEN)
		}
	}
}

func (r *reader) connection(node *yaml.Node, path string) Connection {
	var c Connection
	given := r.object(node, path, keys{
		"name": r.text(&c.Name), "kind": oneOf(r, &c.Kind, string(Realty), string(Diadoc)), "default": r.flag(&c.Default),
		"login": r.text(&c.Login), "password": r.secret(&c.Password), "accountId": r.text(&c.AccountID),
		"boxId": r.text(&c.BoxID), "clientKey": r.secret(&c.ClientKey), "refreshToken": r.secret(&c.RefreshToken),
		"clientId": r.text(&c.ClientID), "clientSecret": r.secret(&c.ClientSecret), "certificate": r.text(&c.Certificate),
	})
	if given == nil {
		return c
	}
	required := map[string]string{"name": c.Name, "kind": string(c.Kind)}
	switch {
	case c.Kind == Realty:
		required["login"], required["password"], required["accountId"] = c.Login, c.Password.Reveal(), c.AccountID
		r.forbid(node, path, "у подключения к Реестро этого ключа нет", "a Реестро connection has no such key", given,
			"boxId", "clientKey", "refreshToken", "clientId", "clientSecret", "certificate")
	case c.Kind == Diadoc && c.RefreshToken != "":
		required["boxId"] = c.BoxID
		r.forbid(node, path, "вместе с refreshToken не указывается", "not together with refreshToken", given, "login", "password", "clientKey", "accountId")
	case c.Kind == Diadoc:
		required["boxId"], required["login"], required["password"], required["clientKey"] = c.BoxID, c.Login, c.Password.Reveal(), c.ClientKey.Reveal()
		r.forbid(node, path, "у подключения к Диадоку этого ключа нет", "a Диадок connection has no such key", given, "accountId")
	}
	if given["clientId"] != given["clientSecret"] {
		r.fail(node, path, "clientId и clientSecret указываются вместе", "clientId and clientSecret go together")
	}
	r.require(node, path, required)
	return c
}

// checkConnections looks at the list as a whole: names are unique, and each kind has exactly one default.
// The only connection of its kind is the default without saying so.
func (r *reader) checkConnections(all []Connection, node *yaml.Node, path string) {
	seen := map[string]bool{}
	count, defaults := map[Kind]int{}, map[Kind]int{}
	for i, c := range all {
		if c.Name != "" && seen[c.Name] {
			r.fail(node.Content[i], fmt.Sprintf("%s[%d].name", path, i), "имя уже занято другим подключением", "another connection has this name")
		}
		seen[c.Name] = true
		count[c.Kind]++
		if c.Default {
			defaults[c.Kind]++
		}
	}
	for i := range all {
		if count[all[i].Kind] == 1 {
			all[i].Default = true
		}
	}
	for _, kind := range []Kind{Realty, Diadoc} {
		if count[kind] > 1 && defaults[kind] != 1 {
			r.fail(node, path, fmt.Sprintf("из нескольких подключений %s ровно одно должно быть с default: true", kind),
				fmt.Sprintf("of several %s connections exactly one must have default: true", kind))
		}
	}
}

func (r *reader) trigger(node *yaml.Node, path string) Trigger {
	var (
		t        Trigger
		category int
	)
	given := r.object(node, path, keys{
		"entity": oneOf(r, &t.Entity, string(Deal), string(Lead), string(Item)), "entityTypeId": r.number(&t.EntityTypeID, 1),
		"category": r.number(&category, 0), "stage": r.text(&t.Stage), "action": r.action(&t.Action),
		"field":      func(node *yaml.Node, path string) { r.text(&t.Field)(node, path); r.fieldName(node, path, t.Field) },
		"parameters": r.trees(&t.Parameters, UseTrigger),
	})
	if given == nil {
		return t
	}
	if given["category"] {
		t.Category = &category
	}
	r.require(node, path, map[string]string{"entity": string(t.Entity), "action": t.Action})
	r.entityType(node, path, t.Entity, t.EntityTypeID, true)
	if t.Entity == Lead {
		r.forbid(node, path, "у лидов нет воронок", "leads have no funnels", given, "category")
	}
	if (t.Stage == "") == (t.Field == "") {
		r.fail(node, path, "нужно ровно одно из двух: stage (стадия, на которую перешли) или field (поле, которое изменилось)",
			"exactly one of stage (entered) and field (changed) is needed")
	}
	r.checkParameters(node, path, t)
	return t
}

// entityType: a smart process's card needs its type, other cards must not have one.
func (r *reader) entityType(node *yaml.Node, path string, entity Entity, id int, required bool) {
	switch {
	case entity == Item && id == 0 && required:
		r.fail(node, join(path, "entityTypeId"), "для смарт-процесса нужен номер типа", "a smart process needs its entityTypeId")
	case entity != Item && id != 0:
		r.fail(node, join(path, "entityTypeId"), "указывается только вместе с entity: item", "only together with entity: item")
	}
}

func (r *reader) action(place *string) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.text(place)(node, path)
		if known := r.check.Actions(); *place != "" && !slices.Contains(known, *place) {
			r.fail(node, path, fmt.Sprintf("неизвестное действие %q; известны: %s", *place, words(known)),
				fmt.Sprintf("unknown action %q; known: %s", *place, words(known)))
		}
	}
}

// checkParameters compares a trigger's parameters with what its action takes.
func (r *reader) checkParameters(node *yaml.Node, path string, t Trigger) {
	if !slices.Contains(r.check.Actions(), t.Action) {
		return
	}
	known := r.check.Parameters(t.Action)
	at := path + ".parameters"
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		if _, ok := known[name]; !ok {
			list := words(slices.Sorted(maps.Keys(known)))
			r.fail(keyNode(node, "parameters", name), tail(at, name), fmt.Sprintf("у действия %s нет такого параметра; есть: %s", t.Action, list),
				fmt.Sprintf("%s has no such parameter; it takes: %s", t.Action, list))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if value, ok := t.Parameters[name]; known[name] && (!ok || value == nil || value == "") {
			r.fail(keyNode(node, "parameters", name), tail(at, name), fmt.Sprintf("действию %s нужен этот параметр", t.Action), t.Action+" requires this parameter")
		}
	}
}

func tail(path, key string) string { return path + "." + key }

// keyNode finds the node of a key two levels down, or the nearest above it, for its line.
func keyNode(node *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		next := (*yaml.Node)(nil)
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				next = resolve(node.Content[i+1])
			}
		}
		if next == nil {
			return node
		}
		node = next
	}
	return node
}

func (r *reader) mapping(node *yaml.Node, path string, seen map[string]bool) Mapping {
	var m Mapping
	given := r.object(node, path, keys{
		"name": r.text(&m.Name), "docflow_type": oneOf(r, &m.DocflowType, r.check.DocflowTypes()...), "document_type": r.text(&m.DocumentType),
		"options": r.tree(&m.Options, UseMapping),
	})
	if given == nil {
		return m
	}
	required := map[string]string{"name": m.Name}
	if m.DocumentType == "" { // which documents a box knows is its own: the action looks
		required["docflow_type"] = m.DocflowType
	} else if m.DocflowType != "" {
		r.fail(keyNode(node, "document_type"), join(path, "document_type"), "нужно ровно одно из двух: docflow_type (Реестро) или document_type (Диадок)",
			"exactly one of docflow_type (Реестро) and document_type (Диадок) is needed")
	}
	r.require(node, path, required)
	if m.Options == nil {
		r.fail(node, join(path, "options"), "обязательный ключ не заполнен", "required")
	}
	if m.Name != "" && seen[m.Name] {
		r.fail(node, join(path, "name"), "имя уже занято другим соответствием", "another mapping has this name")
	}
	seen[m.Name] = true
	return m
}

func (r *reader) reaction(node *yaml.Node, path string) Reaction {
	var (
		x           Reaction
		requirement string
	)
	given := r.object(node, path, keys{
		"system": oneOf(r, &x.System, string(Realty), string(Diadoc)), "docflow_type": r.text(&x.DocflowType),
		"entity": oneOf(r, &x.Entity, string(Deal), string(Lead), string(Item)), "entityTypeId": r.number(&x.EntityTypeID, 1),
		"state": r.text(&x.State), "requirement": oneOf(r, &requirement, Requirements()...),
		"start_workflow": r.startWorkflow(&x.StartWorkflow), "terminate_workflow": r.endWorkflow(&x.TerminateWorkflow, true),
		"kill_workflow": r.endWorkflow(&x.KillWorkflow, false), "set_fields": r.setFields(&x.SetFields),
		"move_stage": r.template(&x.MoveStage, UseReaction), "comment": r.template(&x.Comment, UseReaction),
		"todo": r.template(&x.Todo, UseReaction), "notify": r.notify(&x.Notify),
	})
	if given == nil {
		return x
	}
	if given["requirement"] {
		x.Requirement = &requirement
	}
	r.entityType(node, path, x.Entity, x.EntityTypeID, false)
	r.reactionFilters(node, path, x)
	if x.StartWorkflow == nil && x.TerminateWorkflow == nil && x.KillWorkflow == nil && len(x.SetFields) == 0 && x.MoveStage+x.Comment+x.Todo+x.Notify == "" {
		const effects = "start_workflow, terminate_workflow, kill_workflow, set_fields, move_stage, comment, todo"
		r.fail(node, path, "реакция ничего не делает: нужно "+effects+" или notify", "the reaction does nothing: "+effects+" or notify is needed")
	}
	return x
}

// reactionFilters checks the words of a reaction that names its service. Диадок's document types are its own and
// many.
func (r *reader) reactionFilters(node *yaml.Node, path string, x Reaction) {
	states := RealtyStates()
	switch x.System {
	case Diadoc:
		states = DiadocStates()
		if x.Requirement != nil && *x.Requirement != "" {
			r.fail(keyNode(node, "requirement"), join(path, "requirement"), "у документов Диадока нет требований", "documents of Диадок have no requirements")
		}
	case Realty:
	default:
		return
	}
	if types := r.check.DocflowTypes(); x.System == Realty && x.DocflowType != "" && !slices.Contains(types, x.DocflowType) {
		r.fail(keyNode(node, "docflow_type"), join(path, "docflow_type"), fmt.Sprintf("неизвестный тип %q; известны: %s", x.DocflowType, words(types)),
			fmt.Sprintf("unknown type %q; known: %s", x.DocflowType, words(types)))
	}
	if x.State != "" && !slices.Contains(states, x.State) {
		r.fail(keyNode(node, "state"), join(path, "state"), fmt.Sprintf("неизвестное состояние %q; известны: %s", x.State, words(states)),
			fmt.Sprintf("unknown state %q; known: %s", x.State, words(states)))
	}
}

func (r *reader) setFields(place *map[string]any) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.trees(place, UseReaction)(node, path)
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			r.fieldName(key, tail(path, key.Value), key.Value)
		}
	}
}

// notify takes responsible, a user's id or a template; other words would silently notify nobody.
func (r *reader) notify(place *string) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.template(place, UseReaction)(node, path)
		n, err := strconv.Atoi(*place)
		if *place == "" || *place == "responsible" || strings.Contains(*place, "{{") || err == nil && n > 0 {
			return
		}
		r.fail(node, path, "нужно responsible, номер пользователя или выражение", "must be responsible, a user's id or an expression")
	}
}
