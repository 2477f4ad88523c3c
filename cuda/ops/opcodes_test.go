package ops

import (
	"regexp"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/kernels"
)

// The last of each of the header's enumerations has the number that it has here, and so have all before it.
func TestNumbersAreTheKernels(t *testing.T) {
	text, err := kernels.Sources.ReadFile("program.cuh")
	if err != nil {
		t.Fatal(err)
	}
	comment := regexp.MustCompile(`//.*`)
	for name, want := range map[string]map[string]int{
		"pb_op": {
			"PB_NOP": int(opNop), "PB_MOV": int(opMov), "PB_RANGE": int(opRange), "PB_WIDEN": int(opWiden), "PB_NARROW": int(opNarrow), "PB_FADD": int(opFadd),
			"PB_TOFLOAT": int(opTofloat), "PB_EQ": int(opEq), "PB_FEQ": int(opFeq), "PB_WEQ": int(opWeq), "PB_WSAME": int(opWsame), "PB_ISFALSE": int(opIsfalse),
			"PB_TSDAY": int(opTsday), "PB_INSET": int(opInset), "PB_STORE": int(opStore), "PB_FILTER": int(opFilter), "PB_OPEN_NULL": int(opOpenNull),
			"PB_FIND": int(opFind), "PB_MAX": int(opMax), "PB_HIGH": int(opHigh), "PB_OUTMASK": int(opOutmask), "PB_OUTPROD": int(opOutprod),
		},
		"pb_kind":  {"PB_K_CONST": int(fromConst), "PB_K_NULL": int(fromNull), "PB_K_WORD": int(fromWord), "PB_K_TEMPW": int(fromTempw)},
		"pb_job":   {"PB_J_KINDS": jobKinds, "PB_J_TABLE": jobTable, "PB_J_GROUPS": jobGroups, "PB_J_SIZE": jobSize},
		"pb_cells": {"PB_CELLS_CACHE": cellsCache},
		"pb_merge": {"PB_MERGE_MAX": int(mergeMax)},
	} {
		body := regexp.MustCompile(`(?s)enum ` + name + ` \{(.*?)\};`).FindSubmatch(text)
		if body == nil {
			t.Fatalf("no enumeration %s", name)
		}
		at := map[string]int{}
		n := 0
		for _, word := range strings.Split(comment.ReplaceAllString(string(body[1]), ""), ",") {
			if word = strings.TrimSpace(word); word != "" {
				at[word] = n
				n++
			}
		}
		for word, number := range want {
			if at[word] != number {
				t.Errorf("%s is %d in the kernel and %d here", word, at[word], number)
			}
		}
	}
	for word, number := range map[string]int{"PB_ROWS = ": tileRows, "PB_THREADS = ": tileThreads, "PB_MAX_CODE = ": maxCode} {
		if !strings.Contains(string(text), word+itoa(number)+",") {
			t.Errorf("%s%d is not what the kernel says", word, number)
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}
