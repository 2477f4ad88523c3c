package tpchgen

// The values of the enumeration columns, in the order in which the streams draw them; all weights are equal.

var containers = []string{
	"SM CASE", "SM BOX", "SM BAG", "SM JAR", "SM PACK", "SM PKG", "SM CAN", "SM DRUM", "LG CASE", "LG BOX",
	"LG BAG", "LG JAR", "LG PACK", "LG PKG", "LG CAN", "LG DRUM", "MED CASE", "MED BOX", "MED BAG", "MED JAR",
	"MED PACK", "MED PKG", "MED CAN", "MED DRUM", "JUMBO CASE", "JUMBO BOX", "JUMBO BAG", "JUMBO JAR",
	"JUMBO PACK", "JUMBO PKG", "JUMBO CAN", "JUMBO DRUM", "WRAP CASE", "WRAP BOX", "WRAP BAG", "WRAP JAR",
	"WRAP PACK", "WRAP PKG", "WRAP CAN", "WRAP DRUM",
}

var instructions = []string{
	"DELIVER IN PERSON", "COLLECT COD", "TAKE BACK RETURN", "NONE",
}

var segments = []string{
	"AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY",
}

var priorities = []string{
	"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW",
}

var shipModes = []string{
	"REG AIR", "AIR", "RAIL", "TRUCK", "MAIL", "FOB", "SHIP",
}

var regionNames = []string{
	"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST",
}

var colors = []string{
	"almond", "antique", "aquamarine", "azure", "beige", "bisque", "black", "blanched", "blue", "blush", "brown",
	"burlywood", "burnished", "chartreuse", "chiffon", "chocolate", "coral", "cornflower", "cornsilk", "cream",
	"cyan", "dark", "deep", "dim", "dodger", "drab", "firebrick", "floral", "forest", "frosted", "gainsboro",
	"ghost", "goldenrod", "green", "grey", "honeydew", "hot", "indian", "ivory", "khaki", "lace", "lavender",
	"lawn", "lemon", "light", "lime", "linen", "magenta", "maroon", "medium", "metallic", "midnight", "mint",
	"misty", "moccasin", "navajo", "navy", "olive", "orange", "orchid", "pale", "papaya", "peach", "peru", "pink",
	"plum", "powder", "puff", "purple", "red", "rose", "rosy", "royal", "saddle", "salmon", "sandy", "seashell",
	"sienna", "sky", "slate", "smoke", "snow", "spring", "steel", "tan", "thistle", "tomato", "turquoise",
	"violet", "wheat", "white", "yellow",
}

var nationNames = []string{
	"ALGERIA", "ARGENTINA", "BRAZIL", "CANADA", "EGYPT", "ETHIOPIA", "FRANCE", "GERMANY", "INDIA", "INDONESIA",
	"IRAN", "IRAQ", "JAPAN", "JORDAN", "KENYA", "MOROCCO", "MOZAMBIQUE", "PERU", "CHINA", "ROMANIA",
	"SAUDI ARABIA", "VIETNAM", "RUSSIA", "UNITED KINGDOM", "UNITED STATES",
}

// nationRegions[i] is the region of nation i.
var nationRegions = []int32{
	0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1,
}

// partTypes is the product of three syllables.
func partTypes() []string {
	return product(
		[]string{"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"},
		[]string{"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"},
		[]string{"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"},
	)
}

// product joins one of each syllable with spaces, the last syllable running fastest.
func product(syllables ...[]string) []string {
	out := []string{""}
	for i, list := range syllables {
		var longer []string
		for _, head := range out {
			for _, s := range list {
				if i > 0 {
					s = head + " " + s
				}
				longer = append(longer, s)
			}
		}
		out = longer
	}
	return out
}
