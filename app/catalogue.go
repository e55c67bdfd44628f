package app

import (
	"errors"

	"konturbridge/app/action"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/realty"
	"konturbridge/realty/schema"
)

// Knowledge is what settings are checked against: the catalogue, the docflow types, the language of
// expressions.
type Knowledge struct{}

var _ settings.Checker = Knowledge{}

// Actions implements settings.Checker.
func (Knowledge) Actions() []string { return action.Codes() }

// Parameters implements settings.Checker.
func (Knowledge) Parameters(code string) map[string]bool {
	params := map[string]bool{}
	for _, a := range action.Catalogue() {
		if a.Code != code {
			continue
		}
		for _, p := range a.Params {
			params[p.Name] = p.Required && !p.Filled
		}
	}
	return params
}

// DocflowTypes implements settings.Checker.
func (Knowledge) DocflowTypes() []string {
	var types []string
	for _, k := range realty.Kinds() {
		types = append(types, string(k))
	}
	return types
}

// Tree implements settings.Checker.
func (Knowledge) Tree(_ settings.Use, tree any) []settings.TreeProblem {
	_, err := mapping.Compile(tree)
	faults, ok := errors.AsType[mapping.CompileErrors](err)
	if err != nil && !ok {
		return []settings.TreeProblem{{RU: err.Error(), EN: err.Error()}}
	}
	var problems []settings.TreeProblem
	for _, f := range faults {
		problems = append(problems, settings.TreeProblem{Path: f.Path, RU: "ошибка в выражении: " + f.Message, EN: f.Message})
	}
	return problems
}

// schemaChecker lets mappings ask the schemas of docflow types.
type schemaChecker struct{ set *schema.Set }

// Check implements mapping.Checker.
func (c schemaChecker) Check(kind string, options any) []mapping.SchemaProblem {
	var out []mapping.SchemaProblem
	for _, p := range c.set.Check(kind, options) {
		severity := mapping.SeverityWarning
		if p.Severity == schema.Refuse {
			severity = mapping.SeverityError
		}
		out = append(out, mapping.SchemaProblem{Path: p.Path, Rule: p.Rule, Severity: severity,
			MessageRU: p.MessageRU, MessageEN: p.MessageEN, Value: p.Value})
	}
	return out
}

// Robots are the actions of the catalogue as automation rules.
func Robots() []portal.RobotSpec {
	var specs []portal.RobotSpec
	for _, a := range action.Catalogue() {
		specs = append(specs, portal.RobotSpec{Code: a.Code, Wait: true, Name: languages(a.Name),
			Description: languages(a.Description), Properties: propertySpecs(a.Params), Returns: propertySpecs(a.Returns), Placement: a.Settings})
	}
	return specs
}

func propertySpecs(params []action.Param) []portal.PropertySpec {
	var specs []portal.PropertySpec
	for _, p := range params {
		spec := portal.PropertySpec{ID: p.Name, Type: p.Type, Name: languages(p.Label), Required: p.Required,
			Multiple: p.Multiple, Default: p.Default}
		for _, o := range p.Options {
			spec.Options = append(spec.Options, portal.OptionSpec{Key: o.Key, Title: o.Label.RU})
		}
		specs = append(specs, spec)
	}
	return specs
}

func languages(t action.Text) map[string]string { return map[string]string{"ru": t.RU, "en": t.EN} }
