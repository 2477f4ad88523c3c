package ops

import (
	"regexp"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/kernels"
	"github.com/polybolos-db/polybolos/cuda/opcode"
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
			"PB_NOP": int(opcode.Nop), "PB_MOV": int(opcode.Mov), "PB_RANGE": int(opcode.Range), "PB_WIDEN": int(opcode.Widen), "PB_NARROW": int(opcode.Narrow), "PB_FADD": int(opcode.Fadd),
			"PB_TOFLOAT": int(opcode.Tofloat), "PB_EQ": int(opcode.Eq), "PB_FEQ": int(opcode.Feq), "PB_WEQ": int(opcode.Weq), "PB_WSAME": int(opcode.Wsame), "PB_ISFALSE": int(opcode.Isfalse),
			"PB_TSDAY": int(opcode.Tsday), "PB_INSET": int(opcode.Inset), "PB_STORE": int(opcode.Store), "PB_FILTER": int(opcode.Filter), "PB_OPEN_NULL": int(opcode.OpenNull),
			"PB_FIND": int(opcode.Find), "PB_MAX": int(opcode.Max), "PB_HIGH": int(opcode.High), "PB_OUTMASK": int(opcode.Outmask), "PB_OUTPROD": int(opcode.Outprod),
		},
		"pb_kind":  {"PB_K_CONST": int(opcode.FromConst), "PB_K_NULL": int(opcode.FromNull), "PB_K_WORD": int(opcode.FromWord), "PB_K_TEMPW": int(opcode.FromTempw)},
		"pb_job":   {"PB_J_KINDS": opcode.JobKinds, "PB_J_TABLE": opcode.JobTable, "PB_J_GROUPS": opcode.JobGroups, "PB_J_SIZE": opcode.JobSize},
		"pb_cells": {"PB_CELLS_CACHE": opcode.CellsCache},
		"pb_merge": {"PB_MERGE_MAX": int(opcode.MergeMax)},
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
