package main

import (
	"fmt"

	"konturbridge/app/config"
)

type keygenCommand struct{}

// Run prints a fresh key and nothing else.
func (keygenCommand) Run(p *process) error {
	_, err := fmt.Fprintln(p.out, config.NewSecretKey().Reveal())
	return err
}
