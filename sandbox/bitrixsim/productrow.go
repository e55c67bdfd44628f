package bitrixsim

import (
	"fmt"
	"math"
	"slices"
)

// productRow is one row of the products of a card.
type productRow struct {
	id, product, discountType, measure, sort int
	owner                                    *cardType
	ownerID                                  int
	name                                     string
	price, quantity, discount                float64 // discount is the rate in percent
	discountSum                              float64
	tax                                      *float64
	taxIncluded                              bool
}

func productMethods() map[string]method {
	out := map[string]method{}
	for verb, run := range map[string]func(*call) (any, *restError){
		"list": productList, "get": productGet, "add": productAdd, "update": productUpdate, "delete": productDelete, "set": productSet,
		"fields": productFields,
	} {
		out["crm.item.productrow."+verb] = method{scope: "crm", run: run}
	}
	return out
}

// ofShort finds the type of a short prefix: D, T80.
func (p *Portal) ofShort(prefix string) *cardType {
	for _, t := range p.types {
		if t.short() == upper(prefix) {
			return t
		}
	}
	return nil
}

// productOwner resolves ownerType and ownerId; writing tells whether the right to change is needed.
func (c *call) productOwner(kind, id any, writing bool) (*cardType, *item, *restError) {
	if str(kind) == "" || str(id) == "" {
		return nil, nil, bad("100", "Could not find value for parameter {ownerId}")
	}
	t := c.p.ofShort(str(kind))
	if t == nil || t.id == Contact || t.id == Company {
		return nil, nil, bad("ENTITY_TYPE_NOT_SUPPORTED", "Working with this type of objects is not supported")
	}
	it := t.items[intOf(id)]
	if it == nil {
		return nil, nil, bad("OWNER_NOT_FOUND", "Owner was not found")
	}
	if !c.user.sees(t.id, it.id) || writing && !c.user.changes(t.id, it.id) {
		return nil, nil, bad("ACCESS_DENIED", "Access denied")
	}
	return t, it, nil
}

// read takes posted fields of a row over.
func (r *productRow) read(fields *array) {
	number := func(name string, into *float64) {
		if raw, given := fields.lookup(name); given {
			v, _ := scalar(&fieldDef{typ: "double"}, raw)
			*into, _ = v.(float64)
		}
	}
	whole := func(name string, into *int) {
		if raw, given := fields.lookup(name); given {
			*into = intOf(raw)
		}
	}
	number("price", &r.price)
	number("quantity", &r.quantity)
	number("discountRate", &r.discount)
	number("discountSum", &r.discountSum)
	whole("productId", &r.product)
	whole("discountTypeId", &r.discountType)
	whole("measureCode", &r.measure)
	whole("sort", &r.sort)
	if raw, given := fields.lookup("taxRate"); given {
		r.tax = nil
		if str(raw) != "" {
			r.tax = new(float64)
			number("taxRate", r.tax)
		}
	}
	if raw, given := fields.lookup("productName"); given {
		r.name = str(raw)
	}
	if raw, given := fields.lookup("taxIncluded"); given {
		r.taxIncluded = yes(raw)
	}
}

// render computes the prices beside the one that is kept: price has the discount and the tax in it.
func (r *productRow) render() map[string]any {
	cents := func(v float64) float64 { return math.Round(v*100) / 100 }
	rate := 0.0
	var tax any
	if r.tax != nil {
		rate, tax = *r.tax, *r.tax
	}
	exclusive := r.price / (1 + rate/100)
	netto := exclusive + r.discountSum
	if r.discountType == 2 && r.discount < 100 {
		netto = exclusive / (1 - r.discount/100)
	}
	return map[string]any{
		"id": r.id, "ownerId": r.ownerID, "ownerType": r.owner.short(), "productId": r.product, "productName": r.name, "price": r.price,
		"priceAccount": r.price, "priceExclusive": cents(exclusive), "priceNetto": cents(netto), "priceBrutto": cents(netto * (1 + rate/100)),
		"quantity": r.quantity, "discountTypeId": r.discountType, "discountRate": r.discount, "discountSum": cents(netto - exclusive),
		"taxRate": tax, "taxIncluded": flag(r.taxIncluded), "customized": "Y", "measureCode": r.measure, "measureName": "шт", "sort": r.sort,
		"xmlId": "", "type": 4,
	}
}

func (c *call) newRow(t *cardType, id int, fields *array) *productRow {
	r := &productRow{id: c.p.nextID("product row", 17647), owner: t, ownerID: id, quantity: 1, discountType: 2, measure: 796}
	r.read(fields)
	return r
}

// sumUp recounts the amount of a card, unless people count it by hand.
func (c *call) sumUp(t *cardType, it *item) *restError {
	if it.vals["IS_MANUAL_OPPORTUNITY"] == "Y" {
		return nil
	}
	total := 0.0
	for _, r := range c.p.products {
		if r.owner == t && r.ownerID == it.id {
			total += r.price * r.quantity
		}
	}
	return c.p.update(t, it, map[string]any{"OPPORTUNITY": total}, c.actor())
}

// productList wants ownerType and ownerId in its filter.
func productList(c *call) (any, *restError) {
	filter := asArray(c.params.get("filter"))
	var owner, id any
	for _, key := range keysOf(filter) {
		switch op, name := splitOperator(key); {
		case op == "=" && name == "ownerType":
			owner = filter.vals[key]
		case op == "=" && name == "ownerId":
			id = filter.vals[key]
		}
	}
	t, it, err := c.productOwner(owner, id, false)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, r := range c.p.products {
		if r.owner == t && r.ownerID == it.id {
			all = append(all, r.render())
		}
	}
	all, err = selectRows(c, all, "id")
	if err != nil {
		return nil, err
	}
	return map[string]any{"productRows": all}, nil
}

// productSet replaces all rows of a card.
func productSet(c *call) (any, *restError) {
	t, it, err := c.productOwner(c.params.get("ownerType"), c.params.get("ownerId"), true)
	if err != nil {
		return nil, err
	}
	posted := asArray(c.params.get("productRows"))
	if posted == nil && str(c.params.get("productRows")) != "" || !c.params.has("productRows") {
		return nil, bad("100", "Could not find value for parameter {productRows}")
	}
	c.p.products = slices.DeleteFunc(c.p.products, func(r *productRow) bool { return r.owner == t && r.ownerID == it.id })
	out := []any{}
	for _, e := range posted.values() {
		r := c.newRow(t, it.id, asArray(e))
		c.p.products = append(c.p.products, r)
		out = append(out, r.render())
	}
	if err := c.sumUp(t, it); err != nil {
		return nil, err
	}
	return map[string]any{"productRows": out}, nil
}

func productAdd(c *call) (any, *restError) {
	fields, err := c.postedFields()
	if err != nil {
		return nil, err
	}
	t, it, err := c.productOwner(fields.get("ownerType"), fields.get("ownerId"), true)
	if err != nil {
		return nil, err
	}
	r := c.newRow(t, it.id, fields)
	c.p.products = append(c.p.products, r)
	if err := c.sumUp(t, it); err != nil {
		return nil, err
	}
	return map[string]any{"productRow": r.render()}, nil
}

// product finds the row of the id parameter with its card.
func (c *call) product(writing bool) (*productRow, *item, *restError) {
	if !c.params.has("id") {
		return nil, nil, bad("100", "Could not find value for parameter {id}")
	}
	i := slices.IndexFunc(c.p.products, func(r *productRow) bool { return r.id == intOf(c.params.get("id")) })
	if i < 0 {
		return nil, nil, notFound("Product row was not found")
	}
	r := c.p.products[i]
	_, it, err := c.productOwner(r.owner.short(), itoa(r.ownerID), writing)
	return r, it, err
}

func productGet(c *call) (any, *restError) {
	r, _, err := c.product(false)
	if err != nil {
		return nil, err
	}
	return map[string]any{"productRow": r.render()}, nil
}

func productUpdate(c *call) (any, *restError) {
	r, it, err := c.product(true)
	if err != nil {
		return nil, err
	}
	fields, err := c.postedFields()
	if err != nil {
		return nil, err
	}
	r.read(fields)
	if err := c.sumUp(r.owner, it); err != nil {
		return nil, err
	}
	return map[string]any{"productRow": r.render()}, nil
}

func productDelete(c *call) (any, *restError) {
	r, it, err := c.product(true)
	if err != nil {
		return nil, err
	}
	c.p.products = slices.DeleteFunc(c.p.products, func(have *productRow) bool { return have == r })
	if err := c.sumUp(r.owner, it); err != nil {
		return nil, err
	}
	return nil, nil
}

func productFields(*call) (any, *restError) {
	return map[string]any{"fields": plainFields("id integer r", "ownerId integer *i", "ownerType string *i", "productId integer", "productName string",
		"price double", "priceAccount double r", "priceExclusive double r", "priceNetto double r", "priceBrutto double r", "quantity double",
		"discountTypeId integer", "discountRate double", "discountSum double", "taxRate double", "taxIncluded boolean", "customized boolean r",
		"measureCode integer", "measureName string r", "sort integer", "xmlId string r", "type integer r")}, nil
}

// Product is a row of the products of a card, given to SetProducts.
type Product struct {
	Name            string
	Price, Quantity float64  // the price with discount and tax
	Tax             *float64 // percent; nil: none
}

// SetProducts makes the products of a card these, as a person does in the card.
func (p *Portal) SetProducts(entityTypeID, id int, products ...Product) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	defer p.s.notify()
	t := p.types[entityTypeID]
	if t == nil || t.items[id] == nil {
		return fmt.Errorf("bitrixsim: no card %d of type %d", id, entityTypeID)
	}
	p.products = slices.DeleteFunc(p.products, func(r *productRow) bool { return r.owner == t && r.ownerID == id })
	for _, one := range products {
		p.products = append(p.products, &productRow{id: p.nextID("product row", 17647), owner: t, ownerID: id, name: one.Name, price: one.Price, quantity: one.Quantity,
			discountType: 2, measure: 796, tax: one.Tax, taxIncluded: one.Tax != nil, sort: (len(p.products) + 1) * 10})
	}
	return nil
}
