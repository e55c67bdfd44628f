// Package extract reads the key data of an extract from the land register (выписка из ЕГРН) in XML: the object, its
// area and address, who has which right to it, and what encumbers it.
//
// The service's pages say that an extract's files of the types egrn:extract_info:xml and extract_info:xml are XML, of a
// new and of an old format, and nothing more. What is read here is what Rosreestr's published schemas have:
//
//   - of the new format (ЕГРН, since 2017) the roots extract_about_property_*, extract_base_params_* and
//     extract_transfer_rights_property, with an object's record, right_records and restrict_records;
//   - of the old format the roots Extract and Reestr_Extract_Object (ЕГРП) and KPOKS, KVOKS, KPZU and KVZU (кадастр),
//     with ReestrExtract/ExtractObjectRight. Of these no complete example was at hand: what is read of them is the
//     least certain part.
//
// Names of elements are compared without their namespaces, which changed from version to version. What is not there, or
// is called otherwise, stays empty; a document with another root is no error but none that is known. The facts are
// the extract's own: nothing is checked, and a person's data is as sensitive here as in the document.
package extract
