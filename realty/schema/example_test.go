package schema_test

import (
	"fmt"

	"konturbridge/realty"
	"konturbridge/realty/schema"
)

func ExampleSet_Check() {
	checker, err := schema.Load()
	if err != nil {
		return
	}
	for _, problem := range checker.Check("object_request", realty.ObjectRequest{CadastralNumber: "47:14"}) {
		fmt.Println(problem.Severity, problem.Path, problem.Rule, problem.MessageRU)
	}
	// Output:
	// refuse cadastralNumber pattern Поле «Кадастровый номер»: неверный вид, нужно: четыре части через двоеточие, например 47:14:1203001:814
	// refuse type required Не заполнено поле «Вид выписки»
}
