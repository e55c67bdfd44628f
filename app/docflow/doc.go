// Package docflow is the bridge's own picture of one filing: its record, its states and how it moves
// between them, what it requires of people, why it was refused, and its history. It knows no upstream
// and imports nothing of the bridge: Реестро's and Диадок's words are translated at their edge.
package docflow
