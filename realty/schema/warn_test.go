package schema_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/schema"
)

func TestWarn(t *testing.T) {
	t.Parallel()
	checker := load(t)
	plot := map[string]any{"cadastralNumber": "54:35:021060:1733", "address": map[string]any{"fiasId": "a6e699e0-c0c7-4126-88ca-88e6fbc98992"}}
	cases := map[string]breaking{
		"cadastral number, short quarter": {extract, "cadastralNumber", "47:14:12:814", "", "cadastralFormat"},
		"cadastral number, letters":       {extract, "cadastralNumber", "47:14:1203001:814а", "", "cadastralFormat"},
		"snils check digits":              {movement, buyer + ".snils", "112-233-445 96", "", "checkDigit"},
		"inn check digit":                 {pledge, bank + ".organization.inn", "6663003128", "", "checkDigit"},
		"inn of letters":                  {pledge, bank + ".organization.inn", "66630O3127", "", "checkDigit"},
		"ogrn check digit":                {pledge, bank + ".organization.ogrn", "1026605606621", "", "checkDigit"},
		"ogrn length":                     {pledge, bank + ".organization.ogrn", "10266056066", "", "unusual"},
		"series of 5 digits":              {movement, buyer + ".identityDocument.series", "12345", "", "series"},
		"no series":                       {movement, buyer + ".identityDocument.series", gone{}, "", "series"},
		"birth is issue":                  {movement, buyer + ".dateBirth", "2001-02-02", buyer + ".identityDocument.issueDate", "dates"},
		"object type":                     {movement, "object.objectType", "building", "", "unusual"},
		"usage purpose":                   {movement, "object.usagePurpose", "office", "", "unknown"},
		"latin hectare":                   {movement, "object.area.unit", "гa", "", "alias"},
		"benefit alias":                   {movement, owner + ".benefitCategory", "ussrHero", "", "alias"},
		"slip in a name":                  {movement, buyer + ".patronimic", "Иванович", "", "unknown"},
		"unknown branch":                  {movement, "additional.deep.deeper", 1, "additional", "unknown"},
		"house missing":                   {movement, "object.address.house", gone{}, "object.address", "house"},
		"fias is no guid":                 {movement, "object.address.fiasId", "54", "", "guid"},
		"city under type":                 {movement, "object.address.city", map[string]any{"type": "г", "name": "Новосибирск"}, "object.address.city.type", "alias"},
		"mortgage without loan":           {movement, "buyer.individualOwnership.mortgage.loanAgreement", gone{}, "", "required"},
		"mortgage for shares":             {shared, "buyer.sharedOwnership.mortgage", map[string]any{}, "", "unknown"},
		"paper under another name":        {movement, "appliedDocuments.contractOfSale.documentType", "other", "", "documentType"},
		"unsigned paper":                  {movement, "appliedDocuments.contractOfSale.content.signatures", []any{}, "", "signatures"},
		"paper without details":           {pledge, "appliedDocuments.mortgageAgreement.note", "", "appliedDocuments.mortgageAgreement", "details"},
		"two files":                       {movement, "appliedDocuments.contractOfSale.content.info.contentPointer", []any{pointer(), pointer()}, "", "several"},
		"confidant without attorney":      {release, bank + ".representative.attorney", gone{}, "", "attorney"},
		"authorized with attorney":        {release, bank + ".representative.representativeType", "authorized", bank + ".representative.attorney", "attorney"},
		"attorney type":                   {release, bank + ".representative.attorney.type", "letter", "", "unusual"},
		"attorney unsigned":               {release, bank + ".representative.attorney.appliedDocument.signatures", gone{}, "", "signatures"},
		"shares over one":                 {shared, "buyer.sharedOwnership.shares[0].share.denominator", "1", "buyer.sharedOwnership.shares", "shareSum"},
		"share of zero":                   {shared, "buyer.sharedOwnership.shares[0].share.denominator", "0", "buyer.sharedOwnership.shares[0].share", "share"},
		"share in words":                  {shared, "buyer.sharedOwnership.shares[0].share.numerator", "one", "buyer.sharedOwnership.shares[0].share", "share"},
		"one couple":                      {joint, "buyer.cooperativeOwnership.spouse2.person.snils", "11223344595", "", "duplicate"},
		"one company on two sides":        {assignment, "buyer.cooperativeOwnership.spouse1", company(), "seller.individualOwnership.owner.organization.inn", "duplicate"},
		"a right from before 1998":        {movement, "object.registration.date", "1997-05-06", "seller.evidenceOfOwnership", "evidence"},
		"plot without type":               {equity, "object[0].objectType", gone{}, "", "required"},
		"release for nobody":              {release, "whoUseRestriction", gone{}, "", "required"},
		"release, empty papers":           {release, "appliedDocuments.x", "y", "", "unknown"},
		"pledge of two objects":           {pledge, "object", []any{with(plot, "objectType", "flat"), with(plot, "objectType", "landPlot")}, "", "several"},
		"evidence in an assignment":       {assignment, "seller.evidenceOfOwnership", map[string]any{}, "", "unknown"},
	}
	var all bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		tc := cases[name]
		tree := options(t, tc.file)
		if name == "one couple" {
			set(t, tree, "buyer.cooperativeOwnership.spouse1.person.snils", "112-233-445 95")
		}
		if name == "birth is issue" {
			set(t, tree, buyer+".identityDocument.issueDate", "2001-02-02")
		}
		before := pairs(checker.Check(examples()[tc.file], tree))
		set(t, tree, tc.at, tc.value)
		problems := checker.Check(examples()[tc.file], tree)
		require.Empty(t, pairs(only(problems, schema.Refuse)), name)
		require.Contains(t, pairs(problems), or(tc.want, tc.at)+" "+tc.rule, name)
		fmt.Fprintf(&all, "%s: %s\n", tc.file, name)
		for _, p := range problems {
			if !slices.Contains(before, p.Path+" "+p.Rule) {
				fmt.Fprintf(&all, "\t%s %s\n\t%s\n", p.Path, p.Rule, p.MessageRU)
			}
		}
	}
	golden(t, "testdata/warn.golden", all.Bytes())
}

// company is the seller of the printed assignment.
func company() map[string]any {
	person := map[string]any{"name": "Т", "surname": "Т", "dateBirth": "1990-01-01", "birthPlace": "Т", "snils": "112-233-445 95", "gender": "male",
		"citizenship": "РФ", "address": map[string]any{"region": "Т"}, "identityDocument": map[string]any{"documentType": "vul", "number": "1",
			"issueDate": "2010-01-01", "issuer": map[string]any{"name": "Т"}}}
	return map[string]any{
		"organization": map[string]any{"name": "Т", "inn": "7017096688", "kpp": "701701001", "ogrn": "5137746242937", "regDate": "2018-09-04",
			"address": map[string]any{"region": "Т"}},
		"representative": map[string]any{"representativeType": "authorized", "person": person}}
}

func pointer() map[string]any {
	return map[string]any{"id": "a6e699e0-c0c7-4126-88ca-88e6fbc98992"}
}

func with(fields map[string]any, key string, value any) map[string]any {
	copied := map[string]any{key: value}
	for name, old := range fields {
		copied[name] = old
	}
	return copied
}

// TestGood changes examples into forms that are as good and bring no word at the changed place.
func TestGood(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for name, tc := range map[string]breaking{
		"foreign passport":       {movement, buyer + ".identityDocument", foreign(), "", ""},
		"snils without hyphens":  {movement, buyer + ".snils", "11223344595", "", ""},
		"snils too old to check": {movement, buyer + ".snils", "001-001-998 77", "", ""},
		"issuer without code":    {movement, buyer + ".identityDocument.issuer.code", gone{}, "", ""},
		"code without hyphen":    {movement, buyer + ".identityDocument.issuer.code", "000005", "", ""},
		"kpp with letters":       {pledge, bank + ".organization.kpp", "6608AB001", "", ""},
		"one holder":             {pledge, "whoUseRestriction.encumbrancer", nil, "", ""},
		"shares of numbers":      {shared, "buyer.sharedOwnership.shares[0].share", map[string]any{"numerator": 1, "denominator": 2}, "", ""},
		"shares of old names":    {shared, "buyer.sharedOwnership.shares[0].share", map[string]any{"denominator": "1", "denumerator": "2"}, "", ""},
		"release, object array":  {release, "object", nil, "", ""},
		"release in law":         {release, "encumbranceType", "mortgageInLaw", "", ""},
		"building for a house":   {movement, "object.address", map[string]any{"region": "Москва", "building": map[string]any{"type": "к", "name": "2"}}, "", ""},
		"village":                {movement, "object.address.fiasId", "a6e699e0-c0c7-4126-88ca-88e6fbc98992", "", ""},
		"action with document":   {action, "document", map[string]any{"documentType": "other", "number": "1", "content": signed()}, "", ""},
		"extra of one":           {extra, "additionalDocuments", nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := options(t, tc.file)
			value := tc.value
			switch name {
			case "one holder":
				value = get(t, tree, bank)
			case "release, object array":
				value = []any{get(t, tree, "object")}
			case "extra of one":
				value = get(t, tree, "additionalDocuments[0]")
			}
			before := pairs(checker.Check(examples()[tc.file], tree))
			set(t, tree, tc.at, value)
			for _, p := range checker.Check(examples()[tc.file], tree) {
				require.NotEqual(t, schema.Refuse, p.Severity, p.Path)
				moved := strings.NewReplacer("encumbrancer.", "encumbrancer[0].", "object[0]", "object", "additionalDocuments.", "additionalDocuments[0].")
				require.Contains(t, before, moved.Replace(p.Path)+" "+p.Rule)
			}
		})
	}
}

func signed() map[string]any {
	return map[string]any{"info": map[string]any{"type": "pdf", "contentPointer": pointer()}, "signatures": []any{pointer()}}
}

func foreign() map[string]any {
	return map[string]any{"documentType": "inostrannyyPassport", "series": "AB", "number": "1", "issueDate": "2010-01-01",
		"issuer": map[string]any{"name": "MFA"}}
}
