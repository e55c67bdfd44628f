package cms_test

import (
	"fmt"
	"os"

	"konturbridge/realty/cms"
)

func ExampleCheck() {
	signature, err := os.ReadFile("testdata/contract.pdf.sig")
	if err != nil {
		return
	}
	contract, err := os.Open("testdata/contract.pdf")
	if err != nil {
		return
	}
	defer func() { _ = contract.Close() }()
	results, err := cms.Check(signature, contract)
	if err != nil {
		return
	}
	for _, result := range results {
		fmt.Println(result.Certificate.Subject, result.Certificate.Subject.SNILS, result.Verdict)
	}
	// Output: Тестов Виталий Иванович, ООО «Тестовый застройщик» 11223344595 matches
}
