package diadoc

// LegacyMetadata is what a document of an old type has of its own. New types have none.
type LegacyMetadata[S any] struct {
	DocumentStatus S     `json:"DocumentStatus,omitempty"`
	Extra          Extra `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *LegacyMetadata[S]) UnmarshalJSON(raw []byte) error {
	type plain LegacyMetadata[S]
	return readExtra(raw, (*plain)(m), &m.Extra)
}

// MarshalJSON implements json.Marshaler.
func (m LegacyMetadata[S]) MarshalJSON() ([]byte, error) {
	type plain LegacyMetadata[S]
	return writeExtra(plain(m), m.Extra)
}

// LegacyStatus is the status of a document whose type has either the bilateral or the unilateral list of
// statuses; the documentation does not say which.
type LegacyStatus string

// UnmarshalJSON reads a name or a number. A number stays one, since it means another status in each list.
func (s *LegacyStatus) UnmarshalJSON(raw []byte) error { return readEnum(raw, s, nil) }

// MarshalJSON writes a number as a number.
func (s LegacyStatus) MarshalJSON() ([]byte, error) { return writeEnum(string(s)) }

// Bilateral is the status as one of a document that both sides sign; ok is false when it is not one.
func (s LegacyStatus) Bilateral() (status BilateralDocumentStatus, ok bool) {
	return legacyStatus[BilateralDocumentStatus](s, bilateralDocumentStatusValues)
}

// Unilateral is the status as one of a document that only the sender signs; ok is false when it is not one.
func (s LegacyStatus) Unilateral() (status UnilateralDocumentStatus, ok bool) {
	return legacyStatus[UnilateralDocumentStatus](s, unilateralDocumentStatusValues)
}

func legacyStatus[T ~string](s LegacyStatus, values enumeration) (status T, ok bool) {
	raw, err := writeEnum(string(s))
	if err == nil {
		err = readEnum(raw, &status, values)
	}
	return status, err == nil && values.has(string(status))
}
