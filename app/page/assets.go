package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
)

//go:embed assets/*.css assets/*.js assets/vendor/*.js
var assets embed.FS

// Asset is a style sheet or a script.
type Asset struct {
	Type    string // media type
	Body    []byte
	Packed  []byte // with gzip
	Version string // a quoted hash, as an ETag
}

// loadAssets reads and packs everything once.
func loadAssets() (map[string]Asset, error) {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	all := map[string]Asset{}
	for _, dir := range []string{"assets", "assets/vendor"} {
		entries, err := assets.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("read the pages' assets: %w", err)
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			body, err := assets.ReadFile(path.Join(dir, e.Name()))
			if err != nil {
				return nil, fmt.Errorf("read the pages' assets: %w", err)
			}
			all[e.Name()] = Asset{Type: types[path.Ext(e.Name())], Body: body, Packed: Pack(body), Version: Version(body)}
		}
	}
	return all, nil
}

// Pack compresses a text.
func Pack(body []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // a level that exists
	_, _ = w.Write(body)                                    // into memory
	_ = w.Close()
	return out.Bytes()
}

// Version names what was sent, as an ETag: quoted.
func Version(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
