// Package reaction turns a docflow's change of state into effects in Bitrix24 and applies them: fields,
// files, timeline, stage, workflow start, the answer to a waiting robot; in order per card.
package reaction
