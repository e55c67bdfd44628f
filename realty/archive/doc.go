// Package archive opens the ZIP archives that the registry answers with: statements, extracts and acts, each with its
// detached signatures, often in archives inside the archive, under Russian names in the code page of DOS.
//
// It never writes to a path that an archive names: a [File] is opened as a stream, and its names are cleaned, so that
// they can be shown and used. What it reads is bounded by [Limits], because an archive can promise little and hold
// without end.
package archive
