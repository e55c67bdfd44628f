package archive_test

import (
	"bytes"
	"fmt"
	"os"

	"konturbridge/realty/archive"
)

func ExampleOpen() {
	data, err := os.ReadFile("testdata/outdoc.zip")
	if err != nil {
		return
	}
	result, err := archive.Open(bytes.NewReader(data), int64(len(data)), archive.Limits{})
	if err != nil {
		return
	}
	defer func() { _ = result.Close() }()
	for _, file := range result.Files {
		fmt.Println(file.Name, file.Size, len(file.Signatures))
	}
	// Output:
	// Выписка из ЕГРН.xml 20 1
	// Выписка из ЕГРН.pdf 9 0
}
