package action

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/realty"
)

// maxMappings bounds how many compiled mappings are held.
const maxMappings = 500

// mappings remembers compiled trees by their content: compiling takes milliseconds, and portals share the
// ready ones. A changed mapping is another content.
type mappings struct {
	mu  sync.Mutex
	all map[[32]byte]*mapping.Mapping
}

// compiled gives a tree compiled, or the refusal that names its faults.
func (m *mappings) compiled(tree any) (*mapping.Mapping, error) {
	text, err := json.Marshal(tree) // maps are written in the order of their keys
	if err != nil {
		return nil, badMapping(err)
	}
	key := sha256.Sum256(text)
	m.mu.Lock()
	known := m.all[key]
	m.mu.Unlock()
	if known != nil {
		return known, nil
	}
	if known, err = mapping.Compile(tree); err != nil {
		return nil, badMapping(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.all) >= maxMappings {
		clear(m.all)
	}
	m.all[key] = known
	return known, nil
}

func badMapping(err error) *docflow.Refusal {
	return &docflow.Refusal{Code: "bad_mapping", CRMText: "Сопоставление полей содержит ошибку: " + err.Error(),
		TextEN: "The mapping is faulty: " + err.Error(), Cause: err}
}

// mapping finds the mapping to use: the named one, the settings' own for the type, the ready one.
func (r *runner) mapping(ctx context.Context, c *call, kind realty.Kind) (*mapping.Mapping, error) {
	set, err := r.Portals.Settings(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	name := c.Properties.First("mapping")
	for _, m := range set.Mappings {
		own, _ := realty.ParseKind(m.DocflowType)
		switch {
		case name == "" && own == kind, m.Name == name && own == kind:
			return r.mappings.compiled(m.Options)
		case m.Name == name && name != "":
			return nil, &docflow.Refusal{Code: "wrong_mapping",
				CRMText: fmt.Sprintf("Сопоставление «%s» сделано для типа «%s», а подаётся «%s». Исправьте параметр mapping или docflow_type.", name, own.Label(), kind.Label()),
				TextEN:  fmt.Sprintf("The mapping %q makes a %s, not a %s.", name, own, kind)}
		}
	}
	preset, ok, err := mapping.PresetFor(string(kind))
	if err != nil {
		return nil, err
	}
	if ok && (name == "" || name == preset.Name) {
		return r.mappings.compiled(preset.Options)
	}
	return nil, &docflow.Refusal{Code: "no_mapping",
		CRMText: fmt.Sprintf("Нет сопоставления полей «%s» для типа «%s». Добавьте его в раздел mappings настроек моста или исправьте параметр mapping.", name, kind.Label()),
		TextEN:  fmt.Sprintf("There is no mapping %q for %s. Add one to the settings.", name, kind)}
}
