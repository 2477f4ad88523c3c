package tpchgen

// weighted is a list of values and how often each is drawn. The words of the text grammar.
type weighted struct {
	values  []string
	weights []int
}

var adjectives = weighted{[]string{
	"special", "pending", "unusual", "express", "furious", "sly", "careful", "blithe", "quick", "fluffy", "slow",
	"quiet", "ruthless", "thin", "close", "dogged", "daring", "brave", "stealthy", "permanent", "enticing",
	"idle", "busy", "regular", "final", "ironic", "even", "bold", "silent",
}, []int{
	20, 20, 20, 20, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 50, 40, 40, 30, 20, 10,
}}

var adverbs = weighted{[]string{
	"sometimes", "always", "never", "furiously", "slyly", "carefully", "blithely", "quickly", "fluffily",
	"slowly", "quietly", "ruthlessly", "thinly", "closely", "doggedly", "daringly", "bravely", "stealthily",
	"permanently", "enticingly", "idly", "busily", "regularly", "finally", "ironically", "evenly", "boldly",
	"silently",
}, []int{
	1, 1, 1, 50, 50, 50, 40, 30, 20, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
}}

var auxiliaries = weighted{[]string{
	"do", "may", "might", "shall", "will", "would", "can", "could", "should", "ought to", "must", "will have to",
	"shall have to", "could have to", "should have to", "must have to", "need to", "try to",
}, []int{
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
}}

var nouns = weighted{[]string{
	"packages", "requests", "accounts", "deposits", "foxes", "ideas", "theodolites", "pinto beans",
	"instructions", "dependencies", "excuses", "platelets", "asymptotes", "courts", "dolphins", "multipliers",
	"sauternes", "warthogs", "frets", "dinos", "attainments", "somas", "Tiresias", "patterns", "forges", "braids",
	"frays", "warhorses", "dugouts", "notornis", "epitaphs", "pearls", "tithes", "waters", "orbits", "gifts",
	"sheaves", "depths", "sentiments", "decoys", "realms", "pains", "grouches", "escapades", "hockey players",
}, []int{
	40, 40, 40, 40, 20, 20, 20, 20, 20, 10, 10, 10, 10, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
}}

var prepositions = weighted{[]string{
	"about", "above", "according to", "across", "after", "against", "along", "alongside of", "among", "around",
	"at", "atop", "before", "behind", "beneath", "beside", "besides", "between", "beyond", "by", "despite",
	"during", "except", "for", "from", "in place of", "inside", "instead of", "into", "near", "of", "on",
	"outside", "over", "past", "since", "through", "throughout", "to", "toward", "under", "until", "up", "upon",
	"whithout", "with", "within",
}, []int{
	50, 50, 50, 50, 50, 40, 40, 30, 30, 20, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
}}

var terminators = weighted{[]string{
	".", ";", ":", "?", "!", "--",
}, []int{
	50, 1, 1, 1, 1, 1,
}}

var verbs = weighted{[]string{
	"sleep", "wake", "are", "cajole", "haggle", "nag", "use", "boost", "affix", "detect", "integrate", "maintain",
	"nod", "was", "lose", "sublate", "solve", "thrash", "promise", "engage", "hinder", "print", "x-ray", "breach",
	"eat", "grow", "impress", "mold", "poach", "serve", "run", "dazzle", "snooze", "doze", "unwind", "kindle",
	"play", "hang", "believe", "doubt",
}, []int{
	20, 20, 20, 20, 20, 10, 10, 10, 5, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1,
}}

// The syntaxes: a sentence is made of noun phrases N, verb phrases V, prepositional phrases P and a terminator T; a noun
// phrase of nouns N, adjectives J and adverbs D; a verb phrase of verbs V, auxiliaries X and adverbs D.
var (
	grammar     = weighted{[]string{"N V T", "N V P T", "N V N T", "N P V N T", "N P V P T"}, []int{3, 3, 3, 1, 1}}
	nounPhrases = weighted{[]string{"N", "J N", "J, J N", "D J N"}, []int{10, 20, 10, 50}}
	verbPhrases = weighted{[]string{"V", "X V", "V D", "X V D"}, []int{30, 1, 40, 1}}
)
