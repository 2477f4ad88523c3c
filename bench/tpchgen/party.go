package tpchgen

import "github.com/apache/arrow-go/v18/parquet"

// Customers and suppliers are parties: both have a numbered name, an address, a nation, a phone number and an account.
const (
	letterSet      = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,"
	minAddress     = 10
	maxAddress     = 40
	addressDraws   = 9 // one for the length, one for each five letters
	phoneDraws     = 3
	phoneSize      = 15
	maxPartyName   = 28 // "Customer#" and up to 19 digits
	maxPartyText   = maxPartyName + maxAddress + phoneSize
	minAccount     = -99_999
	accountSpan    = 1_099_999
	nameDigits     = 9
	phoneFirstCode = 10 // the code of nation 0
)

// partySeeds are the first seeds of a party's columns.
type partySeeds struct{ address, nation, phone, account uint64 }

// fillParty draws the first six columns: key, name, address, nation, phone and account.
func (c *chunk) fillParty(first int64, prefix string, seeds partySeeds) {
	keys, nations, accounts := c.columns[0].i64, c.columns[3].idx, c.columns[5].i64
	for i := range keys {
		keys[i] = first + int64(i) + 1
	}
	c.numberedNames(c.columns[1].str, prefix, keys)
	c.addresses(c.columns[2].str, jump(seeds.address, addressDraws*first))
	drawIndexes(nations, jump(seeds.nation, first), uint64(len(nationNames)))
	c.phones(c.columns[4].str, nations, jump(seeds.phone, phoneDraws*first))
	seed := jump(seeds.account, first)
	for i := range accounts {
		seed = next(seed)
		accounts[i] = minAccount + int64(uniformWide(seed, accountSpan))
	}
}

// numberedNames writes the prefix and the key with at least nine digits.
func (c *chunk) numberedNames(dst []parquet.ByteArray, prefix string, keys []int64) {
	for i, key := range keys {
		start := len(c.letters)
		c.letters = append(c.letters, prefix...)
		c.letters = appendPadded(c.letters, uint64(key), nameDigits)
		dst[i] = c.since(start)
	}
}

// addresses draws 10 to 40 characters of letterSet, five from each draw, six bits each from the low end of a number that
// is minus the draw scaled to 2^31: the definition computes its span in 32 bits, where it overflows.
func (c *chunk) addresses(dst []parquet.ByteArray, seed uint64) {
	for i := range dst {
		s := next(seed)
		length := minAddress + int(uniform(s, maxAddress-minAddress+1))
		start := len(c.letters)
		var bits int64
		for j := range length {
			if j%5 == 0 {
				s = next(s)
				bits = -int64(float64(s) / lehmerModulus * (1 << 31))
			}
			c.letters = append(c.letters, letterSet[bits&63])
			bits >>= 6
		}
		dst[i] = c.since(start)
		seed = mulMod(seed, drawPowers[addressDraws])
	}
}

// phones draws numbers like 25-989-741-2988; the first two digits tell the nation.
func (c *chunk) phones(dst []parquet.ByteArray, nations []uint16, seed uint64) {
	for i, nation := range nations {
		start := len(c.letters)
		c.letters = appendPadded(c.letters, phoneFirstCode+uint64(nation), 2)
		for _, group := range [phoneDraws]struct{ least, span, digits uint64 }{{100, 900, 3}, {100, 900, 3}, {1000, 9000, 4}} {
			seed = next(seed)
			c.letters = append(c.letters, '-')
			c.letters = appendPadded(c.letters, group.least+uniform(seed, group.span), int(group.digits))
		}
		dst[i] = c.since(start)
	}
}

// appendPadded appends v in decimal, with zeros before it up to the number of digits.
func appendPadded(b []byte, v uint64, digits int) []byte {
	var text [20]byte
	at := len(text)
	for v > 0 || digits > 0 {
		at--
		text[at] = byte('0' + v%10)
		v /= 10
		digits--
	}
	return append(b, text[at:]...)
}
