package diadocsim

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/http"
)

// Kinds of index keys: a key of one listing is refused by another.
const (
	feedKey byte = iota + 1
	counteragentKey
	bondKey
	memberKey
	documentKey
	documentDateKey
	docflowKey
	packetKey
	forwardKey
	securityKey
)

// indexKey makes an opaque key of an item. Its text has the +, / and = that a client must escape.
func indexKey(kind byte, box string, place int64) []byte {
	out := []byte{0xfb, 0xff, 0xfe, kind}
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(box)))
	return binary.BigEndian.AppendUint64(out, uint64(place)) //nolint:gosec // places are positive
}

func textKey(kind byte, box string, place int64) string {
	return base64.StdEncoding.EncodeToString(indexKey(kind, box, place))
}

// placeOf reads a key back; no key is the place before everything.
func placeOf(kind byte, box string, key []byte) (int64, error) {
	if len(key) == 0 {
		return 0, nil
	}
	if len(key) != 16 || string(key[:8]) != string(indexKey(kind, box, 0)[:8]) {
		return 0, badCursor()
	}
	return int64(binary.BigEndian.Uint64(key[8:])), nil //nolint:gosec // made from an int64
}

func placeOfText(kind byte, box, key string) (int64, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(key)
	if err != nil {
		return 0, badCursor()
	}
	return placeOf(kind, box, data)
}

func badCursor() error { return refuse(http.StatusBadRequest, "cursor must have valid value") }
