package diadocsim

import "strings"

// contract is the simplified schema of what GenerateTitleXml takes for a title of order 970, as far as a usual
// document needs it: what is required, the choices, the closed lists and the forms of values are those of the
// service's schemas ON_NSCHFDOPPR_UserContract_970_05_02_01 and ON_NSCHFDOPPOK_UserContract_970_05_02_01; parts that
// few documents have (shippers, payments, marks, tracing, state contracts) are left out. ok is false for other titles.
func contract(version, index string) (schema string, ok bool) {
	if !strings.HasPrefix(version, "utd970") {
		return "", false
	}
	root := senderContract
	if index == "1" {
		root = recipientContract
	}
	return `<?xml version="1.0" encoding="utf-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` + root + contractTypes + `</xs:schema>`, true
}

const senderContract = `
<xs:element name="UniversalTransferDocument"><xs:complexType>
  <xs:all>
    <xs:element name="Sellers"><xs:complexType><xs:sequence><xs:element name="Seller" type="Organization" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="Buyers"><xs:complexType><xs:sequence><xs:element name="Buyer" type="Organization" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="Signers" type="Signers"/>
    <xs:element name="Table" minOccurs="0" type="Table"/>
    <xs:element name="TransferInfo" minOccurs="0"><xs:complexType>
      <xs:all><xs:element name="TransferBases" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="TransferBase" type="Requisites" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element></xs:all>
      <xs:attribute name="OperationInfo" type="string255" use="required"/><xs:attribute name="OperationType" type="string255"/><xs:attribute name="TransferDate" type="date"/>
    </xs:complexType></xs:element>
  </xs:all>
  <xs:attribute name="Function" use="required"><xs:simpleType><xs:restriction base="xs:string">
    <xs:enumeration value="СЧФ"/><xs:enumeration value="ДОП"/><xs:enumeration value="СЧФДОП"/><xs:enumeration value="СвРК"/><xs:enumeration value="СвЗК"/></xs:restriction></xs:simpleType></xs:attribute>
  <xs:attribute name="DocumentName" type="string255"/><xs:attribute name="DocumentCreator" type="string1000"/>
  <xs:attribute name="DocumentDate" type="date" use="required"/><xs:attribute name="DocumentNumber" type="string1000" use="required"/>
  <xs:attribute name="Currency" use="required"><xs:simpleType><xs:restriction base="xs:string"><xs:length value="3"/><xs:pattern value="[0-9]{3}"/></xs:restriction></xs:simpleType></xs:attribute>
</xs:complexType></xs:element>
<xs:complexType name="Organization"><xs:choice>
  <xs:element name="OrganizationDetails"><xs:complexType><xs:attribute name="OrgName" type="string1000" use="required"/>
    <xs:attribute name="OrgType" use="required"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="1"/><xs:enumeration value="2"/><xs:enumeration value="3"/><xs:enumeration value="4"/></xs:restriction></xs:simpleType></xs:attribute>
    <xs:attribute name="Inn"/><xs:attribute name="Kpp"/></xs:complexType></xs:element>
  <xs:element name="OrganizationReference"><xs:complexType><xs:attribute name="BoxId" type="guid" use="required"/></xs:complexType></xs:element>
</xs:choice></xs:complexType>
<xs:complexType name="Table">
  <xs:sequence><xs:element name="Item" maxOccurs="unbounded"><xs:complexType>
    <xs:attribute name="Product"/><xs:attribute name="Unit"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[0-9]{3}"/><xs:pattern value="[0-9]{4}"/></xs:restriction></xs:simpleType></xs:attribute>
    <xs:attribute name="UnitName" type="string255"/>
    <xs:attribute name="Quantity" type="amount"/><xs:attribute name="Price" type="amount"/>
    <xs:attribute name="TaxRate" use="required"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="NoVat"/><xs:enumeration value="ZeroPercent"/><xs:enumeration value="TenPercent"/><xs:enumeration value="TwentyPercent"/><xs:enumeration value="TenFraction"/><xs:enumeration value="TwentyFraction"/><xs:enumeration value="TaxedByAgent"/></xs:restriction></xs:simpleType></xs:attribute>
    <xs:attribute name="SubtotalWithVatExcluded" type="money"/><xs:attribute name="Vat" type="money"/><xs:attribute name="WithoutVat" type="flag"/><xs:attribute name="Subtotal" type="money"/>
  </xs:complexType></xs:element></xs:sequence>
  <xs:attribute name="TotalWithVatExcluded" type="money"/><xs:attribute name="Vat" type="money"/><xs:attribute name="WithoutVat" type="flag"/><xs:attribute name="Total" type="money"/>
</xs:complexType>
<xs:complexType name="Requisites"><xs:attribute name="DocumentName" type="string255" use="required"/><xs:attribute name="DocumentNumber" type="string255" use="required"/><xs:attribute name="DocumentDate" type="date" use="required"/></xs:complexType>`

const recipientContract = `
<xs:element name="UniversalTransferDocumentBuyerTitle"><xs:complexType>
  <xs:all>
    <xs:element name="ContentOperCode"><xs:complexType><xs:attribute name="TotalCode" use="required"/></xs:complexType></xs:element>
    <xs:element name="Signers" type="Signers"/>
  </xs:all>
  <xs:attribute name="DocumentCreator" type="string1000"/><xs:attribute name="OperationContent" type="string255"/><xs:attribute name="AcceptanceDate" type="date" use="required"/>
</xs:complexType></xs:element>`

const contractTypes = `
<xs:complexType name="Signers"><xs:sequence><xs:element name="Signer" maxOccurs="unbounded"><xs:complexType>
  <xs:sequence>
    <xs:element name="Certificate" minOccurs="0"><xs:complexType><xs:attribute name="CertificateThumbprint"/><xs:attribute name="CertificateBytes"/></xs:complexType></xs:element>
    <xs:element name="Fio" minOccurs="0"><xs:complexType><xs:attribute name="LastName" use="required"/><xs:attribute name="FirstName" use="required"/><xs:attribute name="MiddleName"/></xs:complexType></xs:element>
    <xs:element name="Position" minOccurs="0"><xs:complexType><xs:simpleContent><xs:extension base="string255"><xs:attribute name="PositionSource" use="required"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="Employee"/><xs:enumeration value="Certificate"/><xs:enumeration value="StorageByTitleTypeId"/><xs:enumeration value="Manual"/></xs:restriction></xs:simpleType></xs:attribute></xs:extension></xs:simpleContent></xs:complexType></xs:element>
  </xs:sequence>
  <xs:attribute name="SignerPowersConfirmationMethod"><xs:simpleType><xs:restriction base="xs:string"><xs:length value="1"/><xs:pattern value="[1-6]"/></xs:restriction></xs:simpleType></xs:attribute>
</xs:complexType></xs:element></xs:sequence></xs:complexType>
<xs:simpleType name="string255"><xs:restriction base="xs:string"><xs:maxLength value="255"/></xs:restriction></xs:simpleType>
<xs:simpleType name="string1000"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="1000"/></xs:restriction></xs:simpleType>
<xs:simpleType name="guid"><xs:restriction base="xs:string"><xs:length value="36"/></xs:restriction></xs:simpleType>
<xs:simpleType name="date"><xs:restriction base="xs:string"><xs:length value="10"/><xs:pattern value="[0-3][0-9]\.[01][0-9]\.(18|19|20)[0-9]{2}"/></xs:restriction></xs:simpleType>
<xs:simpleType name="flag"><xs:restriction base="xs:string"><xs:enumeration value="true"/><xs:enumeration value="false"/></xs:restriction></xs:simpleType>
<xs:simpleType name="money"><xs:restriction base="xs:decimal"><xs:totalDigits value="19"/><xs:fractionDigits value="2"/><xs:minInclusive value="0"/></xs:restriction></xs:simpleType>
<xs:simpleType name="amount"><xs:restriction base="xs:decimal"><xs:totalDigits value="26"/><xs:fractionDigits value="11"/><xs:minExclusive value="0"/></xs:restriction></xs:simpleType>`
