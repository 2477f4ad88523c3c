package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/polybolos-db/polybolos/simd/gen/lanes"
)

// unordered is the predicate of VCMP that is true of a NaN.
const unordered = 3

// extremeFloats keeps the least or the greatest number of each lane. The instructions give their second operand where one is a NaN: what is there stays.
func extremeFloats(l lanes.Level, width int) {
	kind := fmt.Sprintf("float%d", width)
	name := fmt.Sprintf("extremeFloat%d%s", width, l.Name)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(best *%s, values *%s, valid *uint8, n, validStep, op int) (nan uint32)", kind, kind))
	Doc(name+" puts those of n numbers, a multiple of 64 bytes of them, that count and are no NaNs into best, 64 bytes of numbers, where they are less (op 0) or greater (1).",
		"For op 1, nan is not 0 when one that counts is a NaN. "+stepDoc)
	Pragma("noescape")
	best, values, n, op := GP64(), GP64(), GP64(), GP64()
	Load(Param("best"), best)
	Load(Param("values"), values)
	Load(Param("n"), n)
	Load(Param("op"), op)
	r := newRows(l, width)
	acc := make([]reg.VecVirtual, 64/l.Bytes)
	for i := range acc {
		acc[i] = l.Vec()
		l.Load(Mem{Base: best, Disp: i * l.Bytes}, acc[i])
	}
	var nans reg.VecVirtual
	var nanLanes reg.OpmaskVirtual
	if l.Wide() {
		nanLanes = K()
		KXORW(nanLanes, nanLanes, nanLanes)
	} else {
		nans = YMM()
		l.Zero(nans)
	}
	type form struct{ plain, masked func(...Op) }
	minimum, maximum, compare := form{VMINPD, VMINPD}, form{VMAXPD, VMAXPD}, VCMPPD
	if width == 32 {
		minimum, maximum, compare = form{VMINPS, VMINPS}, form{VMAXPS, VMAXPS}, VCMPPS
	}
	body := func(f form, evidence bool) func(string) {
		return func(label string) {
			lanes.Rows(label, n, 512/width, func() {
				for i := range acc {
					v := l.Vec()
					k, ones := r.mask(i)
					l.Load(Mem{Base: values, Disp: i * l.Bytes}, v)
					if l.Wide() {
						if evidence {
							found := K()
							compare(Imm(unordered), v, v, k, found)
							KORW(found, nanLanes, nanLanes)
						}
						f.masked(acc[i], v, k, acc[i])
						continue
					}
					VPBLENDVB(ones, v, acc[i], v) // what does not count is what is there
					if evidence {
						t := YMM()
						compare(Imm(unordered), v, v, t)
						VPOR(t, nans, nans)
					}
					f.plain(acc[i], v, acc[i])
				}
				ADDQ(Imm(64), values)
				r.advance()
			})
		}
	}
	lanes.Choose(op, "op_", body(minimum, false), body(maximum, true))
	Label("done")
	for i := range acc {
		l.Store(acc[i], Mem{Base: best, Disp: i * l.Bytes})
	}
	nan := GP64()
	if l.Wide() {
		KMOVW(nanLanes, nan.As32())
	} else {
		l.Any(nans, nan)
	}
	VZEROUPPER()
	Store(nan.As32(), ReturnIndex(0))
	RET()
}
