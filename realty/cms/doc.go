// Package cms reads detached signatures (CMS, RFC 5652, once called PKCS #7): who signed, when, and whether the
// signature is over this very file.
//
// What is checked is the hash of the file that the signer has signed, by [Check]. The signature's own value, the
// certificate's chain and its revocation are NOT verified: that needs ГОСТ Р 34.10-2012 and the trust of an accredited
// authority, and the service that takes the signature does it. A match says that the signature belongs to the file, not
// that it is valid.
//
// DER is read, and BER as far as signing programs use it (indefinite lengths, octet strings in pieces), bare, in
// base64, or in PEM.
package cms
