package realty

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kopecks is an amount of money: hundredths of a ruble.
type Kopecks int64

// String is the amount in rubles with a point, "700.00".
func (k Kopecks) String() string {
	sign, n := "", uint64(k)
	if k < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// ParseRubles reads an amount of rubles as the service writes one: "700", "700.5", "700,50", blanks
// between digits allowed. The service names no unit; rubles are our reading of the duties it charges.
func ParseRubles(raw string) (Kopecks, error) {
	compact := strings.Join(strings.Fields(raw), "") // Fields knows the no-break space too
	whole, fraction, _ := strings.Cut(strings.Replace(compact, ",", ".", 1), ".")
	fraction = strings.TrimRight(fraction, "0")
	if whole == "" || len(fraction) > 2 {
		return 0, errors.New("not an amount of rubles")
	}
	fraction += strings.Repeat("0", 2-len(fraction))
	sum, err := strconv.ParseUint(whole+fraction, 10, 63) // unsigned: no sign may stand before it
	if err != nil {
		return 0, errors.New("not an amount of rubles")
	}
	return Kopecks(sum), nil
}
