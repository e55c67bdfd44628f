package main

import (
	"fmt"
	"strings"

	"konturbridge/realty"
	"konturbridge/realty/schema"
)

type schemaCommand struct {
	Type string `arg:"" optional:"" help:"Docflow type; without it the types are listed."`
}

// Validate refuses a type that there is none of, as wrong usage.
func (c schemaCommand) Validate() error {
	if _, known := realty.ParseKind(c.Type); c.Type != "" && !known {
		return fmt.Errorf("unknown docflow type %q; known: %s", c.Type, strings.Join(schema.Kinds(), ", "))
	}
	return nil
}

// Run prints the JSON Schema by which the options of a docflow are checked.
func (c schemaCommand) Run(p *process) error {
	if c.Type == "" {
		rows := [][]string{{"TYPE", "LABEL"}}
		for _, kind := range realty.Kinds() {
			rows = append(rows, []string{string(kind), kind.Label()})
		}
		return p.table(rows)
	}
	kind, _ := realty.ParseKind(c.Type)
	text, err := schema.JSON(string(kind))
	if err != nil {
		return err
	}
	_, err = p.out.Write(text)
	return err
}
