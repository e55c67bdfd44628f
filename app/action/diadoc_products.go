package action

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// kopecks is money in kopecks.
type kopecks int64

// String prints roubles with a point: 1234.50.
func (k kopecks) String() string {
	sign := ""
	if k < 0 {
		sign, k = "-", -k
	}
	return fmt.Sprintf("%s%d.%02d", sign, int64(k)/100, int64(k)%100)
}

// sums are the sums of one product row.
type sums struct {
	total, net, vat kopecks
	price           string // without the tax, of one
	rate            string // the service's word
	taxed           bool
}

// sumsOf counts a row as the portal shows it: price is what the buyer pays for one, with discounts and tax,
// priceExclusive the same without the tax; taxRate is empty when there is none (crm.item.productrow.fields).
func sumsOf(row map[string]any) sums {
	quantity := number(row["quantity"])
	s := sums{total: rounded(number(row["price"]), quantity)}
	rate, taxed := row["taxRate"].(float64)
	s.net, s.price, s.rate, s.taxed = s.total, decimalText(number(row["price"])), "NoVat", taxed
	if !taxed {
		return s
	}
	// The tax is counted back from what is paid: the price without it is rounded, and many times it would not add up.
	share := new(big.Rat).Quo(ratOf(rate), new(big.Rat).Add(ratOf(rate), big.NewRat(100, 1)))
	s.vat = toKopecks(share.Mul(share, big.NewRat(int64(s.total), 100)))
	s.net, s.price, s.rate = s.total-s.vat, decimalText(number(row["priceExclusive"])), vatRate(rate)
	return s
}

// vatRate is the word of the service's contract for a rate; one that it has no word for stays a number, which the
// schema then refuses by name.
func vatRate(rate float64) string {
	switch rate {
	case 0:
		return "ZeroPercent"
	case 10:
		return "TenPercent"
	case 20:
		return "TwentyPercent"
	}
	return decimalText(rate)
}

// add puts the sums beside the row's own fields.
func (s sums) add(row map[string]any) {
	row["total"], row["net"], row["net_price"], row["rate"] = s.total.String(), s.net.String(), s.price, s.rate
	if s.taxed {
		row["vat"] = s.vat.String()
	}
}

func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

// rounded multiplies exactly and rounds to kopecks, half away from zero.
func rounded(price, quantity float64) kopecks {
	return toKopecks(new(big.Rat).Mul(ratOf(price), ratOf(quantity)))
}

func toKopecks(roubles *big.Rat) kopecks {
	value, _ := new(big.Rat).Mul(roubles, big.NewRat(100, 1)).Float64()
	return kopecks(math.Round(value))
}

// ratOf reads a number as it was written: 0.1 is a tenth.
func ratOf(v float64) *big.Rat {
	r, ok := new(big.Rat).SetString(decimalText(v))
	if !ok {
		return new(big.Rat)
	}
	return r
}

func decimalText(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
