package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
)

// files reads a file parameter: links or ids as a robot or a trigger gives files, or the name of the
// card's file field, which is all that a webhook's text can carry. An id is looked for in the card.
func (r *runner) files(ctx context.Context, b24 *bitrix.Client, c *call, param string) ([]bitrix.FileRef, error) {
	return r.filesOf(ctx, b24, c.Card, param, c.Properties.All(param))
}

// filesOf reads values of a file parameter.
func (r *runner) filesOf(ctx context.Context, b24 *bitrix.Client, card docflow.Card, param string, values []string) ([]bitrix.FileRef, error) {
	var (
		refs []bitrix.FileRef
		item bitrix.Item
		err  error
	)
	for _, value := range values {
		ref, parsed := bitrix.ParseFileValue(value)
		named := strings.HasPrefix(value, "UF_")
		if !named && parsed != nil {
			return nil, invalid([]string{fmt.Sprintf("%s: «%s» не файл. Укажите в роботе поле карточки с файлами", param, value)})
		}
		if item == nil && (named || ref.Link == "") {
			if item, err = b24.ItemGet(ctx, bitrix.EntityTypeID(card.EntityType), bitrix.ID(card.ID)); err != nil {
				return nil, err
			}
		}
		switch {
		case named:
			refs = append(refs, item.Files(value)...)
		case ref.Link == "":
			found, ok := fileOf(item, ref.ID)
			if !ok {
				return nil, invalid([]string{fmt.Sprintf("%s: файл %d не найден в карточке. Приложите его заново", param, ref.ID)})
			}
			refs = append(refs, found)
		default:
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// fileOf finds a file with a link in any field of a card.
func fileOf(item bitrix.Item, id bitrix.ID) (bitrix.FileRef, bool) {
	for name := range item {
		for _, f := range item.Files(name) {
			if f.ID == id && f.Link != "" {
				return f, true
			}
		}
	}
	return bitrix.FileRef{}, false
}
