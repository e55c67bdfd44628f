// Package schema checks the options of a docflow before they are sent to the land registry service, and
// publishes the JSON Schemas (draft 2020-12) that it checks by.
//
// The service's pages mark fields as required, print enums and patterns, and contradict each other. What
// a table, a printed enum or a printed pattern forbids is in the schemas and gives [Refuse]. What is
// only unlikely (a wrong check digit, shares that do not add up, a field that no page names) is found
// in Go and gives [Warn]: the filing may be sent all the same. Every example of the pages passes.
//
// The schemas carry what a form needs: titles in Russian, labels of enum values in x-labels, a word for
// the owner of a field in x-of ("покупателя"), the form of a value in x-hint.
package schema
