package tpch

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/bench/peer"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
)

// TestMain makes the test binary an engine when it is started as one: its first argument says how it behaves.
func TestMain(m *testing.M) {
	if os.Getenv("FAKE_ENGINE") != "" {
		if err := peer.Serve(context.Background(), &fakeEngine{behavior: os.Args[1]}, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakeEngine knows the answers of scale factor 0.01 by heart. The n-th run of a query, its warm-up included, takes n times its seconds.
type fakeEngine struct {
	behavior string
	runs     [Queries + 1]int
}

func (f *fakeEngine) Hello() peer.Hello { return peer.Hello{Name: f.behavior, Version: "1"} }

func (f *fakeEngine) Query(_ context.Context, sql string) (peer.Result, error) {
	n := 1
	for text, err := Query(n); text != sql; text, err = Query(n) {
		if err != nil {
			return peer.Result{}, err
		}
		n++
	}
	f.runs[n]++
	seconds := 0.25
	switch {
	case f.behavior == "slow":
		seconds = 1
	case f.behavior == "broken" && n == 2:
		return peer.Result{}, errors.New("not supported")
	case f.behavior == "mortal" && n == 2:
		os.Exit(1)
	}
	t, err := Answer(testScale, n)
	if err != nil {
		return peer.Result{}, err
	}
	r := peer.Result{Seconds: seconds * float64(f.runs[n]), Rows: t.Rows}
	for i := range t.Names {
		r.Columns = append(r.Columns, peer.Column{Name: t.Names[i], Type: t.Types[i]})
	}
	if f.behavior == "wrong" && n == 1 {
		r.Rows = r.Rows[1:]
	}
	return r, nil
}

// beside runs queries 1 and 2 three times on engines that behave as said, us first.
func beside(t *testing.T, scale float64, behaviors ...string) (*Report, error) {
	t.Helper()
	data := t.TempDir()
	if _, err := tpchgen.Generate(t.Context(), tpchgen.Options{ScaleFactor: testScale, Dir: data}); err != nil {
		t.Fatal(err)
	}
	if scale != testScale { // pretend
		path := filepath.Join(data, "manifest.json")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), fmt.Sprintf(`"scale_factor": %g`, testScale), fmt.Sprintf(`"scale_factor": %g`, scale), 1)
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("FAKE_ENGINE", "1")
	o := BesideOptions{Config: peer.Config{Data: data, Threads: 2}, Queries: []int{1, 2}, Runs: 3}
	for i, b := range behaviors {
		c := Contender{Name: b, Command: []string{os.Args[0], b}}
		if i == 0 {
			o.Us = c
		} else {
			o.Peers = append(o.Peers, c)
		}
	}
	return RunBeside(t.Context(), o)
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestReportBesidePeers(t *testing.T) {
	r, err := beside(t, testScale, "us", "slow", "broken", "wrong")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		ScaleFactor     float64 `json:"scale_factor"`
		Threads         int     `json:"threads"`
		Peer            string  `json:"peer"`
		GeomeanRatio    float64 `json:"geomean_ratio"`
		PeakMemoryRatio float64 `json:"peak_memory_ratio"`
		Queries         []struct {
			Query       int     `json:"query"`
			Seconds     float64 `json:"seconds"`
			Median      float64 `json:"median_seconds"`
			PeerSeconds float64 `json:"peer_seconds"`
			Ratio       float64 `json:"ratio"`
			Rows        int     `json:"rows"`
			Correct     bool    `json:"correct"`
		} `json:"queries"`
		Peers []struct {
			Name         string  `json:"name"`
			GeomeanRatio float64 `json:"geomean_ratio"`
			Compared     int     `json:"compared"`
			Queries      []struct {
				Query     int    `json:"query"`
				PeerError string `json:"peer_error"`
			} `json:"queries"`
		} `json:"peers"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if report.ScaleFactor != testScale || report.Threads != 2 || report.Peer != "slow" || !near(report.GeomeanRatio, 0.25) || report.PeakMemoryRatio <= 0 {
		t.Errorf("the report's head: %s", text)
	}
	rows := []int{4, 4}
	for i, q := range report.Queries {
		// The warm-up was the run that took one time the seconds.
		if q.Query != i+1 || q.Seconds != 0.5 || q.Median != 0.75 || q.PeerSeconds != 2 || q.Ratio != 0.25 || q.Rows != rows[i] || !q.Correct {
			t.Errorf("query %d: %+v", i+1, q)
		}
	}
	if len(report.Queries) != 2 || len(report.Peers) != 3 {
		t.Fatalf("%d queries, %d peers", len(report.Queries), len(report.Peers))
	}
	for i, want := range []struct {
		compared int
		failed   int // which query, 0: none
		why      string
	}{{2, 0, ""}, {1, 2, "not supported"}, {1, 1, "wrong answer: "}} {
		p := report.Peers[i]
		if p.Compared != want.compared {
			t.Errorf("%s: %d queries compared, want %d", p.Name, p.Compared, want.compared)
		}
		for _, q := range p.Queries {
			if failed := q.Query == want.failed; failed != (q.PeerError != "") || failed && !strings.HasPrefix(q.PeerError, want.why) {
				t.Errorf("%s, query %d: error %q", p.Name, q.Query, q.PeerError)
			}
		}
	}
}

func TestPeerThatDiesIsPartOfTheReport(t *testing.T) {
	r, err := beside(t, testScale, "us", "mortal")
	if err != nil {
		t.Fatal(err)
	}
	p := r.Peers[0]
	if p.Compared != 1 || !strings.Contains(p.Queries[1].PeerError, "exit status 1") || p.PeakMemoryRatio != 0 || r.Correct() != 2 {
		t.Errorf("the report is %+v", p)
	}
	if _, err := beside(t, testScale, "mortal", "us"); err == nil || !strings.Contains(err.Error(), "query 2") {
		t.Errorf("we died, and the error is %v", err)
	}
}

func TestOurFailuresAreNotInTheMean(t *testing.T) {
	r, err := beside(t, testScale, "wrong", "slow")
	if err != nil {
		t.Fatal(err)
	}
	if q := r.Queries[0]; r.Peers[0].Compared != 1 || r.Correct() != 1 || !strings.Contains(q.Error, "wrong answer") {
		t.Errorf("query 1: %+v", q)
	}
}

func TestWithoutAnswersEnginesAreCompared(t *testing.T) {
	r, err := beside(t, 0.5, "us", "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if r.Reference || r.Correct() != 1 || !strings.Contains(r.Queries[0].Error, "other rows than those of wrong") {
		t.Errorf("the report is %+v", r.Queries)
	}
}

func TestMeans(t *testing.T) {
	for _, c := range []struct {
		x                     []float64
		geomean, median, best float64
	}{{nil, 0, 0, 0}, {[]float64{3}, 3, 3, 3}, {[]float64{4, 1}, 2, 2.5, 1}, {[]float64{8, 1, 1}, 2, 1, 1}} {
		if g, m, b := geomean(c.x), median(c.x), best(c.x); !near(g, c.geomean) || m != c.median || b != c.best {
			t.Errorf("%v: geometric mean %g, median %g, best %g", c.x, g, m, b)
		}
	}
}

func TestChartIsXML(t *testing.T) {
	r, err := beside(t, testScale, "us", "a<&b", "broken")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Report{"with peers": r, "alone": {ScaleFactor: 1, Queries: r.Queries}, "empty": {}} {
		var b strings.Builder
		if err := WriteChart(&b, r); err != nil {
			t.Fatal(err)
		}
		bars, decoder := 0, xml.NewDecoder(strings.NewReader(b.String()))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, b.String())
			}
			if e, ok := token.(xml.StartElement); ok {
				if e.Name.Space != "http://www.w3.org/2000/svg" {
					t.Errorf("%s: element %s is in namespace %q", name, e.Name.Local, e.Name.Space)
				}
				if e.Name.Local == "rect" {
					bars++
				}
			}
		}
		// The background, a mark in the legend for each engine, and a bar for each engine and query.
		engines := 1
		if r.Comparison != nil {
			engines += len(r.Peers)
		}
		if want := 1 + engines + engines*len(r.Queries); bars != want {
			t.Errorf("%s: %d rectangles, want %d", name, bars, want)
		}
	}
}
