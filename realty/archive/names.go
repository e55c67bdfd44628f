package archive

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a name, in characters: file systems take 255 bytes, and CRMs show less.
const maxName = 120

// nameOf is an entry's name as its maker meant it: UTF-8 where that is marked or plain to see, else the code page of
// DOS, in which archives of Windows have their Russian names.
func nameOf(entry *zip.File) string {
	if name := unicodePath(entry); name != "" {
		return name
	}
	if utf8.ValidString(entry.Name) {
		return entry.Name // marked, or no archiver would have made valid UTF-8 by chance
	}
	return dos(entry.Name)
}

// unicodePath reads the field in which Info-ZIP and others keep the name a second time (APPNOTE, 4.6.9).
func unicodePath(entry *zip.File) string {
	const field, header = 0x7075, 5 // version and checksum of the plain name
	for extra := entry.Extra; len(extra) >= 4; {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			return ""
		}
		body := extra[:size]
		extra = extra[size:]
		if id != field || size <= header || body[0] != 1 {
			continue
		}
		name := string(body[header:])
		if binary.LittleEndian.Uint32(body[1:]) == crc32.ChecksumIEEE([]byte(entry.Name)) && utf8.ValidString(name) {
			return name
		}
	}
	return ""
}

// dos reads code page 866.
func dos(raw string) string {
	const upper = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп" +
		"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
		"рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u00a0"
	letters := []rune(upper)
	var b strings.Builder
	for i := range len(raw) {
		if raw[i] < 0x80 {
			b.WriteByte(raw[i])
		} else {
			b.WriteRune(letters[raw[i]-0x80])
		}
	}
	return b.String()
}

// cleanPath makes a path that leads nowhere but down and that every file system takes.
func cleanPath(name string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
		if part = cleanName(part); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "файл"
	}
	return strings.Join(parts, "/")
}

// cleanName drops what is no part of a name for people: control marks, marks that turn the direction of writing
// around, what Windows forbids, dots and blanks at the ends.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimSpace(name), ". ")
	if strings.Trim(name, ".") == "" {
		return ""
	}
	return short(name)
}

// short cuts a long name before its extensions, which say what the file is and whose signature.
func short(name string) string {
	letters := []rune(name)
	if len(letters) <= maxName {
		return name
	}
	tail := path.Ext(name)
	if isSignature(name) {
		tail = path.Ext(strings.TrimSuffix(name, tail)) + tail
	}
	if end := []rune(tail); len(end) < maxName/2 {
		return string(letters[:maxName-len(end)]) + tail
	}
	return string(letters[:maxName])
}

// unique tells files of the same name apart: "акт.pdf", "акт (2).pdf".
func unique(files []*File) {
	taken := map[string]bool{}
	var all []*File
	for _, file := range files {
		all = append(append(all, file), file.Signatures...)
	}
	for _, file := range all {
		ext := path.Ext(file.Name)
		name, stem := file.Name, strings.TrimSuffix(file.Name, ext)
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%s (%d)%s", stem, n, ext)
		}
		file.Name = name
		taken[strings.ToLower(name)] = true
	}
}
