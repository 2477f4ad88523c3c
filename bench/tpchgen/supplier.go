package tpchgen

// Ten suppliers in ten thousand, on average, have a note of the Better Business Bureau in their comment, about half of
// them complaints: query 16 asks for those.
const (
	bureauOneIn      = 10_000
	bureauChance     = 10
	bureauPercent    = 101
	bureauComplaints = 50 // percent drawn below this are complaints

	bureauSubject   = "Customer "
	bureauComplaint = "Complaints"
	bureauPraise    = "Recommends"
	bureauSize      = uint64(len(bureauSubject) + len(bureauComplaint))

	minSupplierComment = 25
	maxSupplierComment = 100
)

// fillSupplier draws suppliers: one key, one row.
func (g *generator) fillSupplier(c *chunk, first int64, n int) {
	c.reset(n, n*(maxPartyText+maxSupplierComment))
	c.fillParty(first, "Supplier#", partySeeds{address: 706178559, nation: 110356601, phone: 884434366, account: 962338209})
	comments := c.columns[6].str
	g.texts(comments, jump(1341315363, 2*first), minSupplierComment, maxSupplierComment)

	chance, noise := jump(202794285, first), jump(263032577, first)
	place, kind := jump(715851524, first), jump(753643799, first)
	for i, comment := range comments {
		chance, noise, place, kind = next(chance), next(noise), next(place), next(kind)
		if uniform(chance, bureauOneIn) >= bureauChance {
			continue
		}
		// The note's two words, with some of the comment left between them, somewhere in the comment.
		room := uint64(len(comment)) - bureauSize
		between := uniform(noise, room+1)
		at := uniform(place, room-between+1)
		word := bureauPraise
		if uniform(kind, bureauPercent) < bureauComplaints {
			word = bureauComplaint
		}
		start := len(c.letters)
		c.letters = append(c.letters, comment...)
		noted := c.since(start)
		copy(noted[at:], bureauSubject)
		copy(noted[at+uint64(len(bureauSubject))+between:], word)
		comments[i] = noted
	}
}
