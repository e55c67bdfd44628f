package mapping

import "errors"

// said is an error in both languages; what fails while a card is rendered is read by people.
type said struct{ ru, en string }

// Error gives the English text.
func (s *said) Error() string { return s.en }

func say(ru, en string) error { return &said{ru, en} }

// inRussian is an error's Russian text, or the English one where it has none.
func inRussian(err error) string {
	if s, ok := errors.AsType[*said](err); ok {
		return s.ru
	}
	return err.Error()
}
