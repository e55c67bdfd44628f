package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
	"konturbridge/realty/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestExamplesPass(t *testing.T) {
	t.Parallel()
	set := load(t)
	var all bytes.Buffer
	for _, file := range slices.Sorted(maps.Keys(examples())) {
		problems := set.Check(examples()[file], options(t, file))
		require.Empty(t, pairs(only(problems, schema.Refuse)), file)
		require.False(t, schema.Refused(problems))
		for _, p := range problems {
			fmt.Fprintf(&all, "%s: %s %s\n\t%s\n\t%s\n", file, p.Severity, p.Rule, p.MessageRU, p.MessageEN)
		}
	}
	const golden = "testdata/examples.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, all.Bytes(), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), all.String())
}

const (
	movement   = "right_movement_request.2.json"              // joint sellers, sole buyer with a mortgage
	shared     = "right_movement_request.json"                // old right confirmed, buyers in shares
	joint      = "right_movement_request.3.json"              // seller in shares, joint buyers
	equity     = "equity_agreement_registration_request.json" // developer
	assignment = "right_assignment_request.json"              // objects in an array
	pledge     = "encumbrance_request.json"                   // organization in whose favour
	release    = "cessation_encumbrance_request.json"         // attorney, record
	extra      = "additional_packet_request.json"
	action     = "action_request.json"
	extract    = "object_request.json"

	owner = "buyer.individualOwnership.owner"
	buyer = owner + ".person"
	bank  = "whoUseRestriction.encumbrancer[0]"
)

type breaking struct {
	file  string
	at    string // what is changed
	value any
	want  string // path that is refused; "" is the changed one
	rule  string
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for name, tc := range map[string]breaking{
		"extract type missing":          {extract, "type", gone{}, "", "required"},
		"extract type not offered":      {extract, "type", "agreement", "", "enum"},
		"extract without number":        {extract, "cadastralNumber", gone{}, "", "required"},
		"extract number null":           {extract, "cadastralNumber", nil, "", "required"},
		"extract number blank":          {extract, "cadastralNumber", "  ", "", "required"},
		"cadastral number of 3 parts":   {extract, "cadastralNumber", "47:14:abc", "", "pattern"},
		"cadastral number with hyphens": {extract, "cadastralNumber", "47-14-1203001-814", "", "pattern"},
		"cadastral number, empty part":  {extract, "cadastralNumber", "47:14::814", "", "pattern"},
		"cadastral number as number":    {extract, "cadastralNumber", 47.14, "", "type"},

		"ground missing":            {movement, "rightMovementType", gone{}, "", "required"},
		"ground not sale":           {movement, "rightMovementType", "gift", "", "enum"},
		"object missing":            {movement, "object", gone{}, "", "required"},
		"object type missing":       {movement, "object.objectType", gone{}, "", "required"},
		"object number":             {movement, "object.cadastralNumber", "", "", "required"},
		"object address":            {movement, "object.address", gone{}, "", "required"},
		"record without date":       {movement, "object.registration.date", gone{}, "", "required"},
		"record, bad date":          {movement, "object.registration.date", "11.12.2001", "", "format"},
		"area without unit":         {movement, "object.area.unit", gone{}, "", "required"},
		"area in acres":             {movement, "object.area.unit", "ac", "", "enum"},
		"seller missing":            {movement, "seller", gone{}, "", "required"},
		"seller, no ownership":      {movement, "seller", map[string]any{}, "", "choice"},
		"evidence alone":            {shared, "seller.individualOwnership", gone{}, "seller", "choice"},
		"evidence, no documents":    {shared, "seller.evidenceOfOwnership.documents", []any{}, "", "minItems"},
		"evidence, nothing":         {shared, "seller.evidenceOfOwnership.documents", gone{}, "", "required"},
		"one spouse":                {movement, "seller.cooperativeOwnership.spouse2", gone{}, "", "required"},
		"buyer missing":             {movement, "buyer", gone{}, "", "required"},
		"buyer, no ownership":       {movement, "buyer.individualOwnership", gone{}, "buyer", "choice"},
		"buyer, two ownerships":     {shared, "buyer.individualOwnership", map[string]any{}, "buyer", "choice"},
		"no owner":                  {movement, owner, gone{}, "", "required"},
		"no shares":                 {shared, "buyer.sharedOwnership.shares", []any{}, "", "minItems"},
		"share without owner":       {shared, "buyer.sharedOwnership.shares[1].owner", gone{}, "", "required"},
		"share without size":        {shared, "buyer.sharedOwnership.shares[0].share", gone{}, "", "required"},
		"share without numerator":   {shared, "buyer.sharedOwnership.shares[0].share.numerator", gone{}, "", "required"},
		"share without denominator": {shared, "buyer.sharedOwnership.shares[0].share.denominator", gone{}, "", "required"},
		"share of three numbers": {shared, "buyer.sharedOwnership.shares[0].share.denumerator", "2",
			"buyer.sharedOwnership.shares[0].share", "choice"},
		"no documents": {movement, "appliedDocuments", gone{}, "", "required"},
		"no contract":  {movement, "appliedDocuments.contractOfSale", gone{}, "", "required"},

		"nobody":                {movement, buyer, gone{}, owner, "choice"},
		"person null":           {movement, buyer, nil, owner, "choice"},
		"person and company":    {pledge, bank + ".person", map[string]any{}, bank, "choice"},
		"no representative":     {pledge, bank + ".representative", gone{}, "", "required"},
		"unknown benefit":       {movement, owner + ".benefitCategory", "hero", "", "enum"},
		"no name":               {movement, buyer + ".name", gone{}, "", "required"},
		"no surname":            {movement, buyer + ".surname", "", "", "required"},
		"no birth date":         {movement, buyer + ".dateBirth", gone{}, "", "required"},
		"birth date reversed":   {movement, buyer + ".dateBirth", "07.04.1972", "", "format"},
		"birth date impossible": {movement, buyer + ".dateBirth", "1972-02-31", "", "format"},
		"no birth place":        {movement, buyer + ".birthPlace", gone{}, "", "required"},
		"no snils":              {movement, buyer + ".snils", gone{}, "", "required"},
		"snils of 10 digits":    {movement, buyer + ".snils", "000-000-000 5", "", "pattern"},
		"snils, third hyphen":   {movement, buyer + ".snils", "000-000-000-55", "", "pattern"},
		"no gender":             {movement, buyer + ".gender", gone{}, "", "required"},
		"gender in Russian":     {movement, buyer + ".gender", "м", "", "enum"},
		"no citizenship":        {movement, buyer + ".citizenship", gone{}, "", "required"},
		"no home address":       {movement, buyer + ".address", gone{}, "", "required"},
		"no passport":           {movement, buyer + ".identityDocument", gone{}, "", "required"},
		"passport type":         {movement, buyer + ".identityDocument.documentType", "passport", "", "enum"},
		"no passport type":      {movement, buyer + ".identityDocument.documentType", gone{}, "", "required"},
		"no passport number":    {movement, buyer + ".identityDocument.number", gone{}, "", "required"},
		"no passport date":      {movement, buyer + ".identityDocument.issueDate", gone{}, "", "required"},
		"no issuer":             {movement, buyer + ".identityDocument.issuer", gone{}, "", "required"},
		"no issuer name":        {movement, buyer + ".identityDocument.issuer.name", gone{}, "", "required"},
		"issuer code":           {movement, buyer + ".identityDocument.issuer.code", "0000005", "", "pattern"},

		"empty address":       {movement, "object.address", map[string]any{}, "", "choice"},
		"city without word":   {movement, "object.address.city.abbreviation", gone{}, "", "required"},
		"city without name":   {movement, "object.address.city.name", gone{}, "", "required"},
		"house without word":  {movement, "object.address.house.type", gone{}, "", "required"},
		"house word":          {movement, "object.address.house.type", "дом", "", "enum"},
		"flat word":           {movement, "object.address.apartment.type", "квартира", "", "enum"},
		"flat without number": {movement, "object.address.apartment.name", gone{}, "", "required"},

		"paper of unknown kind": {movement, "appliedDocuments.contractOfSale.documentType", "contract", "", "enum"},
		"paper without kind":    {movement, "appliedDocuments.contractOfSale.documentType", gone{}, "", "required"},
		"paper without file":    {movement, "appliedDocuments.contractOfSale.content", gone{}, "", "required"},
		"file without type":     {movement, "appliedDocuments.contractOfSale.content.info.type", gone{}, "", "required"},
		"file of another type":  {movement, "appliedDocuments.contractOfSale.content.info.type", "docx", "", "enum"},
		"file without id":       {movement, "appliedDocuments.contractOfSale.content.info.contentPointer.id", gone{}, "", "required"},
		"file with a name":      {movement, "appliedDocuments.contractOfSale.content.info.contentPointer.id", "contract.pdf", "", "pattern"},
		"signature without id": {movement, "appliedDocuments.contractOfSale.content.signatures[0]", map[string]any{},
			"appliedDocuments.contractOfSale.content.signatures[0].id", "required"},
		"paper's date":        {movement, "appliedDocuments.contractOfSale.issueDate", "2018-5-5", "", "format"},
		"other paper":         {shared, "appliedDocuments.other[0].documentType", "x", "", "enum"},
		"bond without report": {movement, "buyer.individualOwnership.mortgage.evaluationReport", gone{}, "", "required"},

		"no name of a company":   {pledge, bank + ".organization.name", gone{}, "", "required"},
		"inn of 9 digits":        {pledge, bank + ".organization.inn", "666300312", "", "length"},
		"inn of 12 digits":       {pledge, bank + ".organization.inn", "666300312700", "", "length"},
		"kpp of 8 digits":        {pledge, bank + ".organization.kpp", "66085000", "", "length"},
		"no ogrn":                {pledge, bank + ".organization.ogrn", gone{}, "", "required"},
		"no registration date":   {pledge, bank + ".organization.regDate", gone{}, "", "required"},
		"no company address":     {pledge, bank + ".organization.address", gone{}, "", "required"},
		"representative type":    {pledge, bank + ".representative.representativeType", "boss", "", "enum"},
		"representative's snils": {pledge, bank + ".representative.person.snils", "1", "", "pattern"},
		"attorney without type":  {release, bank + ".representative.attorney.type", gone{}, "", "required"},
		"attorney without file":  {release, bank + ".representative.attorney.appliedDocument", gone{}, "", "required"},

		"pledge type":             {pledge, "encumbranceType", "mortgageInLaw", "", "enum"},
		"pledge in shares only":   {pledge, "whoseRightRestricted", map[string]any{"sharedOwnership": map[string]any{}}, "", "choice"},
		"pledge to nobody":        {pledge, "whoUseRestriction", gone{}, "", "required"},
		"pledge to an empty list": {pledge, "whoUseRestriction.encumbrancer", []any{}, "", "minItems"},
		"pledge without papers":   {pledge, "appliedDocuments", gone{}, "", "required"},
		"pledge without contract": {pledge, "appliedDocuments.mortgageAgreement", gone{}, "", "required"},
		"release of a lease":      {release, "encumbranceType", "lease", "", "enum"},
		"release of nothing":      {release, "object", []any{}, "", "minItems"},
		"release, object in an array": {release, "object", []any{map[string]any{"objectType": "flat", "cadastralNumber": "1:1:1:1"}},
			"object[0].address", "required"},
		"release, record": {release, "registrationRecord.number", gone{}, "", "required"},

		"equity, no plots":         {equity, "object", []any{}, "", "minItems"},
		"equity, nothing":          {equity, "object", gone{}, "", "required"},
		"equity, one object":       {equity, "object", map[string]any{}, "", "type"},
		"equity, no developer":     {equity, "developer", gone{}, "", "required"},
		"equity, nobody":           {equity, "developer.developer", gone{}, "", "required"},
		"equity, no permit":        {equity, "developer.appliedDocuments", map[string]any{}, "developer.appliedDocuments.buildAgreement", "required"},
		"equity, no agreement":     {equity, "appliedDocuments.equityAgreement", gone{}, "", "required"},
		"assignment, no objects":   {assignment, "object", []any{}, "", "minItems"},
		"assignment, second type":  {assignment, "object[0].objectType", gone{}, "", "required"},
		"assignment, no seller":    {assignment, "seller", gone{}, "", "required"},
		"assignment, no agreement": {assignment, "appliedDocuments.rightTransferAgreement", gone{}, "", "required"},

		"extra without parent":   {extra, "docflowId", gone{}, "", "required"},
		"extra to a number":      {extra, "docflowId", "15", "", "pattern"},
		"extra of nothing":       {extra, "additionalDocuments", []any{}, "", "minItems"},
		"extra of nobody":        {extra, "additionalDocuments[0].docflowMember", gone{}, "", "required"},
		"extra, no documents":    {extra, "additionalDocuments[0].documents", []any{}, "", "minItems"},
		"action unknown":         {action, "actionType", "stop", "", "enum"},
		"action without parent":  {action, "docflowId", gone{}, "", "required"},
		"action without a cause": {action, "cause", " ", "", "required"},
		"action of nobody":       {action, "docflowMember", []any{}, "", "minItems"},
		"action, paper":          {action, "documents", []any{map[string]any{"documentType": "other"}}, "documents[0].content", "required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := options(t, tc.file)
			set(t, tree, tc.at, tc.value)
			problems := only(checker.Check(examples()[tc.file], tree), schema.Refuse)
			want := tc.want
			if want == "" {
				want = tc.at
			}
			require.NotEmpty(t, problems)
			require.Contains(t, pairs(problems), want+" "+tc.rule)
			for _, p := range problems {
				require.True(t, strings.HasPrefix(p.Path, want) || strings.HasPrefix(want, p.Path), "beside the point: %s", p.Path)
				require.NotEmpty(t, p.MessageRU)
				require.NotContains(t, p.MessageRU, "%!")
				require.NotContains(t, p.MessageRU, "oneOf")
			}
		})
	}
}

func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	tree := options(t, movement)
	set(t, tree, "rightMovementType", gone{})
	set(t, tree, buyer+".snils", "1")
	set(t, tree, buyer+".gender", "")
	set(t, tree, "seller.cooperativeOwnership.spouse1.person.name", gone{})
	problems := only(load(t).Check("right_movement_request", tree), schema.Refuse)
	require.Equal(t, []string{buyer + ".gender required", buyer + ".snils pattern", "rightMovementType required",
		"seller.cooperativeOwnership.spouse1.person.name required"}, pairs(problems))
	require.Equal(t, "1", problems[1].Value)
	require.Nil(t, problems[2].Value)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for name, tc := range map[string]struct {
		file, at string
		value    any
		ru, en   string
	}{
		"number": {extract, "cadastralNumber", "1", "Поле «Кадастровый номер»: неверный вид, нужно: четыре части через двоеточие, например 47:14:1203001:814",
			"cadastralNumber: must be four parts joined by colons, such as 47:14:1203001:814"},
		"object's number": {movement, "object.cadastralNumber", nil, "Не заполнено поле «Кадастровый номер объекта»", "object.cadastralNumber: required"},
		"buyer's snils":   {movement, buyer + ".snils", nil, "Не заполнено поле «СНИЛС покупателя»", buyer + ".snils: required"},
		"gender": {movement, buyer + ".gender", "f", "Поле «Пол покупателя»: недопустимое значение; можно: male (мужчина), female (женщина)",
			buyer + ".gender: must be one of male, female"},
		"spouse": {movement, "seller.cooperativeOwnership.spouse2.person.surname", nil, "Не заполнено поле «Фамилия второго супруга продавца»",
			"seller.cooperativeOwnership.spouse2.person.surname: required"},
		"share": {shared, "buyer.sharedOwnership.shares[1].owner.person.name", nil, "Не заполнено поле «Имя владельца доли 2 покупателя»",
			"buyer.sharedOwnership.shares[1].owner.person.name: required"},
		"inn": {pledge, bank + ".organization.inn", "1", "Поле «ИНН организации залогодержателя»: неверная длина, нужно: 10 символов",
			bank + ".organization.inn: must be 10 characters"},
		"ownership": {movement, "buyer", map[string]any{}, "«Покупатель»: укажите ровно одну форму собственности", "buyer: give exactly one form of ownership"},
		"list":      {shared, "buyer.sharedOwnership.shares", []any{}, "Список «Доли покупателя» пуст", "buyer.sharedOwnership.shares: at least one element is required"},
		"type":      {movement, "buyer", "Иванов", "Поле «Покупатель»: значение не того типа, нужно: группа полей", "buyer: must be object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := options(t, tc.file)
			set(t, tree, tc.at, tc.value)
			problems := only(checker.Check(examples()[tc.file], tree), schema.Refuse)
			require.Len(t, problems, 1)
			require.Equal(t, tc.ru, problems[0].MessageRU)
			require.Equal(t, tc.en, problems[0].MessageEN)
		})
	}
}

func TestCheckTakesAnyGoValue(t *testing.T) {
	t.Parallel()
	checker := load(t)
	type extractOptions struct {
		Type   string `json:"type"`
		Number string `json:"cadastralNumber"`
	}
	for name, value := range map[string]any{
		"map":     map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814"},
		"struct":  extractOptions{"info", "47:14:1203001:814"},
		"pointer": &extractOptions{"info", "47:14:1203001:814"},
		"bytes":   []byte(`{"type":"info","cadastralNumber":"47:14:1203001:814"}`),
		"message": json.RawMessage(`{"type":"info","cadastralNumber":"47:14:1203001:814"}`),
		"strings": map[string]string{"type": "info", "cadastralNumber": "47:14:1203001:814"},
		"padded":  map[string]any{"type": "info", "cadastralNumber": " 47:14:1203001:814 "},
		"nulls":   map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814", "extra": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, checker.Check("object_request", value))
		})
	}
	for name, value := range map[string]any{
		"nothing": nil, "text": "x", "list": []any{}, "broken": []byte("{"), "channel": make(chan int), "null": []byte("null"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := checker.Check("object_request", value)
			require.Len(t, problems, 1)
			require.Equal(t, "type", problems[0].Rule)
			require.True(t, schema.Refused(problems))
		})
	}
}

func TestCheckLeavesTheOptionsAlone(t *testing.T) {
	t.Parallel()
	tree := options(t, movement)
	tree["empty"] = nil
	load(t).Check("right_movement_request", tree)
	require.Contains(t, tree, "empty")
}

// TestTypedOptions checks that what the client's types write is what the schemas want.
func TestTypedOptions(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for file, read := range map[string]func([]byte) (any, error){
		extract:    typed[realty.ObjectRequest],
		movement:   typed[realty.RightMovement],
		shared:     typed[realty.RightMovement],
		joint:      typed[realty.RightMovement],
		equity:     typed[realty.EquityAgreement],
		assignment: typed[realty.RightAssignment],
		pledge:     typed[realty.Encumbrance],
		release:    typed[realty.EncumbranceCessation],
		extra:      typed[realty.AdditionalPackage],
		action:     typed[realty.Action],
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(options(t, file))
			require.NoError(t, err)
			value, err := read(raw)
			require.NoError(t, err)
			for _, p := range checker.Check(examples()[file], value) {
				require.Equal(t, schema.Warn, p.Severity, p.Path)
				if p.Rule == "unknown" {
					require.Equal(t, "object.usagePurpose", p.Path, "a field of ours that the schema does not know")
				}
			}
		})
	}
}

func typed[T any](raw []byte) (any, error) { return realty.ReadOptions[T](raw) }

func TestKindsAreTheClients(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, docflowKind := range realty.Kinds() {
		kinds = append(kinds, string(docflowKind))
	}
	require.Equal(t, kinds, schema.Kinds())
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	problems := load(t).Check("ecumbrance_request", map[string]any{})
	require.Len(t, problems, 1)
	require.Equal(t, "kind", problems[0].Rule)
	require.True(t, schema.Refused(problems))
	_, err := schema.JSON("../common")
	require.ErrorIs(t, err, schema.ErrUnknownKind)
}

func TestSetIsSharedByGoroutines(t *testing.T) {
	t.Parallel()
	checker := load(t)
	var group sync.WaitGroup
	for file, docflowKind := range examples() {
		tree := options(t, file)
		want := pairs(checker.Check(docflowKind, tree))
		for range 4 {
			group.Go(func() {
				if got := pairs(checker.Check(docflowKind, tree)); !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", file, got, want)
				}
			})
		}
	}
	group.Wait()
}

func TestPublishedSchemas(t *testing.T) {
	t.Parallel()
	for _, docflowKind := range schema.Kinds() {
		raw, err := schema.JSON(docflowKind)
		require.NoError(t, err)
		require.True(t, json.Valid(raw))
		require.NotContains(t, string(raw), "common.json")
		var doc struct {
			Schema string `json:"$schema"`
			Title  string `json:"title"`
			Defs   map[string]json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &doc))
		require.Equal(t, "https://json-schema.org/draft/2020-12/schema", doc.Schema)
		require.NotEmpty(t, doc.Title)
	}
}

func BenchmarkCheck(b *testing.B) {
	checker := load(b)
	for _, file := range []string{extract, movement, shared} {
		tree := options(b, file)
		b.Run(file, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checker.Check(examples()[file], tree)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	checker := load(f)
	for file, docflowKind := range examples() {
		raw, err := json.Marshal(options(f, file))
		require.NoError(f, err)
		f.Add(docflowKind, raw)
	}
	f.Fuzz(func(t *testing.T, docflowKind string, raw []byte) {
		for _, p := range checker.Check(docflowKind, raw) {
			if p.MessageRU == "" || p.MessageEN == "" || p.Rule == "" {
				t.Fatalf("a problem without words: %+v", p)
			}
		}
	})
}
