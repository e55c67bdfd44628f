// Package sandbox puts the simulated systems behind one handler and shows them on one page, so that a person
// can press what a manager, a payer and a registrar would press.
//
//	/realty/v1/                    Контур.Реестро (realtysim)
//	/oauth/ /rest/ /portal/        Bitrix24 (bitrixsim)
//	/diadoc/ /identity/            Контур.Диадок and its identity provider (diadocsim)
//	/control/realty/ /control/bitrix/ /control/diadoc/   their levers as JSON
//	/control/sandbox/              what the page reads and does
//	/                              the page: cards by stage, docflows, counteragents, levers, notes
//
// Nothing here is meant for the open internet: the levers ask for no password.
package sandbox
