package schema_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/schema"
)

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

// broken are variants of the docs' examples, each with one thing wrong.
func broken() map[string]breaking {
	return map[string]breaking{
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

		"extra without parent":         {extra, "docflowId", gone{}, "", "required"},
		"extra to a number":            {extra, "docflowId", "15", "", "pattern"},
		"extra of nothing":             {extra, "additionalDocuments", []any{}, "", "minItems"},
		"extra of nobody":              {extra, "additionalDocuments[0].docflowMember", gone{}, "", "required"},
		"extra, no documents":          {extra, "additionalDocuments[0].documents", []any{}, "", "minItems"},
		"action unknown":               {action, "actionType", "stop", "", "enum"},
		"action without parent":        {action, "docflowId", gone{}, "", "required"},
		"action without a cause":       {action, "cause", " ", "", "required"},
		"action of nobody":             {action, "docflowMember", []any{}, "", "minItems"},
		"action, paper":                {action, "documents", []any{map[string]any{"documentType": "other"}}, "documents[0].content", "required"},
		"extract type blank":           {extract, "type", "", "", "required"},
		"extract type as number":       {extract, "type", 1.0, "", "type"},
		"cadastral number of 5 parts":  {extract, "cadastralNumber", "47:14:1203001:814:1", "", "pattern"},
		"cadastral number with blanks": {extract, "cadastralNumber", "47:14:12 03001:814", "", "pattern"},
		"object a list":                {movement, "object", []any{}, "", "type"},
		"object's number of 3 parts":   {movement, "object.cadastralNumber", "54:35:021060", "", "pattern"},
		"object type blank":            {movement, "object.objectType", " ", "", "required"},
		"record's number blank":        {movement, "object.registration", map[string]any{"date": "2001-12-11"}, "object.registration.number", "required"},
		"area without value":           {movement, "object.area.value", gone{}, "", "required"},
		"area in words":                {movement, "object.area.value", true, "", "type"},
		"address of blanks":            {movement, "object.address", map[string]any{"fiasId": " ", "region": ""}, "", "choice"},
		"address a text":               {movement, "object.address", "г Новосибирск", "", "type"},
		"street without name":          {movement, "object.address.street.name", "", "", "required"},
		"district without word":        {movement, "object.address.district", map[string]any{"name": "Ленинский"}, "object.address.district.abbreviation", "required"},
		"building word":                {movement, "object.address.building", map[string]any{"type": "корп", "name": "1"}, "object.address.building.type", "enum"},
		"structure without number":     {movement, "object.address.structure", map[string]any{"type": "стр"}, "object.address.structure.name", "required"},
		"house number as number":       {movement, "object.address.house.name", 14.0, "", "type"},

		"seller a text":                 {movement, "seller", "Иванов", "", "type"},
		"seller's first spouse":         {movement, "seller.cooperativeOwnership.spouse1", gone{}, "", "required"},
		"seller's spouse without snils": {movement, "seller.cooperativeOwnership.spouse1.person.snils", gone{}, "", "required"},
		"seller's share without owner":  {joint, "seller.sharedOwnership.shares[0].owner", gone{}, "", "required"},
		"seller's share of nobody":      {joint, "seller.sharedOwnership.shares[0].owner.person", gone{}, "seller.sharedOwnership.shares[0].owner", "choice"},
		"evidence of unknown kind":      {shared, "seller.evidenceOfOwnership.documents[0].documentType", "testament", "", "enum"},
		"evidence without file":         {shared, "seller.evidenceOfOwnership.documents[0].content", gone{}, "", "required"},
		"buyer's shares not a list":     {shared, "buyer.sharedOwnership.shares", map[string]any{}, "", "type"},
		"share's fraction a text":       {shared, "buyer.sharedOwnership.shares[0].share", "1/2", "", "type"},
		"share's numerator blank":       {shared, "buyer.sharedOwnership.shares[0].share.numerator", " ", "", "required"},
		"buyer's second spouse":         {joint, "buyer.cooperativeOwnership.spouse2", gone{}, "", "required"},
		"marriage without file":         {joint, "buyer.cooperativeOwnership.marriageCertificate.content", gone{}, "", "required"},
		"loan of unknown kind":          {movement, "buyer.individualOwnership.mortgage.loanAgreement.documentType", "loan", "", "enum"},
		"bond without file":             {movement, "buyer.individualOwnership.mortgage.mortgage.content", gone{}, "", "required"},
		"bank's attorney without kind":  {movement, "buyer.individualOwnership.mortgage.powerOfAttorneyBankRepresentative.documentType", gone{}, "", "required"},
		"passport date reversed":        {movement, buyer + ".identityDocument.issueDate", "01.01.2017", "", "format"},
		"passport number blank":         {movement, buyer + ".identityDocument.number", "  ", "", "required"},
		"snils as number":               {movement, buyer + ".snils", 11223344595.0, "", "type"},
		"person with two first names":   {movement, buyer + ".name", []any{"А", "Б"}, "", "type"},
		"representative without kind":   {pledge, bank + ".representative.representativeType", gone{}, "", "required"},
		"other paper without kind":      {shared, "appliedDocuments.other[0].documentType", gone{}, "", "required"},
		"other papers a group":          {shared, "appliedDocuments.other", map[string]any{}, "", "type"},
		"paper issuer's code":           {shared, "appliedDocuments.contractOfSale.issuer.code", "54-0021", "", "pattern"},
		"file without pointer":          {movement, "appliedDocuments.contractOfSale.content.info.contentPointer", gone{}, "", "required"},
		"file with no pointers":         {movement, "appliedDocuments.contractOfSale.content.info.contentPointer", []any{}, "", "minItems"},
		"signatures a group":            {movement, "appliedDocuments.contractOfSale.content.signatures", map[string]any{}, "", "type"},

		"inn blank":                      {pledge, bank + ".organization.inn", "", "", "required"},
		"inn as number":                  {pledge, bank + ".organization.inn", 6663003127.0, "", "type"},
		"kpp of 10 digits":               {pledge, bank + ".organization.kpp", "6608500011", "", "length"},
		"ogrn blank":                     {pledge, bank + ".organization.ogrn", " ", "", "required"},
		"registration date reversed":     {pledge, bank + ".organization.regDate", "01.01.2001", "", "format"},
		"representative nobody":          {pledge, bank + ".representative.person", gone{}, "", "required"},
		"attorney's file without format": {release, bank + ".representative.attorney.appliedDocument.info.type", gone{}, "", "required"},
		"attorney's file as a picture":   {release, bank + ".representative.attorney.appliedDocument.info.type", "jpg", "", "enum"},
		"owner of the pledged right":     {pledge, "whoseRightRestricted.individualOwnership.owner", gone{}, "", "required"},
		"nobody's right pledged":         {pledge, "whoseRightRestricted", gone{}, "", "required"},
		"two forms of a pledged right": {pledge, "whoseRightRestricted.cooperativeOwnership", map[string]any{},
			"whoseRightRestricted", "choice"},
		"pledge of nothing":          {pledge, "object", gone{}, "", "required"},
		"pledge of no kind":          {pledge, "encumbranceType", gone{}, "", "required"},
		"release of no kind":         {release, "encumbranceType", "", "", "required"},
		"release, nobody's right":    {release, "whoseRightRestricted", gone{}, "", "required"},
		"release for an empty list":  {release, "whoUseRestriction.encumbrancer", []any{}, "", "minItems"},
		"release, record's date":     {release, "registrationRecord.date", "2001", "", "format"},
		"release, other paper":       {release, "appliedDocuments", map[string]any{"other": []any{map[string]any{"documentType": "other"}}}, "appliedDocuments.other[0].content", "required"},
		"equity, plot's number":      {equity, "object[0].cadastralNumber", gone{}, "", "required"},
		"equity, plot's address":     {equity, "object[0].address", gone{}, "", "required"},
		"equity, developer alone":    {equity, "developer.developer.representative", gone{}, "", "required"},
		"equity, developer's kpp":    {equity, "developer.developer.organization.kpp", gone{}, "", "required"},
		"equity, no buyer":           {equity, "buyer", gone{}, "", "required"},
		"equity, no papers":          {equity, "appliedDocuments", gone{}, "", "required"},
		"assignment, one object":     {assignment, "object", map[string]any{}, "", "type"},
		"assignment, no buyer":       {assignment, "buyer", map[string]any{}, "", "choice"},
		"assignment, no papers":      {assignment, "appliedDocuments", gone{}, "", "required"},
		"extra, paper without file":  {extra, "additionalDocuments[0].documents[0].content", gone{}, "", "required"},
		"extra of nothing at all":    {extra, "additionalDocuments", gone{}, "", "required"},
		"extra of a member unnamed":  {extra, "additionalDocuments[0].docflowMember", map[string]any{}, "", "choice"},
		"action without kind":        {action, "actionType", gone{}, "", "required"},
		"action to a number":         {action, "docflowId", "12", "", "pattern"},
		"action, cause left out":     {action, "cause", gone{}, "", "required"},
		"action, nobody named":       {action, "docflowMember[0]", map[string]any{}, "", "choice"},
		"action, member's documents": {action, "docflowMember[0].person.identityDocument", gone{}, "", "required"},
	}
}

// TestRefuse: each variant is refused where it is wrong and nowhere else. What people read is in
// testdata/refuse.golden.
func TestRefuse(t *testing.T) {
	t.Parallel()
	checker := load(t)
	cases := broken()
	require.GreaterOrEqual(t, len(cases), 150)
	var all bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		tc := cases[name]
		tree := options(t, tc.file)
		set(t, tree, tc.at, tc.value)
		problems := only(checker.Check(examples()[tc.file], tree), schema.Refuse)
		want := or(tc.want, tc.at)
		require.Contains(t, pairs(problems), want+" "+tc.rule, name)
		fmt.Fprintf(&all, "%s: %s\n", tc.file, name)
		for _, p := range problems {
			require.True(t, strings.HasPrefix(p.Path, want) || strings.HasPrefix(want, p.Path), "%s: beside the point: %s", name, p.Path)
			fmt.Fprintf(&all, "\t%s %s\n\t%s\n", p.Path, p.Rule, p.MessageRU)
		}
	}
	golden(t, "testdata/refuse.golden", all.Bytes())
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, file string, made []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, made, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(made))
}
